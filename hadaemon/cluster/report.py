"""Facts of a node at one moment to the status that is shown."""

from dataclasses import dataclass

from hadaemon.cluster.haport import HaPort
from hadaemon.cluster.score import Score
from hadaemon.cluster.states import NodeState, Role
from hadaemon.cluster.status import NodeStatus, PeerState, PeerStatus, ScoreStatus
from hadaemon.vrrp.model import RELEASE


@dataclass(frozen=True, slots=True)
class Facts:
    """What the node knows; times are monotonic seconds."""

    node: str
    cluster: str
    role: Role
    state: NodeState
    reason: str
    since: float
    score: Score
    ports: tuple[HaPort, ...]
    held: frozenset[str]
    """Ports that have their virtual addresses."""
    failures: tuple[str, ...]


def report(facts: Facts, now: float) -> NodeStatus:
    """The whole status."""
    peer = _peer(facts.ports, now)
    return NodeStatus(
        node=facts.node,
        cluster=facts.cluster,
        role=facts.role,
        state=facts.state,
        reason=_reason(facts, peer),
        since=now - facts.since,
        score=ScoreStatus(facts.score.priority, facts.score.links_down, facts.score.preferred),
        interfaces=tuple(port.status(port.name in facts.held, now) for port in facts.ports),
        peer=peer,
        problems=_problems(facts, now),
    )


def _reason(facts: Facts, peer: PeerStatus | None) -> str:
    """A backup has one reason above all: the other node is active."""
    if facts.state is NodeState.BACKUP and peer is not None and peer.state is PeerState.ACTIVE:
        return f"{peer.address} on {peer.port} is active ({peer.priority} against our {facts.score.priority})"
    return facts.reason


def _peer(ports: tuple[HaPort, ...], now: float) -> PeerStatus | None:
    """Who was heard last, on whichever interface."""
    heard = [(port, port.heard) for port in ports if port.heard is not None]
    if not heard:
        return None
    port, last = max(heard, key=lambda pair: pair[1].at)
    if last.advertisement.priority == RELEASE:
        state = PeerState.RELEASED
    else:
        state = PeerState.ACTIVE if port.hears_now(now) else PeerState.SILENT
    return PeerStatus(state, port.name, str(last.source), last.advertisement.priority, now - last.at)


def _problems(facts: Facts, now: float) -> tuple[str, ...]:
    found = list(facts.failures)
    if facts.state is NodeState.FAULT:
        found.insert(0, facts.reason)
    for port in facts.ports:
        found += port.problems(now)
    return tuple(found)
