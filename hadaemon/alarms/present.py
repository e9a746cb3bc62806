"""What is wrong now, from what the daemon tells of itself."""

from collections.abc import Iterator, Mapping

from hadaemon.problems import Problem, kinds
from hadaemon.status.states import Condition, NodeState
from hadaemon.status.status import Status
from hadaemon.status.verdict import Redundancy
from hadaemon.sync.head import SyncState

_EXPLAINED_BY: Mapping[kinds.Kind, set[kinds.Kind]] = {
    kinds.HOTWIRE_SILENT: {kinds.HOTWIRE_DOWN, kinds.PEER_DEAD, kinds.PEER_AWAY}
}
"""What only follows from another problem that is there: a hotwire without a carrier is silent too."""


def present(status: Status) -> tuple[Problem, ...]:
    """One for each kind and resource: the first counts."""
    found: dict[tuple[str, str], Problem] = {}
    for problem in _all(status):
        found.setdefault((problem.kind.word, problem.resource), problem)
    there = {problem.kind for problem in found.values()}
    return tuple(problem for problem in found.values() if not there & _EXPLAINED_BY.get(problem.kind, set()))


def ready_peer(node: Status) -> str:
    """The other node's name if this one is active and that one is ready, and has the same configuration.

    Empty: it is not so, or not known.
    """
    witness, sync = node.status.hotwire, node.sync
    if node.status.state is not NodeState.ACTIVE or witness is None or not witness.ready:
        return ""
    same = sync is not None and sync.status.state is SyncState.SYNCHRONIZED
    return witness.node or "" if same else ""


def _all(status: Status) -> Iterator[Problem]:
    """The problems of the status, and the verdict on the pair. Refused files have many mistakes, and that is
    one problem."""
    problems = status.status.problems
    if status.configuration is Condition.REFUSED:
        mistakes = [problem.text for problem in problems if problem.kind is kinds.CONFIGURATION]
        yield Problem(kinds.CONFIGURATION, "", "; ".join(mistakes[:3]) or status.status.reason)
    yield from problems
    if status.verdict is not None and status.verdict.redundancy is Redundancy.NONE:
        yield Problem(kinds.NO_REDUNDANCY, "", str(status.verdict))
