"""What one HA interface has dropped, from whom, and what that means: facts and words, no decision."""

from collections import Counter
from dataclasses import dataclass

from hadaemon.problems import Problem, kinds, other
from hadaemon.vrrp.model import DiscardReason, IPAddress

RECENT = 60.0
"""Seconds for which a dropped packet is worth a problem in the status."""

CLAIM = 5.0
"""Seconds after which a router that claims a virtual router of an active node counts as active too: for a
shorter time, two may well be active until they have settled it."""

PAUSE = 10.0
"""Seconds, but at least four intervals, of silence in which its claim still lasts: keepalived hardly
advertises while it drops what it hears."""

_FOREIGN = "look for a foreign router"
_SAME = "is to be the same on both"
_ADVICE = {
    DiscardReason.VERSION: f"vrrp.version {_SAME}, or {_FOREIGN}",
    DiscardReason.AUTH_TYPE: f"[vrrp.authentication] {_SAME}, or {_FOREIGN}",
    DiscardReason.AUTH_MISSING: f"it does not sign, and [vrrp.authentication] {_SAME}, or {_FOREIGN}",
    DiscardReason.AUTH_KEY: f"it signs with another key: [vrrp.authentication] {_SAME}, or {_FOREIGN}",
    DiscardReason.AUTH_FAILED: f"it has another key: [vrrp.authentication] {_SAME}, or {_FOREIGN}",
    DiscardReason.INTERVAL: f"vrrp.advertisement_interval {_SAME}, or {_FOREIGN}",
    DiscardReason.UNKNOWN_PEER: f"add it to peers of that interface in cluster.toml, or {_FOREIGN}",
    DiscardReason.REPLAY: (
        "they are signed rightly and come twice or too late: the network doubles or delays packets, or "
        "somebody sends recordings"
    ),
}
"""What to do about the last packet."""

_CLAIMS = frozenset(
    {
        DiscardReason.CHECKSUM,
        DiscardReason.AUTH_TYPE,
        DiscardReason.AUTH_MISSING,
        DiscardReason.AUTH_KEY,
        DiscardReason.AUTH_FAILED,
        DiscardReason.REPLAY,
        DiscardReason.INTERVAL,
    }
)
"""Reasons that only packets with our VRID have: whoever sends those without a pause is active."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The last packet that was dropped; times are monotonic seconds."""

    source: IPAddress
    reason: DiscardReason
    at: float


@dataclass(frozen=True, slots=True)
class _Claim:
    """For how long nothing from one sender has been accepted."""

    last: _Last
    since: float


class Discards:
    """Counters of one HA interface since the start of the daemon."""

    def __init__(self, pause: float) -> None:
        """`pause`: seconds after which a sender that said nothing has gone."""
        self.counts: Counter[DiscardReason] = Counter()
        self._pause = pause
        self._last: _Last | None = None
        self._own: _Last | None = None
        """The last that seemed to come from this very port."""
        self._claim: _Claim | None = None

    def note(self, source: IPAddress, reason: DiscardReason, now: float) -> None:
        """A packet was dropped."""
        self.counts[reason] += 1
        if reason is DiscardReason.VRID:
            return
        self._last = _Last(source, reason, now)
        if reason is DiscardReason.OWN_SOURCE:
            self._own = self._last
        claim = self._claim
        current = claim is not None and now - claim.last.at <= self._pause
        if reason not in _CLAIMS or (claim is not None and current and claim.last.source != source):
            return
        since = claim.since if claim is not None and current else now
        self._claim = _Claim(self._last, since)

    def note_accepted(self, source: IPAddress) -> None:
        """A packet of that sender was not dropped: it is heard."""
        if self._claim is not None and self._claim.last.source == source:
            self._claim = None

    def problems(self, port: str, active: bool, now: float) -> list[Problem]:
        """What that means; `active`: this node is."""
        if self._last is None or now - self._last.at > RECENT:
            return []
        if self._own is not None and now - self._own.at <= RECENT:
            text = (
                f"port {port}: VRRP packets from our own address {self._own.source} come in: "
                "the address is used twice, or the network has a loop"
            )
            return [Problem(kinds.DUPLICATE, f"{port}/{self._own.source}", text)]
        claim = self._claim
        if active and claim is not None and self._lasts(claim, now):
            last = claim.last
            text = (
                f"port {port}: {last.source} is active too, and answers for the virtual addresses, but its "
                f"advertisements are dropped ({last.reason} {self.counts[last.reason]}): {_advice(last)}"
            )
            return [Problem(kinds.DUPLICATE, f"{port}/{last.source}", text)]
        counts = ", ".join(
            f"{reason} {count}"
            for reason, count in sorted(self.counts.items())
            if reason is not DiscardReason.VRID
        )
        text = (
            f"port {port}: unacceptable VRRP packets are dropped ({counts}), "
            f"the last of {self._last.source}: {_advice(self._last)}"
        )
        return [other(f"{port}/discards", text)]

    def _lasts(self, claim: _Claim, now: float) -> bool:
        return now - claim.last.at <= self._pause and claim.last.at - claim.since >= CLAIM


def _advice(last: _Last) -> str:
    return _ADVICE.get(last.reason, _FOREIGN)
