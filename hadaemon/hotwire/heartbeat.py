"""The heartbeat of a pair: what one node sends, what it believes, and when the other one is silent.

No clock is needed against replays. A node draws a random nonce for each of its lives, and believes only what
echoes it: so an older recording is worth nothing. Within a life the sequence number must grow, and the peer's
lives follow each other by their epochs. The first message after a start therefore only introduces its sender;
it is answered at once, so that belief costs one round trip.

When the peer has fallen silent, the node begins another life (`begin_life`): what was sent before that and
comes late, because it waited in a queue of the kernel or somebody held it back, echoes the former nonce, and
is no sign of life. Without that, the last words of a node that was killed while the cable was cut were
believed when the cable was whole again.
"""

from collections import Counter, deque
from dataclasses import dataclass

from hadaemon.cluster.events import Event, PeerGoodbye, PeerReport
from hadaemon.config.hotwire_keys import Key, Purpose, Secret
from hadaemon.hotwire.message import MAX_BODY, Dropped, DropReason, Kind, Life, Message, seal, unseal
from hadaemon.hotwire.report import decode_report
from hadaemon.status.report import Report

_REMEMBERED_LIVES = 256
"""Ended lives of the peer that are remembered: their messages are never believed again."""
_INTERVALS = range(50, 1001)
"""Milliseconds: what a peer may say of its own interval."""


@dataclass(slots=True)
class _Peer:
    """A peer that has echoed our nonce."""

    name: str
    life: Life
    sequence: int
    interval: int
    """Milliseconds."""
    heard_at: float
    """Monotonic seconds."""
    body: bytes
    report: Report
    event: tuple[PeerReport]
    """What the node is told of each such message."""


class Heartbeat:
    """One node's end of the heartbeat, for one life of its daemon. Times are monotonic seconds."""

    def __init__(self, name: str, life: Life, secret: Secret, interval: int, missed: int) -> None:
        """`interval` is milliseconds; after `missed` of the peer's intervals without a word it is silent."""
        self._name = name
        self._life = life
        self._secret = secret
        self._interval = interval
        self._missed = missed
        self._key = secret.key(Purpose.HEARTBEAT, name)
        self._their_key = name, self._key
        """Whose, and the key; nobody else has our name."""
        self._sequence = 0
        self._echoed: Life | None = None
        """The life of the peer that we speak to."""
        self._peer: _Peer | None = None
        self._alive = False
        self._ended: deque[Life] = deque(maxlen=_REMEMBERED_LIVES)
        self._introduced = False
        self.received = 0
        """Messages that were believed."""
        self.dropped = 0
        """Messages that were not, of which each is in `drops` too."""
        self.drops: Counter[DropReason] = Counter()
        self.dropped_at: dict[DropReason, float] = {}
        """When something was last dropped for that reason."""

    # what is known

    @property
    def alive(self) -> bool:
        """The peer has been heard lately, and has not left."""
        return self._alive

    @property
    def peer_life(self) -> Life | None:
        """The life of the peer that is believed; None: it was never heard, or that life is over."""
        return self._peer.life if self._peer is not None and self._peer.life not in self._ended else None

    @property
    def peer_name(self) -> str | None:
        """Who was last believed."""
        return self._peer.name if self._peer is not None else None

    @property
    def report(self) -> Report | None:
        """What the peer said last, however long ago."""
        return self._peer.report if self._peer is not None else None

    @property
    def heard_at(self) -> float | None:
        """When the peer was last believed; None: never."""
        return self._peer.heard_at if self._peer is not None else None

    @property
    def next_deadline(self) -> float | None:
        """When the peer counts as silent, if it is not heard before."""
        if self._peer is None or not self._alive:
            return None
        # Half an interval for the way and for a busy sender.
        return self._peer.heard_at + (self._missed + 0.5) * self._peer.interval / 1000

    def begin_life(self, life: Life) -> None:
        """Ours, from now on: greater epoch, another nonce. What echoes the former one is believed no more."""
        self._life = life

    def take_introduction(self) -> bool:
        """True once after a new life of the peer introduced itself: it is to be answered at once."""
        introduced, self._introduced = self._introduced, False
        return introduced

    # what is sent

    def message(self, kind: Kind, body: bytes) -> bytes:
        """The next message; its body must fit MAX_BODY."""
        self._sequence += 1
        echo = 0 if self._echoed is None else self._echoed.nonce
        message = Message(kind, self._life, self._sequence, echo, self._interval, self._name, body[:MAX_BODY])
        return seal(message, self._key)

    # what comes in

    def receive(self, data: bytes, now: float) -> tuple[Event, ...]:
        """Takes in one datagram; answers with what it means to the node."""
        try:
            message = unseal(data, self._name, self._key_of)
            self._check_sender(message)
            self._check_life(message)
            if message.echo != self._life.nonce:
                self._introduce(message.life)
                return ()
            return self._believe(message, now)
        except Dropped as dropped:
            self.drop(dropped.reason, now)
            return ()

    def drop(self, reason: DropReason, now: float) -> None:
        """Counts what was not believed."""
        self.dropped += 1
        self.drops[reason] += 1
        self.dropped_at[reason] = now

    def tick(self, now: float) -> tuple[Event, ...]:
        """Time has passed. First take in what has arrived."""
        deadline = self.next_deadline
        if deadline is None or now < deadline:
            return ()
        self._alive = False
        return (PeerReport(None),)

    def end_life(self, life: Life) -> bool:
        """That life is over, as the connection tells: nothing of it is believed any more.

        True when it was the peer's present one.
        """
        was_present = self.peer_life == life
        if life not in self._ended:
            self._ended.append(life)
        if was_present:
            self._alive = False
        return was_present

    def _key_of(self, sender: str) -> Key:
        if self._their_key[0] != sender:
            self._their_key = (sender, self._secret.key(Purpose.HEARTBEAT, sender))
        return self._their_key[1]

    def _check_sender(self, message: Message) -> None:
        """While the peer lives, nobody takes its place. After that, a node of another name may be its
        replacement."""
        if self._peer is not None and self._alive and message.sender != self._peer.name:
            raise Dropped(DropReason.THIRD_BOX)

    def _check_life(self, message: Message) -> None:
        life, current = message.life, self._echoed
        if life in self._ended:
            raise Dropped(DropReason.FORMER_LIFE)
        if self._peer is not None and life == self._peer.life and message.sequence <= self._peer.sequence:
            raise Dropped(DropReason.REPLAYED)
        # A silent peer may come back with a lower epoch: a box that was set up anew counts from one.
        if self._alive and current is not None and life != current and life.epoch <= current.epoch:
            raise Dropped(DropReason.FORMER_LIFE)

    def _introduce(self, life: Life) -> None:
        if self._echoed != life:
            self._echoed = life
            self._introduced = True

    def _believe(self, message: Message, now: float) -> tuple[Event, ...]:
        """Authentic and fresh."""
        if message.kind is Kind.CARRY:
            raise Dropped(DropReason.BODY)
        if message.kind is Kind.REPORT:
            return self._believe_report(message, now)
        if message.kind is Kind.PAUSE:
            raise Dropped(DropReason.BODY)
        if not self.end_life(message.life):
            return ()
        self.received += 1
        return (PeerGoodbye(plain(message.body)),)

    def _believe_report(self, message: Message, now: float) -> tuple[Event, ...]:
        peer = self._peer
        if peer is not None and self._alive and peer.life == message.life and peer.body == message.body:
            peer.sequence, peer.heard_at = message.sequence, now
            self.received += 1
            return peer.event
        report = _decoded(message)
        if peer is not None and peer.life != message.life:
            self._ended.append(peer.life)
        self._introduce(message.life)
        self._peer = _Peer(
            name=message.sender,
            life=message.life,
            sequence=message.sequence,
            interval=min(max(message.interval, _INTERVALS[0]), _INTERVALS[-1]),
            heard_at=now,
            body=message.body,
            report=report,
            event=(PeerReport(report.peer),),
        )
        self._alive = True
        self.received += 1
        return self._peer.event


def plain(body: bytes) -> str:
    """The reason of a goodbye, safe to print."""
    reason = body.decode("utf-8", "replace")
    return reason if reason.isprintable() and reason else "no reason"


def _decoded(message: Message) -> Report:
    try:
        report = decode_report(message.body)
    except ValueError:
        raise Dropped(DropReason.BODY) from None
    if report.peer.name != message.sender:
        raise Dropped(DropReason.BODY)
    return report
