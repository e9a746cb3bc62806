"""Which keys protect the hotwire: how the two nodes come to the same ones, and change them without a loss.

Each node offers a random number in its heartbeats, which are authentic and fresh. From both offers and the
pair's secret follow a key for each direction (HKDF, RFC 5869) and the numbers by which the kernel knows them
(SPI, RFC 4303 §2.1). An offer is drawn anew at each start of a daemon and from time to time, so that no key
is ever used twice with the same counter (RFC 4106 §3.1).

A change loses nothing, as each step waits for the one before:

    1. Whoever knows both offers takes what comes with the new keys, beside the old ones, and says so: ready.
    2. Whoever hears that the other one is ready sends with the new keys, and says so: uses.
    3. Whoever hears that the other one uses them takes nothing else any more.

It decides, and touches nothing: `wanted` is what the kernel should have, `installed` that it has it.
"""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

from hadaemon.config.hotwire_keys import Secret
from hadaemon.status.keys import Keys

OFFER_BYTES = 16
"""Random ones of an offer."""
KEY_BYTES = 36
"""AES-256 and the four bytes of salt (RFC 4106 §8.1)."""
_NAME_BYTES = 8
_SPI_BYTES = 4
_SPI_BIT = 1 << 31
"""Set in all of ours: the numbers below 256 are reserved (RFC 4303 §2.1)."""


@dataclass(frozen=True, slots=True)
class Way:
    """One direction: the number that its packets carry, and what they are encrypted with."""

    spi: int
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Association:
    """Both directions, as one node sees them."""

    name: str
    """The same on both nodes."""
    inbound: Way
    outbound: Way


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the kernel should have."""

    inbound: Way | None = None
    outbound: Way | None = None
    """None: what is there stays, for the other node may not take anything else."""
    settled: bool = False
    """Nothing else is needed any more: what is there beside it goes. Until then all of it stays."""


class Keying:
    """One node's end, over all sessions of its daemon with one secret and one name."""

    def __init__(self, secret: Secret, own: str, offer: str) -> None:
        """`own`: the node's name; `offer`: random, OFFER_BYTES in hexadecimal."""
        self._secret = secret
        self._own = own
        self._offer = offer
        self._heard: tuple[str, Keys] | None = None
        self._next: Association | None = None
        """Of the present offers."""
        self._used: Association | None = None
        """Which the other node takes: we send with it."""
        self._installed = Wanted()

    @property
    def own(self) -> str:
        """The node's name."""
        return self._own

    @property
    def secret(self) -> Secret:
        """The pair's."""
        return self._secret

    @property
    def peer_protects(self) -> bool:
        """The other node has offered something: its firmware and its configuration encrypt."""
        return self._heard is not None and bool(self._heard[1].key_offer)

    @property
    def agreed(self) -> bool:
        """What is sent now is encrypted, with keys that the other node has."""
        return self._installed.outbound is not None

    @property
    def settled(self) -> bool:
        """Both send with the present keys, and take nothing else."""
        return self._installed.settled and self._installed == self.wanted

    @property
    def told(self) -> Keys:
        """What the other node is told."""
        ready, uses = self._next, self._used
        return Keys(
            self._offer,
            ready.name if ready is not None and ready.inbound == self._installed.inbound else "",
            uses.name if uses is not None and uses.outbound == self._installed.outbound else "",
        )

    @property
    def wanted(self) -> Wanted:
        """What the kernel should have now."""
        if self._next is None:
            return Wanted()
        outbound = self._used.outbound if self._used is not None else None
        uses = self._heard[1].key_uses if self._heard is not None else ""
        return Wanted(self._next.inbound, outbound, self._used == self._next and uses == self._next.name)

    def hear(self, peer: str, keys: Keys) -> bool:
        """What the node of that name says now, in an authentic and fresh heartbeat. True: it is news."""
        if (peer, keys) == self._heard:
            return False
        before, self._heard = self._heard, (peer, keys)
        if keys.key_offer and (before is None or (before[0], before[1].key_offer) != (peer, keys.key_offer)):
            self._mix(peer, keys.key_offer)
        if self._next is not None and keys.key_ready == self._next.name and self._used != self._next:
            self._used = self._next
        return True

    def renew(self, offer: str) -> None:
        """Another offer: new keys follow, as soon as the other node hears it."""
        self._offer = offer
        if self.peer_protects and self._heard is not None:
            self._mix(self._heard[0], self._heard[1].key_offer)

    def installed(self, wanted: Wanted) -> None:
        """The kernel has this now."""
        self._installed = wanted

    def _mix(self, peer: str, offer: str) -> None:
        if not peer or peer == self._own:
            return
        name = self._expand("name", *sorted((f"{self._own}:{self._offer}", f"{peer}:{offer}")))
        inbound = self._way(peer, offer, self._own, self._offer)
        outbound = self._way(self._own, self._offer, peer, offer)
        self._next = Association(name[:_NAME_BYTES].hex(), inbound, outbound)

    def _way(self, sender: str, sent: str, receiver: str, received: str) -> Way:
        """From who sends to who receives, and both offers."""
        material = self._expand("way", sender, sent, receiver, received)
        spi = int.from_bytes(material[KEY_BYTES : KEY_BYTES + _SPI_BYTES], "big") | _SPI_BIT
        return Way(spi, material[:KEY_BYTES])

    def _expand(self, *about: str) -> bytes:
        """HKDF-Expand (RFC 5869 §2.3) to two blocks. The secret is uniformly random already, so that nothing
        has to be extracted."""
        information = b"\0".join((_LABEL, *(text.encode() for text in about)))
        first = hmac.digest(self._secret.value, information + b"\x01", sha256)
        return first + hmac.digest(self._secret.value, first + information + b"\x02", sha256)


_LABEL = b"hotspare hotwire esp 1"
