"""What happens to a node. All times are monotonic seconds and travel beside the event, never in it."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from hadaemon.cluster.actions import Action
from hadaemon.cluster.memory import EMPTY, Memory
from hadaemon.config.model import TrackedRoute
from hadaemon.status.peer import Peer
from hadaemon.vrrp.model import Advertisement, DiscardReason, IPAddress


@dataclass(frozen=True, slots=True)
class Start:
    """The daemon is ready: sockets are open, and PortChanged has reported every port that is there.

    No action is ordered before that.
    """

    active: bool = False
    """This process was active up to now and heard nobody better (a reload): go on without a pause."""
    memory: Memory = EMPTY
    """What the last `Remember` asked to keep."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The node stops on purpose: release everything now. `reason` is a plain phrase, e.g. "shutdown"."""

    reason: str


@dataclass(frozen=True, slots=True)
class PortChanged:
    """The whole present truth about one port (level-triggered; repeating it does no harm)."""

    port: str
    present: bool
    """An interface with the port's MAC address exists."""
    carrier: bool
    address: IPv4Address | None
    """Primary IPv4 address: the source of what we send on this port; None: no IPv4 can be sent."""
    address6: IPv6Address | None = None
    """The port's link-local address, the source of what we send over IPv6 (RFC 9568 §5.1.2.1)."""


@dataclass(frozen=True, slots=True)
class AdvertisementReceived:
    """A well-formed advertisement came in (decode accepted it)."""

    port: str
    source: IPAddress
    advertisement: Advertisement


@dataclass(frozen=True, slots=True)
class AdvertisementDiscarded:
    """decode refused a packet: it is only counted and reported."""

    port: str
    source: IPAddress
    reason: DiscardReason


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A frame came in that a blocked switch port would not let through: anything but the link's own control
    protocols. It is needed only while `Node.unproven_ports` names the port."""

    port: str


@dataclass(frozen=True, slots=True)
class Tick:
    """`Node.next_deadline` has come. Too early or too often does no harm."""


@dataclass(frozen=True, slots=True)
class GuardActed:
    """This node stood still while it had virtual addresses (`Node.silent_at`), and its guard removed them."""


@dataclass(frozen=True, slots=True)
class ActionFailed:
    """An action had no effect. Addresses are tried again with a growing delay."""

    action: Action
    message: str


@dataclass(frozen=True, slots=True)
class SwitchRequested:
    """`hactl switch`: the other node is to be active; on a backup: this one. Ask `refusal` first."""

    forced: bool = False
    """Even if it is not known whether the peer is ready."""


@dataclass(frozen=True, slots=True)
class MaintenanceRequested:
    """`hactl maintenance`. An active node hands over first. Ask `Node.refusal` first."""

    on: bool
    forced: bool = False
    """Even if nobody takes over."""


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """`hactl resume`: a node that was suspended because it switched too often takes part fully again, and so
    does one that lacked a tracked route, an answer, a good check or a service."""


@dataclass(frozen=True, slots=True)
class PingResult:
    """One round of a ping check is over for one host."""

    group: str
    host: IPAddress
    answered: bool


@dataclass(frozen=True, slots=True)
class RouteChanged:
    """The present truth about one tracked route: whether the kernel has it, and it can be used."""

    route: TrackedRoute
    present: bool


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One look of an own check is over."""

    check: str
    good: bool
    said: str = ""
    """Why not, as a plain phrase of one line."""


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """The present truth about a service that is to run because this node is active, and counts."""

    unit: str
    well: bool
    """False: it has failed often enough to say so."""


@dataclass(frozen=True, slots=True)
class ConnectionsReported:
    """Whether this node's kernel has the connections of the other one."""

    missing: str
    """What is missing, as a plain phrase: until it is there, a node does not take over from a healthy one.
    Empty: nothing is, or nothing that would come with time."""


@dataclass(frozen=True, slots=True)
class UpgradeReported:
    """What the upgrade of the pair's firmware asks of the node. It is not remembered: a daemon that starts
    anew gets it again."""

    frozen: bool = False
    """Preference moves nothing until it is over; better health does."""
    restarting: str = ""
    """The node is backup and about to restart for it: it is kept out as in maintenance, and this says why.
    Empty: it takes part."""


@dataclass(frozen=True, slots=True)
class PeerReport:
    """What the other node says over the hotwire; None: it has been silent for too long, and nobody knows
    why."""

    peer: Peer | None


@dataclass(frozen=True, slots=True)
class PeerGoodbye:
    """The other node stops on purpose, and said so over the hotwire (a stop, a restart)."""

    reason: str


@dataclass(frozen=True, slots=True)
class PeerDied:
    """The peer's system closed the connection over the hotwire, without a goodbye: its daemon is dead."""


@dataclass(frozen=True, slots=True)
class HotwireChanged:
    """The link of the hotwire."""

    carrier: bool


Order: TypeAlias = (
    Start
    | Stop
    | Tick
    | GuardActed
    | ActionFailed
    | SwitchRequested
    | MaintenanceRequested
    | ResumeRequested
    | UpgradeReported
)
"""What comes from the node's own system and its administrator."""

Observation: TypeAlias = (
    PortChanged
    | AdvertisementReceived
    | AdvertisementDiscarded
    | FrameReceived
    | PingResult
    | RouteChanged
    | CheckResult
    | ServiceSeen
    | ConnectionsReported
    | PeerReport
    | PeerGoodbye
    | PeerDied
    | HotwireChanged
)
"""What is seen of the world around it."""

Event: TypeAlias = Order | Observation
