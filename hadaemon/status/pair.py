"""What the status says of the pair: its problems, and the verdict. Pure.

What the other node tells over the hotwire becomes problems here, so that the active node shows what the other
one lacks. The verdict follows from the problems (`Kind.loss`), and from what this node cannot know.
"""

from collections.abc import Iterator
from dataclasses import replace

from hadaemon.problems import Problem, Severity, kinds
from hadaemon.problems.kinds import Loss
from hadaemon.status.hotwire import HotwireState, PairedHotwire
from hadaemon.status.node import PeerState
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report
from hadaemon.status.states import Condition, NodeState
from hadaemon.status.status import Status
from hadaemon.status.verdict import Redundancy, Verdict
from hadaemon.sync.head import SyncState

WORDS = {
    Loss.NOTHING: Redundancy.REDUNDANT,
    Loss.PART: Redundancy.DEGRADED,
    Loss.ALL: Redundancy.NONE,
    Loss.SPLIT: Redundancy.SPLIT,
}
"""What the pair is, by the worst problem."""
NOBODY = "neither node is active: nobody answers for the virtual addresses"
LISTENING = 5.0
"""Seconds for which a node that has just become backup may listen before that is a problem."""
_TAKES_PART = (NodeState.ACTIVE, NodeState.BACKUP)


def judged(status: Status) -> Status:
    """With all problems of the pair, and the verdict; `status` has those of the node."""
    found = {(problem.kind, problem.resource) for problem in status.status.problems}
    more = tuple(each for each in pair_problems(status) if (each.kind, each.resource) not in found)
    complete = replace(status, status=replace(status.status, problems=(*status.status.problems, *more)))
    return replace(complete, verdict=verdict(complete))


def pair_problems(status: Status) -> Iterator[Problem]:
    """What is wrong with the pair and is told elsewhere in the status: states, the other node, services."""
    if status.configuration is Condition.REFUSED:
        return
    if status.status.maintenance:
        yield Problem(kinds.MAINTENANCE, "", "the node is in maintenance: it takes no part in the cluster")
    heard = heard_report(status)
    if heard is not None:
        yield from _other_node(status, heard)
        yield from _equal(status)
    lonely = status.status.state is NodeState.BACKUP and not knows_active(status)
    if lonely and status.status.since >= LISTENING:
        yield Problem(kinds.NO_ACTIVE, "", NOBODY)
    yield from _services(status)


def verdict(status: Status) -> Verdict | None:
    """Would a takeover work now? `status` has all its problems. None: this node has no cluster."""
    node = status.status
    if status.configuration is not Condition.REFUSED and node.cluster is None:
        return None
    losses = [(problem.kind.loss, problem.text) for problem in node.problems if problem.kind.loss]
    if node.state is NodeState.OFF and not any(loss is Loss.ALL for loss, _ in losses):
        losses.append((Loss.ALL, f"this node is off: {node.reason}"))
    if node.state is NodeState.BACKUP and not knows_active(status):
        losses.append((Loss.ALL, NOBODY))
    worst = max((loss for loss, _ in losses), default=Loss.NOTHING)
    if node.state is NodeState.BACKUP and node.score is not None:
        blind = 0 < len(node.interfaces) <= node.score.links_down
        worst = max(worst, Loss.ALL if blind else Loss.NOTHING)
    reasons = tuple(dict.fromkeys(text for _, text in sorted(losses, key=lambda each: -each[0])))
    if node.state is NodeState.ACTIVE and heard_report(status) is None and worst < Loss.ALL:
        if status.hotwire is not None:
            return Verdict(Redundancy.NONE, reasons or ("the other node is not heard over the hotwire",))
        nobody = "without a hotwire this node does not hear whether the other one is ready"
        return Verdict(Redundancy.UNKNOWN, (nobody, *reasons))
    return Verdict(WORDS[worst], reasons)


def knows_active(status: Status) -> bool:
    """The other node is active."""
    peer, witness = status.status.peer, status.status.hotwire
    return (peer is not None and peer.state is PeerState.ACTIVE) or (
        witness is not None and witness.node_state is NodeState.ACTIVE
    )


def heard_report(status: Status) -> Report | None:
    """What the other node says of itself, if it is heard over the hotwire now."""
    hotwire = status.hotwire
    if not isinstance(hotwire, PairedHotwire) or hotwire.state is not HotwireState.UP:
        return None
    return hotwire.peer


def _other_node(status: Status, report: Report) -> Iterator[Problem]:
    """It is there, and is not as it should be."""
    peer, own = report.peer, status.status
    if peer.deaf:
        text = "the other node is heard over the hotwire and does not hear this one"
        yield Problem(kinds.HOTWIRE_ONE_WAY, "", text)
    if peer.state is NodeState.ACTIVE and own.state is NodeState.ACTIVE and not peer.releasing:
        if own.phase is None:
            text = f"both nodes are active: {peer.name} says so over the hotwire, and so is this one"
            yield Problem(kinds.SPLIT, "", text)
    elif own.state is NodeState.ACTIVE and (why := _why_unready(peer)):
        yield Problem(kinds.PEER_UNREADY, "", f"{peer.name} could not take over: {why}")
        return
    lacks = list(_lacks(report, spare=own.state is NodeState.ACTIVE))
    if lacks:
        severity = Severity.MAJOR if peer.links_down else Severity.MINOR
        yield Problem(kinds.PEER_DEGRADED, "", f"{peer.name} {', '.join(lacks)}", severity)


def _why_unready(peer: Peer) -> str:
    """Why the other node, which is not active, could not take over at all; empty: it could."""
    if peer.state not in _TAKES_PART:
        return f"it is in state {peer.state}"
    if peer.state is NodeState.BACKUP and 0 < len(peer.links) <= peer.links_down:
        return "none of its HA interfaces can serve"
    return ""


def _lacks(report: Report, spare: bool) -> Iterator[str]:
    """What the other node lacks. `spare`: it would have to take over from this node."""
    peer = report.peer
    if spare and peer.links_down:
        names = ", ".join(name for name, usable in peer.links if not usable)
        yield f"has lost {peer.links_down} of its HA interfaces{f' ({names})' if names else ''}"
    if spare and peer.failed_groups:
        yield f"has {peer.failed_groups} failed ping groups, checks or services, or missing routes"
    if peer.suspended:
        yield "has switched too often, and is suspended"
    if spare and peer.unready:
        yield f"is not ready: {peer.unready}"
    if report.vitals.upgrade.slot_bad:
        yield "has a firmware slot that cannot be started"


def _equal(status: Status) -> Iterator[Problem]:
    """The configurations and the firmware of the two."""
    if status.sync is not None and status.sync.status.state is not SyncState.SYNCHRONIZED:
        sync = status.sync.status
        kind = kinds.SYNC_ERROR if sync.state is SyncState.ERROR else kinds.SYNC_PENDING
        yield Problem(kind, "", f"configuration: {sync.state}: {sync.reason}")
    pair = status.firmware.pair
    if pair is not None and pair.state is SyncState.PENDING:
        yield Problem(kinds.FIRMWARE_DIFFERS, "", f"firmware: {pair.reason}")


def _services(status: Status) -> Iterator[Problem]:
    for service in status.services:
        if not service.well:
            text = f"{service.unit} is {service.state}, and is to be {'up' if service.wanted else 'down'}"
            yield Problem(kinds.SERVICE, service.unit, text)
