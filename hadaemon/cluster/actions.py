"""What a node wants done. The order within one answer matters: carry them out first to last."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from typing import TypeAlias

from hadaemon.cluster.states import NodeState
from hadaemon.vrrp.model import Advertisement


@dataclass(frozen=True, slots=True)
class SendAdvertisement:
    """Multicast on that port, from its primary address, now."""

    port: str
    advertisement: Advertisement


@dataclass(frozen=True, slots=True)
class SetAddresses:
    """A level: exactly these virtual addresses are on that port, no other virtual one."""

    port: str
    addresses: frozenset[IPv4Interface]


@dataclass(frozen=True, slots=True)
class Announce:
    """One gratuitous ARP for each address on that port, once; repetitions come as further actions."""

    port: str
    addresses: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """For the log, the service manager and the history: nothing has to be done."""

    old: NodeState
    new: NodeState
    reason: str


Action: TypeAlias = SendAdvertisement | SetAddresses | Announce | StateChanged
