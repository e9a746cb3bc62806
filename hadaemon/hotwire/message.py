"""One message of the hotwire: its bytes, and the checks that it must pass before anything in it is believed.

    offset  size  field
    0       4     magic "HSHW"
    4       1     version
    5       1     kind
    6       2     length of the body
    8       8     epoch of the sender's life: greater with each start of its daemon
    16      8     nonce of the sender's life: random
    24      8     sequence number, greater with each message of a life
    32      8     echo: the nonce of the receiver's life, as far as the sender knows it; 0: not yet
    40      2     interval at which the sender sends, milliseconds
    42      1     length of the sender's name
    43      n     name of the sending node, ASCII
    43+n    m     body
    43+n+m  32    HMAC-SHA256 of all that, by the key of this sender and purpose

The header never changes; what a later firmware adds goes into the body, where one that does not know it
passes over it. So neighbouring versions of the firmware understand each other without agreeing on anything,
and another number in the header means: too far apart.
"""

import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from hadaemon.config.hotwire_keys import Key
from hadaemon.config.values import MAX_HOST_NAME

VERSION = 1
MAX_SIZE = 1200
"""Bytes of a whole message: fits every Ethernet frame."""
MAX_NAME = MAX_HOST_NAME

_MAGIC = b"HSHW"
_HEADER = struct.Struct("!4sBBHQQQQHB")
_TAG_SIZE = 32
MAX_BODY = MAX_SIZE - _HEADER.size - MAX_NAME - _TAG_SIZE
"""Bytes of a body that fits whatever the name."""


class Kind(IntEnum):
    """What a message says."""

    REPORT = 1
    """How the sender is, and that it lives."""
    GOODBYE = 2
    """The sender leaves on purpose; the body is the reason."""
    PAUSE = 3
    """The sender closes a connection and lives on."""
    CARRY = 4
    """On the connection of the daemons: a piece of what the other node needs to take over."""


class DropReason(StrEnum):
    """Why a message was not believed."""

    MALFORMED = "malformed"
    """Not a message of ours: too short or too long, or its lengths contradict each other."""
    OLDER_VERSION = "older-version"
    """A version that we no longer speak."""
    NEWER_VERSION = "newer-version"
    """A version that we do not speak yet."""
    OWN_NAME = "own-name"
    """It bears our own name: it came back to us, or both nodes have the same name."""
    WRONG_KEY = "wrong-key"
    """Somebody who does not have our secret, or a message that was changed."""
    WRONG_SOURCE = "wrong-source"
    """It came from another address than the peer's."""
    THIRD_BOX = "third-box"
    """A node that has our secret and is not our peer."""
    REPLAYED = "replayed"
    """A message that we have had, or that a later one has overtaken."""
    FORMER_LIFE = "former-life"
    """A message from before the peer's last start, or from before it left."""
    BODY = "body"
    """Authentic, but its body cannot be understood."""


class Dropped(Exception):
    """A message is not believed."""

    def __init__(self, reason: DropReason) -> None:
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a daemon, from start to end."""

    epoch: int
    """Greater than in all lives before, as far as they were remembered; 64 bits."""
    nonce: int
    """Random and never 0; 64 bits."""


@dataclass(frozen=True, slots=True)
class Message:
    """An authentic message. Whether it is fresh is for its reader to say."""

    kind: Kind
    life: Life
    sequence: int
    echo: int
    """Nonce of the life that the sender speaks to; 0: it knows of none."""
    interval: int
    """Milliseconds."""
    sender: str
    body: bytes


def seal(message: Message, key: Key) -> bytes:
    """The bytes of a message. Its name and body must fit (MAX_NAME, MAX_BODY)."""
    name = message.sender.encode("ascii")
    header = _HEADER.pack(
        _MAGIC,
        VERSION,
        message.kind,
        len(message.body),
        message.life.epoch,
        message.life.nonce,
        message.sequence,
        message.echo,
        message.interval,
        len(name),
    )
    signed = header + name + message.body
    return signed + key.sign(signed)


def unseal(data: bytes, own_name: str, key_of: Callable[[str], Key]) -> Message:
    """Bytes to an authentic message; raises Dropped. Nothing but lengths and name is read before the HMAC
    has been compared."""
    if not _HEADER.size + _TAG_SIZE <= len(data) <= MAX_SIZE or data[:4] != _MAGIC:
        raise Dropped(DropReason.MALFORMED)
    _, version, kind, body_size, epoch, nonce, sequence, echo, interval, name_size = _HEADER.unpack_from(data)
    if version < VERSION:
        raise Dropped(DropReason.OLDER_VERSION)
    if version > VERSION:
        raise Dropped(DropReason.NEWER_VERSION)
    body_at = _HEADER.size + name_size
    end = body_at + body_size
    if end + _TAG_SIZE != len(data) or not 0 < name_size <= MAX_NAME:
        raise Dropped(DropReason.MALFORMED)
    sender = data[_HEADER.size : body_at].decode("ascii", "replace")
    if not sender.isascii():
        raise Dropped(DropReason.MALFORMED)
    if sender == own_name:
        raise Dropped(DropReason.OWN_NAME)
    expected = key_of(sender).sign(data[:end])
    if not hmac.compare_digest(expected, data[end:]):
        raise Dropped(DropReason.WRONG_KEY)
    if kind not in _KINDS or not nonce:
        raise Dropped(DropReason.BODY)
    return Message(Kind(kind), Life(epoch, nonce), sequence, echo, interval, sender, data[body_at:end])


_KINDS = frozenset(Kind)
