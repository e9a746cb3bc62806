"""nftables tables of our own that drop packets by address, over plain netlink.

The tables belong to the socket (NFT_TABLE_F_OWNER, Linux 5.12): however the daemon ends, the kernel removes
them, and no other program can. CAP_NET_ADMIN is enough.
"""

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, nest, text
from hadaemon.vrrp.model import IPAddress

ARP, IPV4, IPV6 = 3, 2, 10
"""Families of tables (NFPROTO_*)."""

NETWORK, TRANSPORT = 1, 2
"""Bases of an offset in a packet."""

DROP, ACCEPT = 0, 1
"""Verdicts."""

_NETLINK_NETFILTER = 12
_SO_SNDBUFFORCE = 32
_SEND_BUFFER = 4 << 20
"""Bytes: some hundred for each address, and all go in one message."""
_REQUEST, _ACK, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NFNL_SUBSYS_NFTABLES = 10
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 2, 3, 6
_OWNER = 2
_ERROR = 2
_HEADER = struct.Struct("=IHHII")
_READ = 1 << 16

Match = tuple[int, int, bytes]
"""Where in the packet (base, offset), and what has to be there."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One base chain; its name is unique in its family."""

    family: int
    hook: int
    """Number of the family's hook (NF_INET_*, NF_ARP_*)."""
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """When all match, the verdict holds."""

    chain: Chain
    matches: tuple[Match, ...]
    verdict: int = DROP


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do with packets about addresses."""

    purpose: str
    """For the name of the tables."""
    what: str
    """For messages: what the policy does, and could not do."""
    chains: tuple[Chain, ...]
    rules: Callable[[tuple[IPAddress, ...]], Iterable[Rule]]


class AddressFilter:
    """A policy at work, for a set of addresses that can change; none at first."""

    def __init__(self, policy: Policy) -> None:
        """Raises NetlinkError where the kernel has no nftables. Loads kernel modules, which takes time."""
        self._policy = policy
        self._table = f"hotspare-{policy.purpose}-{os.getpid()}"
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_NETFILTER)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _SEND_BUFFER)
            self._socket.bind((0, 0))
        except OSError as error:
            raise self._failure(error.errno or 0) from error
        self.addresses: frozenset[IPAddress] = frozenset()
        self._sequence = 0
        self._has_tables = False
        try:
            self._replace(())
        except NetlinkError:
            self._socket.close()
            raise

    def set(self, addresses: Iterable[IPAddress]) -> None:
        """Makes it hold for exactly these addresses from now on, in one transaction. Raises NetlinkError."""
        wanted = frozenset(addresses)
        if wanted != self.addresses:
            self._replace(tuple(sorted(wanted, key=str)))
            self.addresses = wanted

    def close(self) -> None:
        """Removes the tables."""
        self._socket.close()

    def _replace(self, addresses: tuple[IPAddress, ...]) -> None:
        parts: list[tuple[int, int, int, bytes]] = []
        name = text(1, self._table)
        for family in dict.fromkeys(chain.family for chain in self._policy.chains):
            if self._has_tables:
                parts.append((_DELETE_TABLE, 0, family, name))
            parts.append((_NEW_TABLE, _CREATE, family, name + _number(2, _OWNER)))
        if addresses:
            parts += [
                (_NEW_CHAIN, _CREATE, chain.family, name + _hooked(chain)) for chain in self._policy.chains
            ]
            for rule in self._policy.rules(addresses):
                body = name + text(2, rule.chain.name) + nest(4, *_expressions(rule))
                parts.append((_NEW_RULE, _CREATE | _APPEND, rule.chain.family, body))
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
            raise self._failure(error.errno or 0) from error
        failed = next((code for code in codes if code), 0)
        if failed:
            raise self._failure(failed)

    def _message(self, kind: int, flags: int, family: int, body: bytes, resource: int) -> bytes:
        self._sequence += 1
        payload = struct.pack("!BBH", family, 0, resource) + body
        length = _HEADER.size + len(payload)
        return _HEADER.pack(length, kind, _REQUEST | flags, self._sequence, 0) + payload

    def _failure(self, code: int) -> NetlinkError:
        return NetlinkError(f"{self._policy.what} (nftables)", code, os.strerror(code or errno.EIO))


def _expressions(rule: Rule) -> Iterator[bytes]:
    """Load, compare, … and the verdict, over register 1."""
    for base, offset, value in rule.matches:
        yield _expression(
            "payload", _number(1, 1), _number(2, base), _number(3, offset), _number(4, len(value))
        )
        yield _expression("cmp", _number(1, 1), _number(2, 0), nest(3, attribute(1, value)))
    yield _expression("immediate", _number(1, 0), nest(2, nest(2, _number(1, rule.verdict))))


def _expression(name: str, *attributes: bytes) -> bytes:
    return nest(1, text(1, name), nest(2, *attributes))


def _hooked(chain: Chain) -> bytes:
    priority = attribute(2, struct.pack("!i", 0))
    return text(3, chain.name) + nest(4, _number(1, chain.hook), priority) + text(7, "filter")


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
