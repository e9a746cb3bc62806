"""The node: what decides tells of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hadaemon.problems import Problem
from hadaemon.status.states import NodeState, Role


class Link(StrEnum):
    """What is known of a port of the cluster."""

    UP = "up"
    DOWN = "down"
    """Present, without carrier."""
    NO_ADDRESS = "no-address"
    """Carrier, but no own address to send from."""
    ABSENT = "absent"
    """No interface with its MAC address."""


class PeerState(StrEnum):
    """What the advertisements tell of the other node (a backup sends none)."""

    ACTIVE = "active"
    RELEASED = "released"
    """Its last word was priority 0."""
    SILENT = "silent"
    """Heard before, not within its Active_Down_Interval."""


@dataclass(frozen=True, slots=True)
class ScoreStatus:
    """The node score and its parts; `priority` is what every advertisement carries."""

    priority: int
    links_down: int
    failed_groups: int
    preferred: bool
    unproven: int = 0
    """Links that have come up while the other node is active, and nothing has come in over them yet."""
    missing_routes: int = 0
    """Tracked routes."""
    failed_checks: int = 0
    """Own checks."""
    failed_services: int = 0
    """Services that follow the active node, and count."""


@dataclass(frozen=True, slots=True)
class InterfaceStatus:
    """One HA interface. Ages are seconds; None: never."""

    port: str
    """That advertises."""
    vrid: int
    state: str
    """Of the virtual router: initialize, backup or active (RFC 9568 §6.4)."""
    link: Link
    address: str | None
    """Own primary IPv4 address."""
    address6: str | None
    """Own link-local address."""
    virtual_addresses: tuple[str, ...]
    """With prefix length, as configured."""
    held: bool
    """The virtual addresses are meant to be on this port now."""
    sent: int
    """Advertisements sent since the start."""
    received: int
    """Advertisements that the receive checks have accepted since the start."""
    last_heard: float | None
    """Seconds since the last advertisement for this virtual router."""
    heard_from: str | None
    """Address of whoever sent that one."""
    heard_priority: int | None
    discards: Mapping[str, int]
    """Dropped packets by reason; only reasons that occurred."""
    addresses_on: str | None = None
    """The port that has the virtual addresses; None: the one that advertises."""

    @property
    def address_port(self) -> str:
        """The port that has the virtual addresses."""
        return self.port if self.addresses_on is None else self.addresses_on


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """The other node, as far as its last advertisement told."""

    state: PeerState
    port: str
    address: str
    priority: int
    last_heard: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class PingGroupStatus:
    """One ping group."""

    name: str
    failed: bool
    """No host answers, and that counts as a fault."""
    failed_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrackedRouteStatus:
    """One tracked route."""

    destination: str
    port: str | None
    """None: any interface will do."""
    present: bool
    failed: bool
    """It was missing for too long while this node was active, and counts as a fault."""


@dataclass(frozen=True, slots=True)
class CheckStatus:
    """One of the administrator's own checks."""

    name: str
    target: str
    """What it looks at, as the configuration says."""
    good: bool
    failed: bool
    """It was not good often enough to count as a fault."""
    said: str
    """Why it is not good; empty: it is, or nothing is known yet."""


@dataclass(frozen=True, slots=True)
class WitnessStatus:
    """The other node, as far as the election goes by its words over the hotwire; None: not known."""

    state: str
    """never, alive, silent, left or dead."""
    node: str | None
    node_state: NodeState | None
    priority: int | None
    ready: bool | None
    """It could take over now."""
    unready: str
    """Why not; empty: it could, or nothing is known."""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """The whole truth about a node at one moment."""

    node: str
    cluster: str | None
    role: Role | None
    state: NodeState
    reason: str
    """One plain sentence: why it is in this state."""
    since: float
    """Seconds in this state."""
    score: ScoreStatus | None
    interfaces: tuple[InterfaceStatus, ...]
    peer: PeerStatus | None
    """None: never heard."""
    problems: tuple[Problem, ...]
    """What an administrator should look at, most urgent first; empty when all is well."""
    phase: str | None = None
    """What it is in the middle of; None: nothing. releasing: hands over; lingering: has handed over;
    claiming: waits for the peer to hand over; tied: compares addresses; starting: listens for an active
    node."""
    maintenance: bool = False
    suspended: str | None = None
    """Why preference moves this node no more: it has switched too often."""
    ping_groups: tuple[PingGroupStatus, ...] = ()
    tracked_routes: tuple[TrackedRouteStatus, ...] = ()
    checks: tuple[CheckStatus, ...] = ()
    hotwire: WitnessStatus | None = None
    """None: no hotwire is configured, or the election does not ask it."""


def outside_status(
    node: str, state: NodeState, reason: str, problems: tuple[Problem, ...] = ()
) -> NodeStatus:
    """The status of a node that runs no cluster: not configured, or its configuration was refused."""
    return NodeStatus(
        node=node,
        cluster=None,
        role=None,
        state=state,
        reason=reason,
        since=0.0,
        score=None,
        interfaces=(),
        peer=None,
        problems=problems,
    )
