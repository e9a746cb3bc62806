"""Frames with VRRP packets that no node has sent, as bytes. Pure."""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

STRANGER_MAC = "02:00:00:00:00:66"
GROUP, GROUP_MAC = "224.0.0.18", "01:00:5e:00:00:12"
_ETH_P_IP = 0x0800
_VRRP = 112
_VERSION_3_ADVERTISEMENT = 0x31
_IP = struct.Struct("!BBHHHBBH4s4s")
_MESSAGE = struct.Struct("!BBBBHH4s")
_DAMAGE = 0x1234


@dataclass(frozen=True, slots=True)
class Forged:
    """One packet: a version 3 advertisement over IPv4 (RFC 9568 §5)."""

    source: str
    vrid: int
    priority: int
    address: str
    """The virtual address that it claims."""
    destination: str = GROUP
    mac: str = GROUP_MAC
    """Of who gets the frame."""
    ttl: int = 255
    interval: int = 10
    """Centiseconds."""
    damaged: bool = False
    """Its checksum is wrong."""
    trailer: bytes = b""
    """What follows the message, where signatures are."""

    def frame(self) -> bytes:
        """As it is on the wire, from the Ethernet header on."""
        message = self._message() + self.trailer
        source, destination = IPv4Address(self.source).packed, IPv4Address(self.destination).packed
        fields = [0x45, 0xC0, _IP.size + len(message), 0, 0, self.ttl, _VRRP, 0, source, destination]
        fields[7] = checksum(_IP.pack(*fields))
        ethernet = _octets(self.mac) + _octets(STRANGER_MAC) + struct.pack("!H", _ETH_P_IP)
        return ethernet + _IP.pack(*fields) + message

    def _message(self) -> bytes:
        """With the pseudo-header in its checksum (RFC 5798 §5.2.8), which both daemons take for right."""
        claimed = IPv4Address(self.address).packed
        fields = [_VERSION_3_ADVERTISEMENT, self.vrid, self.priority, 1, self.interval, 0, claimed]
        blank = _MESSAGE.pack(*fields)
        ends = IPv4Address(self.source).packed + IPv4Address(self.destination).packed
        value = checksum(ends + struct.pack("!HH", _VRRP, len(blank)) + blank)
        fields[5] = value ^ _DAMAGE if self.damaged else value
        return _MESSAGE.pack(*fields)


def trailer(key_id: int, proof: bytes) -> bytes:
    """Looks like a signature with HMAC-SHA256, newer than all before; `proof` has 16 bytes."""
    return struct.pack("!BBHQ", 1, key_id, 0, 1 << 62) + proof


def checksum(data: bytes) -> int:
    """RFC 1071, over bytes in which the field itself is zero."""
    padded = data + bytes(len(data) % 2)
    total = sum(int.from_bytes(padded[at : at + 2]) for at in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
