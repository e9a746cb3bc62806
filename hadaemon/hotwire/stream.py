"""The talk on the connection between the two daemons, whose end says that a daemon died.

Both ends send a random challenge first, then an authentic hello that echoes the other's challenge: so nobody
can open a connection in the peer's name only to break it. After that it carries what the spare needs to take
over, until one end says that it leaves, or its system closes the connection because its daemon is dead.
"""

from dataclasses import dataclass

from hadaemon.config.hotwire_keys import Key, Purpose, Secret
from hadaemon.hotwire.heartbeat import plain
from hadaemon.hotwire.message import MAX_SIZE, Dropped, DropReason, Kind, Life, Message, seal, unseal

CHALLENGE_SIZE = 8
_LENGTH_SIZE = 2


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The other end is this life of our peer's daemon."""

    name: str
    life: Life


@dataclass(frozen=True, slots=True)
class Left:
    """The other end leaves on purpose."""

    reason: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The other end closes the connection and lives on."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A piece of what this node needs to take over."""

    piece: bytes


StreamEvent = Confirmed | Left | Paused | Carried


class Stream:
    """One connection, for one life of our daemon. Anything wrong raises Dropped: close the connection."""

    def __init__(self, name: str, life: Life, secret: Secret, challenge: bytes) -> None:
        """`challenge`: CHALLENGE_SIZE random bytes, never used before."""
        self._name = name
        self._life = life
        self._secret = secret
        self._challenge = challenge
        self._theirs: bytes | None = None
        self._buffer = b""
        self._sequence = 0
        self._received = 0
        self.confirmed: Confirmed | None = None
        self.finished = False
        """The other end said that it closes the connection."""

    def opening(self) -> bytes:
        """What to send first."""
        return self._challenge

    def farewell(self, kind: Kind, reason: str) -> bytes:
        """What to send last; empty where nobody could believe it."""
        return self._sealed(kind, reason.encode()[: MAX_SIZE // 2]) if self._theirs is not None else b""

    def carry(self, piece: bytes) -> bytes:
        """A piece of what the other end needs to take over; empty while it has not proved who it is."""
        return self._sealed(Kind.CARRY, piece) if self.confirmed is not None else b""

    def feed(self, data: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """Takes in what was received; answers with what to send and what it means."""
        self._buffer += data
        reply = b""
        if self._theirs is None:
            if len(self._buffer) < CHALLENGE_SIZE:
                return b"", ()
            self._theirs, self._buffer = self._buffer[:CHALLENGE_SIZE], self._buffer[CHALLENGE_SIZE:]
            reply = self._sealed(Kind.REPORT, b"")
        events = []
        while (packet := self._next_packet()) is not None:
            events.append(self._take(unseal(packet, self._name, self._key_of)))
        return reply, tuple(events)

    def _next_packet(self) -> bytes | None:
        if len(self._buffer) < _LENGTH_SIZE:
            return None
        size = int.from_bytes(self._buffer[:_LENGTH_SIZE], "big")
        if size > MAX_SIZE:
            raise Dropped(DropReason.MALFORMED)
        end = _LENGTH_SIZE + size
        if len(self._buffer) < end:
            return None
        packet, self._buffer = self._buffer[_LENGTH_SIZE:end], self._buffer[end:]
        return packet

    def _take(self, message: Message) -> StreamEvent:
        if message.echo != int.from_bytes(self._challenge, "big") or message.sequence <= self._received:
            raise Dropped(DropReason.REPLAYED)
        self._received = message.sequence
        if self.confirmed is None:
            if message.kind is not Kind.REPORT:
                raise Dropped(DropReason.BODY)
            self.confirmed = Confirmed(message.sender, message.life)
            return self.confirmed
        if message.life != self.confirmed.life or message.sender != self.confirmed.name:
            raise Dropped(DropReason.THIRD_BOX)
        match message.kind:
            case Kind.GOODBYE:
                self.finished = True
                return Left(plain(message.body))
            case Kind.PAUSE:
                self.finished = True
                return Paused()
            case Kind.CARRY:
                return Carried(message.body)
            case Kind.REPORT:
                raise Dropped(DropReason.BODY)

    def _sealed(self, kind: Kind, body: bytes) -> bytes:
        assert self._theirs is not None
        self._sequence += 1
        echo = int.from_bytes(self._theirs, "big")
        message = Message(kind, self._life, self._sequence, echo, 0, self._name, body)
        packet = seal(message, self._secret.key(Purpose.STREAM, self._name))
        return len(packet).to_bytes(_LENGTH_SIZE, "big") + packet

    def _key_of(self, sender: str) -> Key:
        return self._secret.key(Purpose.STREAM, sender)
