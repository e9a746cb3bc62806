"""A node's part in the cluster: its state, what it is in the middle of, and the verbs that change them.

Invariants: the virtual routers are in the state that belongs to the node's; what is done with the virtual
addresses follows from state and phase alone.
"""

from dataclasses import replace

from hadaemon.cluster import election, reasons
from hadaemon.cluster.actions import HandoverEnded, Remember, StateChanged
from hadaemon.cluster.group import Group
from hadaemon.cluster.knowledge import Knowledge
from hadaemon.cluster.memory import Memory
from hadaemon.cluster.orders import Orders, Serving
from hadaemon.cluster.phases import Lingering, Phase, Releasing, is_asked
from hadaemon.status.states import NodeState

_ELECTING = frozenset({NodeState.ACTIVE, NodeState.BACKUP})


class Member:
    """It does not decide when to change."""

    def __init__(self, known: Knowledge, preempt_delay: float, now: float) -> None:
        self.known = known
        self.orders = Orders(known.ports)
        self.group = Group(known.all_ports, self.orders)
        self.state = NodeState.OFF
        self.phase: Phase | None = None
        """What the node is in the middle of; each belongs to one state, and ends with it."""
        self.reason = reasons.NOT_STARTED
        self.since = now
        self.links_by = now
        """A node of which no port has been up yet counts as blind from then on; monotonic seconds."""
        self._contested = False
        self._driven_out = False
        """Backup only because a foreign router claims to be better."""
        self._preempts_from = now
        self._preempt_delay = preempt_delay

    @property
    def is_electing(self) -> bool:
        """Active or backup."""
        return self.state in _ELECTING

    @property
    def serving(self) -> Serving:
        if self.state is NodeState.ACTIVE:
            return Serving.ANSWERING
        return Serving.KEEPING if isinstance(self.phase, Lingering) else Serving.NOTHING

    def preempts(self, now: float) -> bool:
        """Preference counts: the node has been backup and healthy for as long as it has to, and has the
        connections that it would take over."""
        return now >= self._preempts_from and not self.known.missing

    def yield_to_foreign(self, reason: str, now: float) -> None:
        """Becomes backup because of a router that is not the other node: neither this nor the way back counts
        as a switch of the pair."""
        self._driven_out = True
        self.change_state(NodeState.BACKUP, reason, now)

    def change_state(self, new: NodeState, reason: str, now: float, phase: Phase | None = None) -> None:
        old, self.state = self.state, new
        ended, self.phase = self.phase, phase
        self.reason = reason
        if new is not NodeState.ACTIVE:
            self.orders.announcer.stop()
        if isinstance(ended, Releasing):
            self.group.set_priority(self.known.score.priority)
        if is_asked(ended) and phase is None and new is not NodeState.ACTIVE:
            self.orders.note(HandoverEnded(False, reason))
        if new is old:
            return
        self.since = now
        self._preempts_from = now + self._preempt_delay
        self.known.note_state(new is NodeState.ACTIVE, now)
        self.orders.note(StateChanged(old, new, reason))
        if {old, new} == _ELECTING and not is_asked(ended) and not self._driven_out:
            self._count_switch(now)
        self._driven_out = self._driven_out and new is NodeState.BACKUP

    def peer_is_active(self, now: float) -> None:
        """The other node says that it is active: so this node did not give way to a foreign router."""
        if self._driven_out:
            self._driven_out = False
            self._count_switch(now)

    def _count_switch(self, now: float) -> None:
        if self.known.damping.note_switch(now):
            self.known.damping.suspend(now)
            self.remember(replace(self.known.memory, suspended=True), now)

    def is_fit(self, now: float) -> bool:
        """Whether it can take part; if not, it is in fault."""
        self.links_by = now + election.LINK_PATIENCE
        fault = self.known.fault()
        if fault is not None:
            self.change_state(NodeState.FAULT, fault, now)
        return fault is None

    def take_part(self, reason: str, now: float, phase: Phase | None = None) -> None:
        if self.is_fit(now):
            self.listen_again(reason, now, phase)

    def listen_again(self, reason: str, now: float, phase: Phase | None = None) -> None:
        """Becomes backup, and is silent until it is known who is active."""
        self.group.listen(now)
        self.change_state(NodeState.BACKUP, reason, now, phase)

    def become_active(self, reason: str, now: float) -> None:
        asked = is_asked(self.phase)
        self.group.claim(now)
        self.change_state(NodeState.ACTIVE, reason, now)
        if asked:
            self.orders.note(HandoverEnded(True, reason))

    def go_on(self, before: "Member | None") -> None:
        """Continues in the state from before the configuration was read again, with its time, reason and
        delays."""
        if before is not None and before.state is self.state:
            self.since, self.reason = before.since, before.reason
            self._preempts_from, self.links_by = before._preempts_from, before.links_by

    def leave(self, state: NodeState, reason: str, now: float) -> None:
        """Leaves the election."""
        self.group.shut_down(now)
        self.change_state(state, reason, now)

    def remember(self, memory: Memory, now: float) -> None:
        if memory == self.known.memory:
            return
        self.known.memory = memory
        self.orders.note(Remember(memory))
        self.reconsider(now)

    def reconsider(self, now: float) -> None:
        """The facts behind the score may have changed: the other node has to know at once."""
        before = self.known.score
        self._contested = self._is_contested(now)
        if not self.known.rescore(self._contested, now) or isinstance(self.phase, Releasing):
            return
        self.group.set_priority(self.known.score.priority)
        if self.state is NodeState.ACTIVE:
            self.group.advertise()
        elif self.known.score.health < before.health:
            self._preempts_from = now + self._preempt_delay

    def weigh_links(self, now: float) -> None:
        """Computes the score anew if unproven links begin or cease to count, by what is known of the other
        node."""
        if self._contested != self._is_contested(now):
            self.reconsider(now)

    def _is_contested(self, now: float) -> bool:
        """This node would have to take over from an active one; matters only while a link is unproven."""
        doubts = bool(self.known.proofs.unproven)
        return doubts and self.state is not NodeState.ACTIVE and self.known.hears_active(now)
