"""What a node knows, and what follows from that alone: its score, its faults and which node it leaves active.

It holds no state of the node and decides nothing that needs one.
"""

from dataclasses import replace

from hadaemon.cluster import election, reasons
from hadaemon.cluster.blame import Blame
from hadaemon.cluster.counted import Counted
from hadaemon.cluster.damping import Damping
from hadaemon.cluster.events import CheckResult, PingResult, PortChanged, RouteChanged, ServiceSeen
from hadaemon.cluster.memory import EMPTY
from hadaemon.cluster.own_checks import OwnChecks
from hadaemon.cluster.pings import PingChecks
from hadaemon.cluster.proofs import Proofs
from hadaemon.cluster.routes import RouteChecks
from hadaemon.cluster.score import Health, Score
from hadaemon.cluster.services import CountedServices
from hadaemon.cluster.silence import Silence
from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.cluster.witness import Witness, score_of
from hadaemon.config.model import ClusterConfig, ElectionMode, NodeConfig, TrackedRoute
from hadaemon.config.names import unknown_master
from hadaemon.status.node import Link
from hadaemon.status.peer import Peer
from hadaemon.status.states import NodeState
from hadaemon.vrrp.model import OWNER, RELEASE, Advertisement, Priority, Vrid
from hadaemon.vrrp.router import Standing
from hadaemon.vrrp.timers import seconds


class Knowledge:
    """Links, checks, the peer over the hotwire, and what was remembered."""

    def __init__(self, node: NodeConfig, cluster: ClusterConfig) -> None:
        self._node = node
        self._cluster = cluster
        self.memory = EMPTY
        self.pings = PingChecks(cluster.ping_groups)
        self.routes = RouteChecks(cluster.tracked_routes)
        self.checks = OwnChecks(cluster.checks)
        self.services = CountedServices(cluster.follow)
        self.proofs = Proofs()
        self.missing = ""
        """Says that some of the other node's connections are not here yet; empty: nothing to wait for."""
        self.unproven = 0
        """HA interfaces that serve over a link that is not proven, as far as it counts now."""
        self.upgrading = False
        """The pair's firmware is being upgraded: preference moves nothing."""
        self.damping = Damping(cluster.election)
        self.witness = Witness()
        self.silence = Silence(seconds(cluster.intervals[-1]))
        self.has_witness = cluster.hotwire is not None and cluster.election.mode is ElectionMode.WITNESS
        """Whether the hotwire counts. If not, the witness never hears anything."""
        self._next_link: float | None = None
        """When a link that came up begins to count, or to count fully; monotonic seconds."""
        health = Health(links_down=len(cluster.ha_interfaces))
        self.score = Score(health, self._is_preferred(), *self._explicit())
        by_vrid = sorted(cluster.ha_interfaces, key=lambda interface: interface.vrid)
        self.ports = {
            interface.address_port: WatchedPort(
                interface, node.ports[interface.port], cluster, self.score.priority
            )
            for interface in by_vrid
        }
        """The HA interfaces, by the port that has their virtual addresses."""
        self.all_ports = tuple(self.ports.values())
        """By VRID."""

    def go_on(self, before: "Knowledge", now: float) -> None:
        """Takes over what the node of the previous configuration knew: see `docs/election.md`.

        What the other node says over the hotwire is not carried on, because its connection begins anew, and
        neither are delays of the protocol that end by themselves.
        """
        for port in self.all_ports:
            port.go_on(before.ports.get(port.address_port), now + election.LINK_PATIENCE)
        self.proofs.go_on(before.proofs)
        self.pings.counted.go_on(before.pings.counted)
        self.routes.blame.go_on(before.routes.blame)
        self.checks.go_on(before.checks)
        self.services.counted.go_on(before.services.counted)
        self.damping.go_on(before.damping)

    def advertises_less(self, before: "Knowledge") -> bool:
        """Some HA interface has a longer Advertisement_Interval than it had before."""
        return any(
            port.address_port in before.ports and port.interval > before.ports[port.address_port].interval
            for port in self.all_ports
        )

    def listening(self, port: str, vrid: Vrid | None = None) -> WatchedPort | None:
        """The HA interface that advertises over a port with that VRID; if there is none, the first one over
        that port. None: nothing of ours is advertised there."""
        over = [each for each in self.all_ports if each.name == port]
        return next((each for each in over if each.vrid == vrid), over[0] if over else None)

    def note_port(self, facts: PortChanged, now: float) -> WatchedPort | None:
        """Notes a change of a port; returns the HA interface that this has made able to communicate, if there
        is one."""
        came_up = None
        self.proofs.note_link(facts, now)
        for port in self.all_ports:
            before = port.is_up, port.can_announce
            if port.address_port == facts.port:
                port.update_address_port(facts)
            if port.name == facts.port:
                port.update(facts, now)
            if (port.is_up, port.can_announce) > before:
                came_up = port
        return came_up

    def note_check(self, event: PingResult | RouteChanged | CheckResult | ServiceSeen, now: float) -> None:
        """Of a ping group's host, a tracked route, an own check or a service."""
        match event:
            case PingResult():
                self.pings.note(event, now)
            case RouteChanged():
                self.routes.note(event, now)
            case CheckResult():
                self.checks.note(event, now)
            case ServiceSeen():
                self.services.note(event, now)

    def note_state(self, active: bool, now: float) -> None:
        """Whether this node is active from now on."""
        self.routes.blame.note_state(active, now)
        for counted in self._counted:
            counted.note_state(active, now)

    def forgive(self, now: float) -> None:
        """It may try again what it could not reach when it was active."""
        for blame in self._blames:
            blame.forgive(now)

    def hears_active(self, now: float) -> bool:
        """Another node is active, by its advertisements or by what it says over the hotwire."""
        return self.witness.active_peer is not None or any(port.hears_now(now) for port in self.all_ports)

    def rescore(self, contested: bool, now: float) -> bool:
        """Computes the score anew. True when it changed: the other node has to know at once.

        `contested`: this node would have to take over from an active one. Only then does it matter whether
        its links are proven: where nobody is active, an unproven link is better than nobody, and an active
        node stays so until the other one proves to be better.
        """
        self.proofs.pass_time(now)
        serving = [port for port in self.all_ports if port.serves(now)]
        self.unproven = sum(port.depends_on(self.proofs.unproven) for port in serving) if contested else 0
        links_down = sum(port.is_lost(now) for port in self.all_ports)
        for blame in self._blames:
            blame.pass_time(now)
        health = Health(links_down, self.failed_checks + self.unproven)
        before, self.score = self.score, Score(health, self._is_preferred(), *self._explicit())
        moments = (moment for port in self.all_ports for moment in (port.counts_from, port.patient_until))
        later = [moment for moment in moments if moment > now]
        doubt = self.proofs.next_deadline
        self._next_link = min(later if doubt is None else [*later, doubt], default=None)
        return before != self.score

    @property
    def next_change(self) -> float | None:
        """When the score changes by itself, if nothing else happens; monotonic seconds."""
        moments = (self._next_link, *(blame.next_deadline for blame in self._blames))
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def _blames(self) -> tuple[Blame[str] | Blame[TrackedRoute], ...]:
        return self.routes.blame, *(counted.blame for counted in self._counted)

    @property
    def _counted(self) -> tuple[Counted, ...]:
        return self.pings.counted, self.checks.counted, self.services.counted

    @property
    def failed_checks(self) -> int:
        """Ping groups, tracked routes, own checks and services."""
        return self.routes.faults + sum(len(counted.faults()) for counted in self._counted)

    def fault(self) -> str | None:
        """Why this node cannot take part: it has none of its ports. A single missing port is only a lost
        link."""
        if any(port.present for port in self.all_ports):
            return None
        if any(port.was_present for port in self.all_ports):
            return reasons.ALL_PORTS_GONE
        return reasons.missing(tuple(self._node.ports[port.name] for port in self.all_ports))

    def floor(self, preempts: bool) -> Priority:
        """The lowest priority that a backup leaves active; `preempts`: its delay is over."""
        return election.acceptance_floor(self.score, preempts and self._may_preempt())

    def takeover_time(self, links_by: float) -> float | None:
        """When a backup is to become active if nothing is heard; monotonic seconds."""
        due = election.takeover_time(self.all_ports, links_by)
        if self.witness.cut_at is None:
            return due
        death = election.death_time(self.all_ports, self.witness.cut_at)
        return min((time for time in (due, death) if time is not None), default=None)

    def standing_to_active(self, advertisement: Advertisement, waited: bool, now: float) -> Standing:
        """How this node, when active, takes an advertisement that its port has noted already."""
        peer = self.witness.peer
        if self.score.is_owner and advertisement.priority != RELEASE:
            return Standing.REFUSED
        if peer is not None and not peer.deaf and advertisement.priority == self.score.priority:
            if peer.state is NodeState.ACTIVE:
                return Standing.ACCEPTED if self.loses_tie(peer) else Standing.REFUSED
            if not waited:
                return Standing.UNDECIDED  # It may say in a moment that it is. Else this is another router.
        return election.standing_to_active(advertisement, self.score.priority, self.all_ports, waited, now)

    def yields_to(self, peer: Peer) -> bool:
        """Both are active, as the peer says over the hotwire: whether this node gives way."""
        theirs = score_of(peer)
        if theirs.beats(self.score, preempt=True):
            return True
        return not peer.deaf and not self.score.beats(theirs, preempt=True) and self.loses_tie(peer)

    def is_foreign(self, advertisement: Advertisement) -> bool:
        """The advertisement is not the other node's: that node says that it is not active, or neither node is
        the owner."""
        peer = self.witness.peer
        says_otherwise = peer is not None and peer.state is not NodeState.ACTIVE
        owned = OWNER in self._cluster.vrrp.priorities.values()
        return says_otherwise or (advertisement.priority == OWNER and not owned)

    def loses_tie(self, peer: Peer) -> bool:
        """Names always differ. They decide only while both nodes hear each other over the hotwire: a node
        that does not goes by the addresses."""
        return peer.name > self._node.name

    def beats(self, peer: Peer, preempts: bool) -> bool:
        """Whether this node, when backup, is to be active in place of the peer, by what the peer says."""
        return self.score.beats(score_of(peer), preempts and self._may_preempt())

    def left_to_begin(self) -> Peer | None:
        """Two nodes that start together agree over the hotwire who begins, and need not listen for as long as
        one that is alone. The peer, if that is this node; None: there is no such agreement.

        Both hear each other; this node is preferred, has all its links, and is no less healthy. Asked only at
        the start, by a node that hears nobody active: later, what the peer says may be older than it knows.
        """
        peer = self.witness.ready_peer
        if peer is None or peer.deaf or peer.preferred or not self.score.preferred:
            return None
        whole = self.score.health.links_down == 0
        return peer if whole and not score_of(peer).health < self.score.health else None

    def preferring(self) -> Score:
        """The score if a planned switch made this node the preferred one."""
        return replace(self.score, preferred=True)

    def adopt(self, peer: Peer) -> bool:
        """Learns who is preferred after a planned switch that only the peer has seen. True: that is new."""
        same = peer.epoch == self.memory.epoch and peer.preferred == self.score.preferred
        contradicts = peer.switched and same and self.memory.preferred is not None
        knows_better = peer.epoch > self.memory.epoch or (contradicts and peer.name > self._node.name)
        if not knows_better:
            return False
        preferred = not peer.preferred if peer.switched else None
        self.memory = replace(self.memory, preferred=preferred, epoch=peer.epoch, suspended=False)
        self.damping.clear()
        return True

    def as_peer(self, state: NodeState, releasing: bool, claims: bool) -> Peer:
        """What to tell the other node over the hotwire."""
        links: dict[str, bool] = {}
        for port in self.all_ports:
            links[port.name] = port.link is Link.UP and links.get(port.name, True)
        takes_part = state in (NodeState.ACTIVE, NodeState.BACKUP)
        return Peer(
            name=self._node.name,
            state=state,
            releasing=releasing,
            links_down=self.score.health.links_down,
            failed_groups=self.failed_checks,
            unproven=self.unproven,
            preferred=self.score.preferred,
            epoch=self.memory.epoch,
            switched=self.memory.preferred is not None,
            claims=claims,
            suspended=self.memory.suspended,
            links=tuple(links.items()),
            unready=self._unready() if takes_part else f"it is in state {state}",
            deaf=self.has_witness and self.witness.peer is None,
        )

    def note_silence(self, is_backup: bool, now: float) -> None:
        """Whether the advertisements of an active peer come in."""
        self.silence.note(self.all_ports, self.witness.active_peer if is_backup else None, now)

    def misnamed_master(self) -> str:
        """What is wrong with the `master` of the configuration: it is neither this node nor the other one, as
        that calls itself over the hotwire. Empty: nothing, or the other one is not known."""
        peer, master = self.witness.peer, self._cluster.master
        if peer is None or master in (self._node.name, peer.name) or self._cluster.vrrp.priorities:
            return ""
        return unknown_master(master, (self._node.name, peer.name))

    def _unready(self) -> str:
        """Why this node could not take over well; empty: it could."""
        return reasons.HEARS_NOTHING if self.silence.is_whole else self.missing

    def _may_preempt(self) -> bool:
        """Whether preference counts at all. Preempt_Mode does not apply to the address owner (RFC 9568
        §6.1)."""
        frozen = self.witness.is_frozen or self.upgrading or self.memory.suspended
        if frozen or not (self._cluster.vrrp.preempt or self.score.is_owner):
            return False
        return self.score.preferred

    def _is_preferred(self) -> bool:
        base, rival = self._explicit()
        if OWNER in (base, rival):
            return base == OWNER  # No switch changes that, not even one from before it owned the addresses.
        if self.memory.preferred is not None:
            return self.memory.preferred
        if base is not None and rival is not None:
            return base > rival
        return self._cluster.master == self._node.name

    def _explicit(self) -> tuple[Priority | None, Priority | None]:
        """The configured priorities: ours and the other node's."""
        priorities = self._cluster.vrrp.priorities
        own = priorities.get(self._node.name)
        others = [priority for name, priority in priorities.items() if name != self._node.name]
        return own, others[0] if len(others) == 1 else None
