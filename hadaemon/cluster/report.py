"""Facts of a node at one moment to the status that is shown."""

from dataclasses import dataclass

from hadaemon.cluster.knowledge import Knowledge
from hadaemon.cluster.phases import Phase
from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.cluster.witness import WitnessState, score_of
from hadaemon.problems import Problem, kinds, other
from hadaemon.status.node import NodeStatus, PeerState, PeerStatus, ScoreStatus, WitnessStatus
from hadaemon.status.states import NodeState, Role
from hadaemon.vrrp.model import RELEASE

_DEAF = 2.0
"""Seconds for which the other node may not hear this one: it takes a moment at the start."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the node knows; times are monotonic seconds."""

    node: str
    cluster: str
    role: Role
    state: NodeState
    phase: Phase | None
    reason: str
    since: float
    known: Knowledge
    held: frozenset[str]
    """Ports of virtual addresses that have them."""
    failures: tuple[Problem, ...]


def report(facts: Facts, now: float) -> NodeStatus:
    """The whole status."""
    known = facts.known
    score, ports = known.score, known.all_ports
    peer = _peer(ports, now)
    return NodeStatus(
        node=facts.node,
        cluster=facts.cluster,
        role=facts.role,
        state=facts.state,
        reason=_reason(facts, peer),
        since=now - facts.since,
        score=ScoreStatus(
            score.priority,
            score.health.links_down,
            len(known.pings.counted.faults()),
            score.preferred,
            known.unproven,
            known.routes.faults,
            len(known.checks.counted.faults()),
            len(known.services.counted.faults()),
        ),
        interfaces=tuple(port.status(port.address_port in facts.held, now) for port in ports),
        peer=peer,
        problems=_problems(facts, peer, now),
        phase=None if facts.phase is None else type(facts.phase).__name__.lower(),
        maintenance=known.memory.maintenance,
        suspended=str(known.damping) if known.memory.suspended else None,
        ping_groups=known.pings.status(),
        tracked_routes=known.routes.status(),
        checks=known.checks.status(),
        hotwire=_hotwire(known) if known.has_witness else None,
    )


def _reason(facts: Facts, peer: PeerStatus | None) -> str:
    """A backup has one reason above all: the other node is active."""
    if facts.state is NodeState.BACKUP and peer is not None and peer.state is PeerState.ACTIVE:
        own = facts.known.score.priority
        return f"{peer.address} on {peer.port} is active ({peer.priority} against our {own})"
    return facts.reason


def _peer(ports: tuple[WatchedPort, ...], now: float) -> PeerStatus | None:
    """Who was heard last, on whichever interface."""
    heard = [(port, port.heard) for port in ports if port.heard is not None]
    if not heard:
        return None
    port, last = max(heard, key=lambda pair: pair[1].at)
    if last.advertisement.priority == RELEASE:
        state = PeerState.RELEASED
    else:
        claims = port.hears_now(now) or port.has_rival(now)
        state = PeerState.ACTIVE if claims else PeerState.SILENT
    return PeerStatus(state, port.name, str(last.source), last.advertisement.priority, now - last.at)


def is_peer_dead(state: NodeState, peer: PeerStatus | None, witness: WitnessState | None) -> bool:
    """The other node's daemon died, or an active one fell silent on all ways."""
    silent = peer is not None and peer.state is PeerState.SILENT
    return witness is WitnessState.DEAD or (state is NodeState.ACTIVE and silent)


def _problems(facts: Facts, peer: PeerStatus | None, now: float) -> tuple[Problem, ...]:
    found = list(facts.failures)
    if facts.state is NodeState.FAULT:
        found.insert(0, Problem(kinds.NODE_FAULT, "", facts.reason))
    known = facts.known
    if known.memory.suspended:
        found.append(Problem(kinds.SUSPENDED, "", f"this node is {known.damping}"))
    if known.witness.state is WitnessState.SILENT:
        dead = is_peer_dead(facts.state, peer, known.witness.state)
        text = "the hotwire is silent: check its cable; preference moves nothing until it speaks again"
        found.append(Problem(kinds.PEER_DEAD if dead else kinds.HOTWIRE_SILENT, "", text))
    deaf_since = known.witness.deaf_since
    if known.witness.peer is not None and deaf_since is not None and now - deaf_since >= _DEAF:
        text = (
            f"the hotwire passes one way only: {known.witness.peer.name} does not hear this node: check its "
            "cable and both cards; preference moves nothing until it does"
        )
        found.append(Problem(kinds.HOTWIRE_ONE_WAY, "", text))
    misnamed = known.misnamed_master()
    if misnamed:
        found.append(other("master", f"cluster.toml: master: {misnamed}"))
    found += _unheard(known)
    for port in known.all_ports:
        found += port.problems(facts.state is NodeState.ACTIVE, now)
        found += _rival(facts, port, now)
    kinds_of_faults = (known.pings, known.routes, known.checks, known.services)
    found += (problem for each in kinds_of_faults for problem in each.problems())
    return tuple(dict.fromkeys(found))  # HA interfaces over one port say the same of it.


def _unheard(known: Knowledge) -> list[Problem]:
    """Without the hotwire this backup would take over from a node that is well."""
    peer = known.witness.active_peer
    if peer is None:
        return []
    return [
        other(
            f"{name}/unheard",
            f"port {name}: no advertisement of {peer.name} comes in, which is active as it says over the "
            "hotwire: check the network between the two, and what is dropped here (`hactl status --verbose`)",
        )
        for name in known.silence.ports
    ]


def _rival(facts: Facts, port: WatchedPort, now: float) -> list[Problem]:
    """Two are active."""
    heard = port.heard
    if facts.state is not NodeState.ACTIVE or heard is None or not port.has_rival(now):
        return []
    rival = f"{heard.source} is active too, with priority {heard.advertisement.priority}"
    text = (
        f"port {port.name}: {rival}, and answers for the virtual addresses: see whether it hears this node, "
        "and whether checksum and authentication are the same on both"
    )
    if facts.known.is_foreign(heard.advertisement):
        return [Problem(kinds.DUPLICATE, f"{port.name}/{heard.source}", text)]
    return [Problem(kinds.SPLIT, "", text)]


def _hotwire(known: Knowledge) -> WitnessStatus:
    peer = known.witness.peer
    if peer is None:
        return WitnessStatus(known.witness.state, None, None, None, None, "")
    priority = score_of(peer).priority
    ready = peer.state is NodeState.BACKUP and not peer.unready
    return WitnessStatus(known.witness.state, peer.name, peer.state, priority, ready, peer.unready)
