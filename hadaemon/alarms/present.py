"""What is wrong now, from what the daemon tells of itself (`hactl status --json`)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hadaemon.problems import Problem, kinds
from hadaemon.problems.problem import from_json

Report = Mapping[str, Any]

_EXPLAINED_BY: Mapping[kinds.Kind, set[kinds.Kind]] = {
    kinds.HOTWIRE_SILENT: {kinds.HOTWIRE_DOWN, kinds.PEER_DEAD, kinds.PEER_AWAY}
}
"""What only follows from another problem that is there: a hotwire without a carrier is silent too."""


def present(report: Report, more: Sequence[Problem] = ()) -> tuple[Problem, ...]:
    """`more` is what the status does not tell. One for each kind and resource: the first counts."""
    found: dict[tuple[str, str], Problem] = {}
    for problem in (*_told(report), *more, *_states(report)):
        found.setdefault((problem.kind.word, problem.resource), problem)
    there = {problem.kind for problem in found.values()}
    return tuple(problem for problem in found.values() if not there & _EXPLAINED_BY.get(problem.kind, set()))


def knows_active(report: Report) -> bool:
    """The other node is active, and tells what both see."""
    status = report["status"]
    peer, hotwire = status["peer"], status["hotwire"]
    return bool(
        (peer is not None and peer["state"] == "active")
        or (hotwire is not None and hotwire["node_state"] == "active")
    )


def ready_peer(report: Report) -> str:
    """The other node's name if this one is active and that one is ready, and has the same configuration.

    Empty: it is not so, or not known.
    """
    witness, sync = report["status"]["hotwire"], report["sync"]
    if report["status"]["state"] != "active" or witness is None or not witness["ready"]:
        return ""
    return str(witness["node"]) if sync is not None and sync["state"] == "synchronized" else ""


def _told(report: Report) -> Iterator[Problem]:
    """The problems of the status. Refused files have many mistakes, and that is one problem."""
    status = report["status"]
    told = [from_json(raw) for raw in status["problems"]]
    if report["configuration"] == "refused":
        mistakes = [problem.text for problem in told if problem.kind is kinds.CONFIGURATION]
        yield Problem(kinds.CONFIGURATION, "", "; ".join(mistakes[:3]) or status["reason"])
    yield from told


def _states(report: Report) -> Iterator[Problem]:
    """What the status tells elsewhere than among its problems."""
    status = report["status"]
    if report["configuration"] == "refused":
        return
    if status["maintenance"]:
        yield Problem(kinds.MAINTENANCE, "", "the node is in maintenance: it takes no part in the cluster")
    yield from _other_node(report)
    yield from _equal(report)
    yield from _services(report)


def _other_node(report: Report) -> Iterator[Problem]:
    hotwire, status = report["hotwire"], report["status"]
    if hotwire is not None and hotwire["state"] == "up":
        yield from _unready(status)
        if hotwire["peer"] is not None and hotwire["peer"]["deaf"]:
            text = "the other node is heard over the hotwire and does not hear this one"
            yield Problem(kinds.HOTWIRE_ONE_WAY, "", text)


def _unready(status: Report) -> Iterator[Problem]:
    """It is there, and is not ready."""
    witness = status["hotwire"]
    if witness is not None and witness["ready"] is False and status["state"] == "active":
        why = witness["unready"] or f"it is in {witness['node_state']}"
        yield Problem(kinds.PEER_UNREADY, "", f"{witness['node']} could not take over: {why}")


def _equal(report: Report) -> Iterator[Problem]:
    """The configurations and the firmware of the two."""
    sync, hotwire = report["sync"], report["hotwire"]
    up = hotwire is not None and hotwire["state"] == "up"
    if sync is not None and up and sync["state"] != "synchronized":
        kind = kinds.SYNC_ERROR if sync["state"] == "error" else kinds.SYNC_PENDING
        yield Problem(kind, "", f"configuration: {sync['state']}: {sync['reason']}")
    pair = report["firmware"]["pair"]
    if pair is not None and up and pair["state"] == "pending":
        yield Problem(kinds.FIRMWARE_DIFFERS, "", f"firmware: {pair['reason']}")


def _services(report: Report) -> Iterator[Problem]:
    for service in report["services"] or ():
        state, wanted = service["state"], service["wanted"]
        if state not in (("up",) if wanted else ("down", "failed")):
            text = f"{service['unit']} is {state}, and is to be {'up' if wanted else 'down'}"
            yield Problem(kinds.SERVICE, service["unit"], text)
