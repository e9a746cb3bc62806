"""nftables tables of our own that drop packets by address, over plain netlink.

The tables belong to the socket (NFT_TABLE_F_OWNER, Linux 5.12): however the daemon ends, the kernel removes
them, and no other program can. CAP_NET_ADMIN is enough.
"""

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, nest, text
from hadaemon.io.kernel.netlink_socket import (
    ACK,
    APPEND,
    CREATE,
    NETFILTER,
    NETFILTER_FAMILY,
    NetlinkSocket,
)
from hadaemon.vrrp.model import IPAddress

ARP, IPV4, IPV6 = 3, 2, 10
"""Families of tables (NFPROTO_*)."""

NETWORK, TRANSPORT = 1, 2
"""Bases of an offset in a packet."""

DROP, ACCEPT = 0, 1
"""Verdicts."""

_LARGEST = 4 << 20
"""Bytes: some hundred for each address, and all go in one message."""
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NFNL_SUBSYS_NFTABLES = 10
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 2, 3, 6
_OWNER = 2

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
        self._what = f"{policy.what} (nftables)"
        self._netlink = NetlinkSocket(NETFILTER, self._what, _LARGEST)
        self.addresses: frozenset[IPAddress] = frozenset()
        self._has_tables = False
        try:
            self._replace(())
        except NetlinkError:
            self._netlink.close()
            raise

    def set(self, addresses: Iterable[IPAddress]) -> None:
        """Makes it hold for exactly these addresses from now on, in one transaction. Raises NetlinkError."""
        wanted = frozenset(addresses)
        if wanted != self.addresses:
            self._replace(tuple(sorted(wanted, key=str)))
            self.addresses = wanted

    def close(self) -> None:
        """Removes the tables."""
        self._netlink.close()

    def _replace(self, addresses: tuple[IPAddress, ...]) -> None:
        parts: list[tuple[int, int, int, bytes]] = []
        name = text(1, self._table)
        for family in dict.fromkeys(chain.family for chain in self._policy.chains):
            if self._has_tables:
                parts.append((_DELETE_TABLE, 0, family, name))
            parts.append((_NEW_TABLE, CREATE, family, name + _number(2, _OWNER)))
        if addresses:
            parts += [
                (_NEW_CHAIN, CREATE, chain.family, name + _hooked(chain)) for chain in self._policy.chains
            ]
            for rule in self._policy.rules(addresses):
                body = name + text(2, rule.chain.name) + nest(4, *_expressions(rule))
                parts.append((_NEW_RULE, CREATE | APPEND, rule.chain.family, body))
        self._send(parts)
        self._has_tables = True

    def _send(self, parts: list[tuple[int, int, int, bytes]]) -> None:
        """One transaction: type, flags, family and body of each part. The kernel tells that it has taken the
        last one."""
        last = len(parts) - 1
        begin, end = (
            (kind, 0, NETFILTER_FAMILY.pack(0, 0, _NFNL_SUBSYS_NFTABLES))
            for kind in (_BATCH_BEGIN, _BATCH_END)
        )
        requests = [
            (
                _NFNL_SUBSYS_NFTABLES << 8 | kind,
                flags | (ACK if i == last else 0),
                NETFILTER_FAMILY.pack(family, 0, 0) + body,
            )
            for i, (kind, flags, family, body) in enumerate(parts)
        ]
        self._netlink.ask_together(self._what, [begin, *requests, end])


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
