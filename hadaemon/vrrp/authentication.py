"""Who may speak: the password of version 2, and signed advertisements.

A signed advertisement is an ordinary one with a trailer of 28 bytes behind it, in the layout of keepalived
2.4's `auth_hmac`: scheme, key id, 16 reserved bits, a 64-bit sequence, HMAC-SHA256 cut to 128 bits. The HMAC
covers the family, the version, the VRID and the source, the whole message with its checksum read as zero, and
the trailer up to itself. Whoever does not know trailers takes it for padding.

The sequence only has to grow (keepalived: `anti_replay monotonic`), so that no clock has to agree with
another one. Its upper half is an epoch that the edge makes greater at each start, its lower half counts.
`hadaemon/daemon/ports/sequences.py` says how much of what was heard outlives a restart.

Nothing here shows a secret: not in a repr, not in an exception.
"""

import hmac
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, TypeAlias

from hadaemon.vrrp.checksum import CHECKSUM_AT
from hadaemon.vrrp.model import Discard, DiscardReason, IPAddress, Vrid

PASSWORD_SIZE = 8
"""Bytes of authentication data in every version 2 advertisement (RFC 3768 §5.3.10)."""

MIN_KEY_SIZE, MAX_KEY_SIZE = 32, 64
"""Bytes of a signing key, as keepalived has it."""

TRAILER_SIZE = 28

Epoch = NewType("Epoch", int)
"""Which life of a sender it is: 1 to 2^32 - 1."""

MAX_EPOCH = Epoch((1 << 32) - 1)

_HMAC_SHA256 = 1
_HMAC_SIZE = 16
_HEAD = struct.Struct("!BBHQ")
"""Scheme, key id, reserved, sequence: the trailer without its HMAC."""
_PSEUDO_HEADER = struct.Struct("!BBBx16s")
"""Family, version, VRID, zero, source padded with zeros."""

MAX_SOURCES = 16
"""Signed sources of a virtual router (a VRID and a family): both nodes, and addresses that they once had."""

_HALF = 1 << 63


class SignatureMode(StrEnum):
    """How far the roll-out of signatures has come. Each step can be made node by node without a pause."""

    RECEIVE_ONLY = "receive-only"
    """Signs nothing; checks what is signed, accepts what is not."""
    PERMISSIVE = "permissive"
    """Signs; checks what is signed, accepts what is not."""
    ENFORCE = "enforce"
    """Signs, and accepts only what is signed."""

    @property
    def signs(self) -> bool:
        return self is not SignatureMode.RECEIVE_ONLY


@dataclass(frozen=True, slots=True)
class Password:
    """Simple text authentication (RFC 3768 §5.3.6, type 1): against mistakes, not against listeners."""

    data: bytes = field(repr=False)
    """Exactly PASSWORD_SIZE bytes, shorter passphrases filled up with zeros."""

    def __post_init__(self) -> None:
        if len(self.data) != PASSWORD_SIZE:
            raise ValueError(f"the password field has {PASSWORD_SIZE} bytes")

    def check(self, received: bytes) -> None:
        """In constant time; raises Discard."""
        if not hmac.compare_digest(received, self.data):
            raise Discard(DiscardReason.AUTH_FAILED)


@dataclass(frozen=True, slots=True)
class Signatures:
    """What is configured about signed advertisements."""

    mode: SignatureMode
    key_id: int
    """The id of the key that signs, 1-255."""
    keys: Mapping[int, bytes] = field(repr=False)
    """All keys that are accepted, by id; among them the one that signs."""


class Signer:
    """Makes trailers. A node has one signer for everything that it sends, so that every sequence is used
    once."""

    def __init__(self, signatures: Signatures, epoch: Epoch) -> None:
        """`epoch` must be greater than that of every earlier signer of this node."""
        self._key_id = signatures.key_id
        self._key = signatures.keys[signatures.key_id]
        self._sequence = epoch << 32

    @property
    def epoch(self) -> Epoch:
        """Grows by itself after 2^32 advertisements: the edge has to remember that too."""
        return Epoch(self._sequence >> 32)

    def trailer(self, message: bytes, source: IPAddress) -> bytes:
        """The signature of a message that is sent from that source."""
        self._sequence += 1
        head = _HEAD.pack(_HMAC_SHA256, self._key_id, 0, self._sequence)
        return head + _signature(self._key, message, head, source)


Sender: TypeAlias = tuple[int, IPAddress]
"""VRID and source: what one sequence belongs to. The source tells the family."""

Marks: TypeAlias = Mapping[Sender, int]
"""For each sender the sequence that its next one must be greater than."""

NO_MARKS: Marks = {}


class Verifier:
    """Checks trailers, and remembers for each sender the last sequence that it signed.

    What it remembers is bounded by the configuration: our VRIDs, and MAX_SOURCES of each. It forgets no
    sender, because that would open the door to all recordings of it: one too many is refused instead.
    """

    def __init__(self, signatures: Signatures, vrids: Iterable[Vrid], marks: Marks = NO_MARKS) -> None:
        """`vrids`: of the virtual routers that there are. `marks`: of an earlier verifier."""
        self._required = signatures.mode is SignatureMode.ENFORCE
        self._keys = signatures.keys
        self._vrids = frozenset(vrids)
        self._marks = dict(marks)
        self._sources = Counter((vrid, source.version) for vrid, source in marks)
        self.latest: tuple[Sender, int] | None = None
        """Whose signature was accepted last, and its sequence."""

    @property
    def marks(self) -> Marks:
        """The last sequence of each sender, up to now."""
        return self._marks

    def check(self, message: bytes, rest: bytes, source: IPAddress) -> None:
        """`rest` is what follows the message in the packet. Raises Discard."""
        if len(rest) != TRAILER_SIZE:
            if self._required:
                raise Discard(DiscardReason.AUTH_MISSING)
            return
        scheme, key_id, reserved, sequence = _HEAD.unpack_from(rest)
        key = self._keys.get(key_id)
        if scheme != _HMAC_SHA256 or reserved or key is None:
            raise Discard(DiscardReason.AUTH_KEY)
        head = rest[: _HEAD.size]
        if not hmac.compare_digest(_signature(key, message, head, source), rest[_HEAD.size :]):
            raise Discard(DiscardReason.AUTH_FAILED)
        self._advance((_vrid(message), source), sequence)

    def _advance(self, sender: Sender, sequence: int) -> None:
        """Only after the HMAC has proved that it is the sender's own."""
        mark = self._marks.get(sender)
        if mark is None:
            self._admit(*sender)
        elif not is_newer(sequence, mark):
            raise Discard(DiscardReason.REPLAY)
        self._marks[sender] = sequence
        self.latest = sender, sequence

    def _admit(self, vrid: int, source: IPAddress) -> None:
        """A sender that is new; raises Discard when there is no place for it."""
        if vrid not in self._vrids:
            raise Discard(DiscardReason.VRID)
        if self._sources[vrid, source.version] >= MAX_SOURCES:
            raise Discard(DiscardReason.AUTH_SOURCES)
        self._sources[vrid, source.version] += 1


Sealing: TypeAlias = Password | Signer | None
"""What is added to an advertisement that is sent."""

Checking: TypeAlias = Password | Verifier | None
"""What is asked of an advertisement that is received."""


def _signature(key: bytes, message: bytes, head: bytes, source: IPAddress) -> bytes:
    pseudo_header = _PSEUDO_HEADER.pack(source.version, message[0] >> 4, _vrid(message), source.packed)
    blank = message[:CHECKSUM_AT] + bytes(2) + message[CHECKSUM_AT + 2 :]
    return hmac.digest(key, pseudo_header + blank + head + bytes(_HMAC_SIZE), "sha256")[:_HMAC_SIZE]


def _vrid(message: bytes) -> Vrid:
    return Vrid(message[1])


def is_newer(sequence: int, mark: int) -> bool:
    """Serial number arithmetic over 64 bits (RFC 1982 §3.2)."""
    return distance(sequence, mark) > 0


def distance(sequence: int, mark: int) -> int:
    """How far a sequence is beyond another one: from -2^63 to 2^63 - 1."""
    return (sequence - mark + _HALF) % (2 * _HALF) - _HALF
