"""What is wrong now, from what the daemon tells of itself."""

from collections.abc import Iterator, Mapping

from hadaemon.problems import Problem, kinds
from hadaemon.status.hotwire import HotwireState, PairedHotwire
from hadaemon.status.node import NodeStatus, PeerState
from hadaemon.status.states import Condition, NodeState
from hadaemon.status.status import Status
from hadaemon.sync.head import SyncState

_EXPLAINED_BY: Mapping[kinds.Kind, set[kinds.Kind]] = {
    kinds.HOTWIRE_SILENT: {kinds.HOTWIRE_DOWN, kinds.PEER_DEAD, kinds.PEER_AWAY}
}
"""What only follows from another problem that is there: a hotwire without a carrier is silent too."""


def present(node: Status) -> tuple[Problem, ...]:
    """One for each kind and resource: the first counts."""
    found: dict[tuple[str, str], Problem] = {}
    for problem in (*_problems(node), *_states(node)):
        found.setdefault((problem.kind.word, problem.resource), problem)
    there = {problem.kind for problem in found.values()}
    return tuple(problem for problem in found.values() if not there & _EXPLAINED_BY.get(problem.kind, set()))


def knows_active(node: Status) -> bool:
    """The other node is active, and tells what both see."""
    peer, witness = node.status.peer, node.status.hotwire
    return (peer is not None and peer.state is PeerState.ACTIVE) or (
        witness is not None and witness.node_state is NodeState.ACTIVE
    )


def ready_peer(node: Status) -> str:
    """The other node's name if this one is active and that one is ready, and has the same configuration.

    Empty: it is not so, or not known.
    """
    witness, sync = node.status.hotwire, node.sync
    if node.status.state is not NodeState.ACTIVE or witness is None or not witness.ready:
        return ""
    same = sync is not None and sync.status.state is SyncState.SYNCHRONIZED
    return witness.node or "" if same else ""


def _problems(node: Status) -> Iterator[Problem]:
    """The problems of the status. Refused files have many mistakes, and that is one problem."""
    problems = node.status.problems
    if node.configuration is Condition.REFUSED:
        mistakes = [problem.text for problem in problems if problem.kind is kinds.CONFIGURATION]
        yield Problem(kinds.CONFIGURATION, "", "; ".join(mistakes[:3]) or node.status.reason)
    yield from problems


def _states(node: Status) -> Iterator[Problem]:
    """What the status tells elsewhere than among its problems."""
    if node.configuration is Condition.REFUSED:
        return
    if node.status.maintenance:
        yield Problem(kinds.MAINTENANCE, "", "the node is in maintenance: it takes no part in the cluster")
    hotwire = node.hotwire
    if isinstance(hotwire, PairedHotwire) and hotwire.state is HotwireState.UP:
        yield from _other_node(node.status, hotwire)
        yield from _equal(node)
    yield from _services(node)


def _other_node(status: NodeStatus, hotwire: PairedHotwire) -> Iterator[Problem]:
    """It is there, and is not ready."""
    witness = status.hotwire
    if witness is not None and witness.ready is False and status.state is NodeState.ACTIVE:
        why = witness.unready or f"it is in {witness.node_state}"
        yield Problem(kinds.PEER_UNREADY, "", f"{witness.node} could not take over: {why}")
    if hotwire.peer is not None and hotwire.peer.peer.deaf:
        text = "the other node is heard over the hotwire and does not hear this one"
        yield Problem(kinds.HOTWIRE_ONE_WAY, "", text)


def _equal(node: Status) -> Iterator[Problem]:
    """The configurations and the firmware of the two."""
    if node.sync is not None and node.sync.status.state is not SyncState.SYNCHRONIZED:
        sync = node.sync.status
        kind = kinds.SYNC_ERROR if sync.state is SyncState.ERROR else kinds.SYNC_PENDING
        yield Problem(kind, "", f"configuration: {sync.state}: {sync.reason}")
    pair = node.firmware.pair
    if pair is not None and pair.state is SyncState.PENDING:
        yield Problem(kinds.FIRMWARE_DIFFERS, "", f"firmware: {pair.reason}")


def _services(node: Status) -> Iterator[Problem]:
    for service in node.services:
        if not service.well:
            text = f"{service.unit} is {service.state}, and is to be {'up' if service.wanted else 'down'}"
            yield Problem(kinds.SERVICE, service.unit, text)
