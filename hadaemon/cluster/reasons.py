"""Why a node changed its state, in one plain phrase each: for the log, the history and `hactl status`."""

from collections.abc import Sequence

from hadaemon.cluster.events import AdvertisementReceived
from hadaemon.cluster.score import Score
from hadaemon.cluster.watched_port import Heard, WatchedPort
from hadaemon.cluster.witness import WitnessState
from hadaemon.config.model import Port
from hadaemon.status.peer import Peer
from hadaemon.vrrp.model import RELEASE, Priority

NOT_STARTED = "not started yet"
NOT_ENABLED = "the cluster is not enabled: `sudo hactl config activate` enables it"
STARTED = "started, listening for an active node"
CONTINUED = "was active before the configuration was read again"
PORT_CAME = "a port of the cluster is there now, listening for an active node"
ALL_PORTS_GONE = "all ports of the cluster are gone: no network card has their MAC addresses any more"
OVERSLEPT = "the daemon stood still for too long, listening for an active node before taking part again"
MAINTENANCE = "kept out by the administrator: end it with `hactl maintenance off`"
MAINTENANCE_OVER = "maintenance is over, listening for an active node"
UPGRADE_GOES_ON = "did not restart for the upgrade, listening for an active node"
ASKED_TO_TAKE = "the administrator switched to this node"
NOT_HANDED_OVER = "the active node has the worse score, and did not hand over"
RESUMED = "switches are counted anew, and this node takes part fully again"
NOBODY_TOOK = "no other node took over: this node stays active"
HEARS_NOTHING = "it hears no advertisement of the active node"
LEFT_ALONE = "no other node took over, and this node left all the same, as it was forced to"
WITNESS = {
    WitnessState.NEVER: "was never heard",
    WitnessState.ALIVE: "is heard",
    WitnessState.SILENT: "is silent",
    WitnessState.LEFT: "said goodbye",
    WitnessState.DEAD: "broke off: its daemon died",
}
"""What to say after "over the hotwire the other node"."""

GONE = {
    WitnessState.LEFT: "the other node said goodbye over the hotwire: it was stopped or restarted on purpose",
    WitnessState.DEAD: "the daemon of the other node died: its connection over the hotwire broke off",
}
"""Why this node has to take the place of a peer that was active."""


def taken(by: str) -> str:
    """A hand-over has succeeded."""
    return f"handed over to {by}, which is active now"


def taken_by_worse(by: str) -> str:
    """A hand-over has failed."""
    return f"{by} took over, but it is less healthy: this node stays active"


def peer_is_better(peer: Peer) -> str:
    return f"{peer.name} is active too, as it says over the hotwire, and has the better score"


def begins(peer: Peer) -> str:
    return f"{peer.name} is not active either, as it says over the hotwire: the preferred node begins"


def offered(peer: Peer) -> str:
    return f"{peer.name} hands over"


def stopped(reason: str) -> str:
    return f"stopped: {reason}"


def missing(ports: Sequence[Port]) -> str:
    """Ports that were never there since the start."""
    cards = ", ".join(f"{port.name} ({port.mac})" for port in ports if port.parent is None)
    if cards:
        return f"no network card has the MAC address of {cards}: correct ports.<name>.mac in node.toml"
    vlans = ", ".join(f"{port.name} (VLAN {port.vlan} of {port.parent})" for port in ports)
    return f"there is no interface for {vlans}"


def yielded(port: WatchedPort, event: AdvertisementReceived, own: Score) -> str:
    theirs = event.advertisement.priority
    if theirs == own.priority:
        return f"{event.source} on {port.name} is active with the same score and wins by its address"
    return f"{event.source} on {port.name} is active with a better score ({theirs} against {own.priority})"


def takeover(ports: Sequence[WatchedPort], floor: Priority, now: float) -> str:
    """Asked right before a backup becomes active."""
    up = [port for port in ports if port.is_up]
    if not up:
        return "no HA interface has a link, so no other node can be seen"
    heard = [(port, port.heard) for port in up if port.heard is not None]
    if not heard:
        return "no active node was heard"
    port, last = max(heard, key=lambda pair: pair[1].at)
    return _last_word(port, last, floor, now)


def _last_word(port: WatchedPort, last: Heard, floor: Priority, now: float) -> str:
    theirs = last.advertisement.priority
    if theirs == RELEASE:
        return f"{last.source} on {port.name} released the virtual addresses"
    if theirs < floor and port.hears_now(now):
        scores = f"{theirs} against {port.routers[0].priority}"
        return f"{last.source} on {port.name} is active with a worse score ({scores})"
    return f"{last.source} on {port.name} has been silent for {now - last.at:.2f} s"
