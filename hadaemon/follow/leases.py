"""The leases of the DHCP server, on their way to the other node. Pure.

dnsmasq's own file has the time at which a lease ends, by the clock of its node. The two clocks need not
agree: what goes over the hotwire has the seconds that are left. A lease is one line: time, MAC address,
address, name, client id; lines of DHCPv6 and what else there may be are left out.
"""

import re
import zlib
from collections.abc import Callable

from hadaemon.hotwire.message import MAX_BODY

MAX_TEXT = 1 << 20
"""Bytes: some 15,000 leases."""
_LEASE = re.compile(
    r"(?P<end>[0-9]{1,12}) (?P<rest>([0-9a-f]{2}-)?[0-9a-f]{2}(:[0-9a-f]{2}){0,19} [0-9.]{7,15} [!-~]{1,255} "
    r"[!-~]{1,800})"
)
_HEAD = 8
_PIECE = MAX_BODY - _HEAD


class LeasesError(ValueError):
    """What came is no list of leases."""


def leaving(text: str, now: float) -> str:
    """dnsmasq's file as it goes over the wire; `now` is this node's time of day. 0: it never ends."""
    return _mapped(text, lambda end: max(1, end - int(now)))


def arrived(text: str, now: float) -> str:
    """dnsmasq's file as this node needs it."""
    return _mapped(text, lambda left: left + int(now))


def _mapped(text: str, change: Callable[[int], int]) -> str:
    found = (_LEASE.fullmatch(line) for line in text.splitlines())
    times = ((int(each["end"]), each["rest"]) for each in found if each is not None)
    return "".join(f"{change(end) if end else 0} {rest}\n" for end, rest in times)


def pieces(text: str, serial: int) -> tuple[bytes, ...]:
    """A list in pieces that each fit a message of the hotwire."""
    packed = zlib.compress(text.encode())
    count = max(1, -(-len(packed) // _PIECE))
    head = (serial & 0xFFFFFFFF).to_bytes(4, "big")
    return tuple(
        head + number.to_bytes(2, "big") + count.to_bytes(2, "big") + packed[number * _PIECE :][:_PIECE]
        for number in range(count)
    )


class Arriving:
    """Puts the pieces together. They come in order; a list that is torn is dropped with the next one."""

    def __init__(self) -> None:
        self._serial = b""
        self._parts: list[bytes] = []

    def take(self, piece: bytes) -> str | None:
        """The whole list, with its last piece. Raises LeasesError."""
        if len(piece) < _HEAD:
            raise LeasesError("a piece without a head")
        serial, number, count = (
            piece[:4],
            int.from_bytes(piece[4:6], "big"),
            int.from_bytes(piece[6:8], "big"),
        )
        if number == 0:
            self._serial, self._parts = serial, []
        if serial != self._serial or number != len(self._parts) or number >= count:
            self._serial, self._parts = b"", []
            return None
        self._parts.append(piece[_HEAD:])
        if len(self._parts) < count:
            return None
        packed, self._serial, self._parts = b"".join(self._parts), b"", []
        return _unpacked(packed)


def _unpacked(packed: bytes) -> str:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, MAX_TEXT)
        if unpacking.unconsumed_tail or not unpacking.eof:
            raise LeasesError(f"more than {MAX_TEXT} bytes")
        return text.decode("ascii")
    except (zlib.error, UnicodeDecodeError) as error:
        raise LeasesError(str(error)) from error
