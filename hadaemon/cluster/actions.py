"""What a node wants done. The order within one answer matters: carry them out first to last."""

from dataclasses import dataclass
from typing import TypeAlias

from hadaemon.cluster.memory import Memory
from hadaemon.status.states import NodeState
from hadaemon.vrrp.model import Advertisement, IPAddress, IPInterface


@dataclass(frozen=True, slots=True)
class SendAdvertisement:
    """Multicast on that port, from its primary address, now."""

    port: str
    advertisement: Advertisement


@dataclass(frozen=True, slots=True)
class SetAddresses:
    """A level: exactly these virtual addresses must be on that port, and no other virtual one."""

    port: str
    addresses: frozenset[IPInterface]
    answering: bool = True
    """False: they stay on the port for what is still under way to them, but the node answers no ARP request
    and no neighbour solicitation for them, because another node does."""


@dataclass(frozen=True, slots=True)
class Announce:
    """One gratuitous ARP or unsolicited neighbour advertisement for each address on that port, once;
    repetitions come as further actions."""

    port: str
    addresses: tuple[IPAddress, ...]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """For the log, the service manager and the history; it asks for no effect."""

    old: NodeState
    new: NodeState
    reason: str


@dataclass(frozen=True, slots=True)
class Remember:
    """Store this in place of what was stored before; it comes back with the next `Start`."""

    memory: Memory


@dataclass(frozen=True, slots=True)
class HandoverEnded:
    """The result of a switch or a maintenance that was asked for on this node: for `hactl` and the
    history."""

    succeeded: bool
    reason: str
    """One plain sentence: who is active now, or why nothing has changed."""


Action: TypeAlias = SendAdvertisement | SetAddresses | Announce | StateChanged | Remember | HandoverEnded
