"""Advertisements to bytes and back (RFC 9568 §5.2, §7.1)."""

from hadaemon.vrrp.model import Advertisement, Checksum, IPAddress


def encode(
    advertisement: Advertisement,
    source: IPAddress,
    destination: IPAddress,
    checksum: Checksum = Checksum.RFC9568,
) -> bytes:
    """The VRRP message, without IP header."""
    raise NotImplementedError


def decode(payload: bytes, source: IPAddress, destination: IPAddress, ttl: int) -> Advertisement:
    """Checks in RFC order and parses a received VRRP message (without IP header). Raises Discard, nothing else."""
    raise NotImplementedError
