"""What the administrator may request of a node, and why it must refuse."""

from hadaemon.cluster import reasons
from hadaemon.cluster.events import MaintenanceRequested, ResumeRequested, SwitchRequested
from hadaemon.cluster.knowledge import Knowledge
from hadaemon.cluster.phases import Claiming, Phase, Releasing
from hadaemon.cluster.witness import WitnessState, score_of
from hadaemon.status.states import NodeState
from hadaemon.vrrp.model import OWNER, RELEASE

Request = SwitchRequested | MaintenanceRequested | ResumeRequested

_OWNER = "the address owner (priority 255), which is active whenever it can be"


def refusal(request: Request, state: NodeState, phase: Phase | None, known: Knowledge) -> str | None:
    """Why a request cannot be met now, in one plain sentence; None: it can."""
    if isinstance(request, ResumeRequested):
        return None
    if state is NodeState.OFF:
        return "this node takes no part in the cluster"
    if isinstance(phase, Releasing) or (isinstance(phase, Claiming) and phase.asked):
        return "a switch is under way already"
    match request:
        case MaintenanceRequested(on, forced):
            return _no_maintenance(on, forced, state, known)
        case SwitchRequested(forced):
            return _no_switch(forced, state, known)


def _no_maintenance(on: bool, forced: bool, state: NodeState, known: Knowledge) -> str | None:
    if on == (state is NodeState.MAINTENANCE):
        return f"this node is {'already' if on else 'not'} in maintenance"
    if forced or state is not NodeState.ACTIVE:
        return None
    return _no_successor(known)


def _no_switch(forced: bool, state: NodeState, known: Knowledge) -> str | None:
    if known.memory.suspended:
        return f"this node is {known.damping}"
    if known.score.is_owner:
        return f"this node is {_OWNER}"
    if known.score.rival == OWNER:
        return f"the other node is {_OWNER}"
    match state:
        case NodeState.ACTIVE:
            return _worse_successor(known) or (None if forced else _no_successor(known))
        case NodeState.BACKUP:
            return _cannot_win(known) or (
                None if forced or not known.missing else f"not yet: {known.missing}"
            )
        case _:
            return f"this node is in state {state}"


def _no_successor(known: Knowledge) -> str | None:
    """An active node is to go: is there somebody? In mode `vrrp` only the claim will tell."""
    witness = known.witness
    if known.has_witness and witness.state in (WitnessState.SILENT, WitnessState.LEFT, WitnessState.DEAD):
        return (
            f"the other node is not known to be ready: over the hotwire it {reasons.WITNESS[witness.state]}"
        )
    if witness.peer is None:
        up = any(port.is_up for port in known.all_ports)
        return None if up else "no HA interface has a link: nobody could take over"
    if witness.peer.state is not NodeState.BACKUP:
        return f"{witness.peer.name} is in state {witness.peer.state}"
    if witness.peer.unready:
        return f"{witness.peer.name} is not ready: {witness.peer.unready}"
    if witness.peer.suspended:
        return f"{witness.peer.name} is suspended: `hactl resume` there first"
    return None


def _worse_successor(known: Knowledge) -> str | None:
    """The healthier node always takes over, so it would come straight back."""
    peer = known.witness.peer
    if peer is None or score_of(peer).health <= known.score.health:
        return None
    return f"{peer.name} is less healthy and would hand back at once: put this node into maintenance instead"


def _cannot_win(known: Knowledge) -> str | None:
    """A backup is to take over: by its score, because the active one keeps to the score too."""
    peer = known.witness.peer
    if peer is not None and peer.state is NodeState.ACTIVE:
        if score_of(peer).health < known.score.health:
            return f"this node is less healthy than {peer.name}, which would take back at once"
        if peer.suspended:
            return f"{peer.name} is suspended: `hactl resume` there first"
        return None
    heard = [port.heard for port in known.all_ports if port.heard is not None]
    last = max(heard, key=lambda one: one.at, default=None)
    if last is None or last.advertisement.priority == RELEASE:
        return "no active node is heard: it is being decided who is active"
    own, theirs = known.preferring().priority, last.advertisement.priority
    if own > theirs:
        return None
    return (
        f"{last.source} is active with priority {theirs}, and this node's would be {own}: "
        "run `hactl switch` on the active node"
    )
