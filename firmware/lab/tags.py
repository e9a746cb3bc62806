"""VLAN tags (IEEE 802.1Q) on the frames of a host that knows of none: as its switch port would set them."""

_TPID = b"\x81\x00"
_VLAN = 0x0FFF
_ADDRESSES = 12
"""Bytes before the place of the tag."""
_TAG = 4


def tagged(frame: bytes, vlan: int) -> bytes:
    """The frame, in that VLAN."""
    return frame[:_ADDRESSES] + _TPID + vlan.to_bytes(2, "big") + frame[_ADDRESSES:]


def untagged(frame: bytes, vlan: int) -> bytes | None:
    """The frame without its tag; None: it is not in that VLAN."""
    tag = frame[_ADDRESSES : _ADDRESSES + _TAG]
    if len(tag) < _TAG or tag[:2] != _TPID or int.from_bytes(tag[2:], "big") & _VLAN != vlan:
        return None
    return frame[:_ADDRESSES] + frame[_ADDRESSES + _TAG :]
