"""Keeps the node from answering for addresses that it still holds: no ARP reply, no neighbour advertisement.

Needed while it hands over: what is under way to the addresses is still served, and nobody new is led here.
Two nftables tables of our own drop the requests. They belong to the socket (NFT_TABLE_F_OWNER, Linux 5.12):
however the daemon ends, the kernel removes them, and no other program can. CAP_NET_ADMIN is enough. The
alternatives are worse: `arp_ignore` silences the node's own address too, and IPv6 has nothing like it.
"""

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from hadaemon.io.attributes import attribute, nest, text
from hadaemon.io.errors import NetlinkError
from hadaemon.vrrp.model import IPAddress

_NETLINK_NETFILTER = 12
_SO_SNDBUFFORCE = 32
_SEND_BUFFER = 4 << 20
"""Bytes: some hundred for each address, and all go in one message."""
_TABLE = f"hotspare-quiet-{os.getpid()}"
_NFPROTO_ARP, _NFPROTO_IPV6 = 3, 10
_REQUEST, _ACK, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NFNL_SUBSYS_NFTABLES = 10
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 2, 3, 6
_OWNER = 2
_ERROR = 2
_HEADER = struct.Struct("=IHHII")
_BASE_NETWORK, _BASE_TRANSPORT = 1, 2
_ICMPV6 = 58
_SOLICITATION, _ADVERTISEMENT = b"\x87", b"\x88"
_READ = 1 << 16

_CHAINS = (
    (_NFPROTO_ARP, 0, "in"),
    (_NFPROTO_ARP, 1, "out"),
    (_NFPROTO_IPV6, 1, "in"),
    (_NFPROTO_IPV6, 3, "out"),
)
"""Family, number of its hook, name."""

Match = tuple[int, int, bytes]
"""Where in the packet (base, offset), and what has to be there."""


class Quiet:
    """The addresses that the node does not answer for; none at first."""

    def __init__(self) -> None:
        """Raises NetlinkError where the kernel has no nftables. Loads the modules: not when time presses."""
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_NETFILTER)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _SEND_BUFFER)
            self._socket.bind((0, 0))
        except OSError as error:
            raise _failure(error.errno or 0) from error
        self.addresses: frozenset[IPAddress] = frozenset()
        self._sequence = 0
        self._has_tables = False
        try:
            self._replace(())
        except NetlinkError:
            self._socket.close()
            raise

    def set(self, addresses: Iterable[IPAddress]) -> None:
        """From now on the node is quiet about exactly these, in one transaction. Raises NetlinkError."""
        wanted = frozenset(addresses)
        if wanted != self.addresses:
            self._replace(sorted(wanted, key=str))
            self.addresses = wanted

    def close(self) -> None:
        """Answers for everything again."""
        self._socket.close()

    def _replace(self, addresses: Iterable[IPAddress]) -> None:
        parts: list[tuple[int, int, int, bytes]] = []
        for family in (_NFPROTO_ARP, _NFPROTO_IPV6):
            if self._has_tables:
                parts.append((_DELETE_TABLE, 0, family, text(1, _TABLE)))
            parts.append((_NEW_TABLE, _CREATE, family, text(1, _TABLE) + _number(2, _OWNER)))
        if addresses:
            parts += [(_NEW_CHAIN, _CREATE, family, _chain(name, hook)) for family, hook, name in _CHAINS]
        for address in addresses:
            for family, chain, matches in _rules(address):
                rule = text(1, _TABLE) + text(2, chain) + nest(4, *_expressions(matches))
                parts.append((_NEW_RULE, _CREATE | _APPEND, family, rule))
        self._send(parts)
        self._has_tables = True

    def _send(self, parts: list[tuple[int, int, int, bytes]]) -> None:
        """One transaction. The kernel has queued its answers before `send` returns: to the last part, and to
        each that it refuses."""
        last = len(parts) - 1
        batch = [
            self._message(_BATCH_BEGIN, 0, 0, b"", _NFNL_SUBSYS_NFTABLES),
            *(
                self._message(
                    _NFNL_SUBSYS_NFTABLES << 8 | kind, flags | (_ACK if i == last else 0), family, body, 0
                )
                for i, (kind, flags, family, body) in enumerate(parts)
            ),
            self._message(_BATCH_END, 0, 0, b"", _NFNL_SUBSYS_NFTABLES),
        ]
        try:
            self._socket.send(b"".join(batch))
            codes = list(_codes(self._socket.recv(_READ)))
            with contextlib.suppress(BlockingIOError):
                while True:
                    codes += _codes(self._socket.recv(_READ))
        except OSError as error:
            raise _failure(error.errno or 0) from error
        failed = next((code for code in codes if code), 0)
        if failed:
            raise _failure(failed)

    def _message(self, kind: int, flags: int, family: int, body: bytes, resource: int) -> bytes:
        self._sequence += 1
        payload = struct.pack("!BBH", family, 0, resource) + body
        length = _HEADER.size + len(payload)
        return _HEADER.pack(length, kind, _REQUEST | flags, self._sequence, 0) + payload


def _rules(address: IPAddress) -> Iterator[tuple[int, str, tuple[Match, ...]]]:
    """What to drop: who asks for the address, and what we would say of it ourselves."""
    if isinstance(address, IPv4Address):
        # ARP (RFC 826): operation at 6, sender's address at 14, target's at 24.
        request = (_BASE_NETWORK, 6, b"\0\x01")
        yield _NFPROTO_ARP, "in", (request, (_BASE_NETWORK, 24, address.packed))
        yield _NFPROTO_ARP, "out", ((_BASE_NETWORK, 14, address.packed),)
        return
    # ICMPv6 (RFC 4861 §4.3, §4.4): next header at 6, source at 8; the target at 8 of the message.
    icmp = (_BASE_NETWORK, 6, bytes([_ICMPV6]))
    target = (_BASE_TRANSPORT, 8, address.packed)
    yield _NFPROTO_IPV6, "in", (icmp, (_BASE_TRANSPORT, 0, _SOLICITATION), target)
    yield _NFPROTO_IPV6, "out", (icmp, (_BASE_TRANSPORT, 0, _ADVERTISEMENT), target)
    yield (
        _NFPROTO_IPV6,
        "out",
        (icmp, (_BASE_TRANSPORT, 0, _SOLICITATION), (_BASE_NETWORK, 8, address.packed)),
    )


def _expressions(matches: tuple[Match, ...]) -> Iterator[bytes]:
    """Load, compare, … and drop, over register 1."""
    for base, offset, value in matches:
        yield _expression(
            "payload", _number(1, 1), _number(2, base), _number(3, offset), _number(4, len(value))
        )
        yield _expression("cmp", _number(1, 1), _number(2, 0), nest(3, attribute(1, value)))
    yield _expression("immediate", _number(1, 0), nest(2, nest(2, _number(1, 0))))


def _expression(name: str, *attributes: bytes) -> bytes:
    return nest(1, text(1, name), nest(2, *attributes))


def _chain(name: str, hook: int) -> bytes:
    priority = attribute(2, struct.pack("!i", 0))
    return text(1, _TABLE) + text(3, name) + nest(4, _number(1, hook), priority) + text(7, "filter")


def _number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("!I", value))


def _codes(data: bytes) -> Iterator[int]:
    """The errno of each answer; 0 is success."""
    offset = 0
    while offset + _HEADER.size + 4 <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        if kind == _ERROR:
            yield -struct.unpack_from("=i", data, offset + _HEADER.size)[0]
        offset += max(_HEADER.size, (length + 3) & ~3)


def _failure(code: int) -> NetlinkError:
    what = "stop answering for addresses (nftables)"
    return NetlinkError(what, code, os.strerror(code or errno.EIO))
