"""What the hotwire tells of the other node. It decides nothing: `election` and `node` ask."""

from enum import StrEnum

from hadaemon.cluster.score import Health, Score
from hadaemon.status.peer import Peer
from hadaemon.status.states import NodeState
from hadaemon.vrrp.timers import LONG_AGO


class WitnessState(StrEnum):
    """What is known of the peer over the hotwire."""

    NEVER = "never"
    """No word since this daemon began: the advertisements alone decide, as in mode `vrrp`."""
    ALIVE = "alive"
    SILENT = "silent"
    """It spoke before, and nobody knows why it does not now: perhaps only the hotwire is broken."""
    LEFT = "left"
    """It said goodbye."""
    DEAD = "dead"
    """Its daemon died, its system lives."""


class Witness:
    """The peer's last words."""

    def __init__(self) -> None:
        self.state = WitnessState.NEVER
        self.peer: Peer | None = None
        """Only while it is alive."""
        self.deaf_since: float | None = None
        """Since when it says that it does not hear us, while we hear it; None: it does, or is not heard."""
        self.ended_at = LONG_AGO
        """When it left or died."""
        self.cut_at: float | None = None
        """When the link of the hotwire was lost; None: it was not."""
        self._carrier = False

    def note_report(self, peer: Peer | None, now: float) -> bool:
        """True when it was active and takes no part any more, so that somebody has to take its place: who
        stops says so before the goodbye."""
        left = peer is not None and peer.state not in (NodeState.ACTIVE, NodeState.BACKUP)
        was_active, self.peer = self._was_active, peer
        deaf = peer is not None and peer.deaf
        self.deaf_since = (now if self.deaf_since is None else self.deaf_since) if deaf else None
        if peer is not None:
            self.state = WitnessState.ALIVE
        elif self.state is WitnessState.ALIVE:
            self.state = WitnessState.SILENT
        return was_active and left

    def note_end(self, state: WitnessState, now: float) -> bool:
        """It left or died. True when it was active, so that somebody has to take its place."""
        was_active = self._was_active
        self.state, self.peer, self.ended_at, self.deaf_since = state, None, now, None
        return was_active

    @property
    def _was_active(self) -> bool:
        """By its last words."""
        return self.peer is not None and self.peer.state is NodeState.ACTIVE

    def note_carrier(self, carrier: bool, now: float) -> None:
        if carrier:
            self.cut_at = None
        elif self._carrier:
            self.cut_at = now
        self._carrier = carrier

    def forget(self) -> None:
        """What is known may be over, also that the peer seemed to die with its link."""
        self.state, self.peer, self.deaf_since = WitnessState.NEVER, None, None
        self.cut_at = None

    @property
    def is_frozen(self) -> bool:
        """Preference moves nothing: without the hotwire the peer cannot be asked whether it is ready, nor be
        asked to hand over when it passes one way only."""
        return self.state is WitnessState.SILENT or self.deaf_since is not None

    @property
    def active_peer(self) -> Peer | None:
        """The peer, if it says that it is active and means to stay so."""
        peer = self.peer
        return peer if peer is not None and peer.state is NodeState.ACTIVE and not peer.releasing else None

    @property
    def ready_peer(self) -> Peer | None:
        """The peer, if it says that it is backup."""
        peer = self.peer
        return peer if peer is not None and peer.state is NodeState.BACKUP else None

    @property
    def is_offered(self) -> bool:
        """The peer offers the virtual addresses."""
        return self.peer is not None and self.peer.state is NodeState.ACTIVE and self.peer.releasing


def score_of(peer: Peer) -> Score:
    """The peer's score by its own words."""
    return Score(Health(peer.links_down, peer.failed_groups + peer.unproven), peer.preferred)
