"""Active_Adver_Interval (RFC 9568 §6.1): how often the Active Router advertises, by its own word.

The standard takes it from every advertisement that a backup bows to. So one packet of whoever it is could
have a dead Active Router waited for (3 times 40.95 s), or a living one replaced (3 times 10 ms). Here an
interval belongs to the sender that named it, and a longer one is learned when it has been named twice.
"""

from hadaemon.vrrp.model import RELEASE, Advertisement, Centiseconds, IPAddress, Version
from hadaemon.vrrp.timers import LONG_AGO, active_down_interval

UNCONFIRMED = Centiseconds(150)
"""The most that counts of an interval that is longer than the known one and was named only once: routers that
advertise at least every 4.5 s are heard a second time before they count as silent."""


class ActiveAdverInterval:
    """Of one virtual router on one interface. Times are monotonic seconds."""

    def __init__(self, own: Centiseconds, version: Version) -> None:
        """`own`: Advertisement_Interval, which counts until another one is learned."""
        self._own = own
        self._version = version
        self._value = own
        self._sender: IPAddress | None = None
        """The sender that named it; None: nobody did."""
        self._until = LONG_AGO
        """The sender is followed until then."""
        self._named: tuple[IPAddress, Centiseconds] | None = None
        """Who named what last, of those who may be followed."""
        self._named_until = LONG_AGO
        """Whoever names it again by then confirms it."""

    def go_on(self, before: "ActiveAdverInterval") -> None:
        """Takes over what was learned under the previous configuration."""
        self._sender, self._until = before._sender, before._until
        self._named, self._named_until = before._named, before._named_until
        if self._sender is not None:
            self._value = before._value

    def note(self, source: IPAddress, advertisement: Advertisement, now: float) -> Centiseconds:
        """What to take for Active_Adver_Interval after an advertisement that is accepted, or a release.

        Nothing is learned from another sender than the one that is followed: it only shows a sign of life.
        """
        if now >= self._until:
            self._sender, self._value = None, self._own
        if self._sender not in (None, source):
            return self._value
        if advertisement.priority == RELEASE:
            self._until = now
            return self._value
        believed = self._believe(source, advertisement.interval, now)
        if self._sender is not None:
            self._until = now + self._silence(believed)
        return believed

    def _believe(self, source: IPAddress, named: Centiseconds, now: float) -> Centiseconds:
        repeated = self._named == (source, named) and now < self._named_until
        self._named, self._named_until = (source, named), now + self._silence(named)
        if named > self._value and not repeated:
            return max(self._value, min(Centiseconds(named // 2), UNCONFIRMED))
        self._sender, self._value = source, named
        return named

    def _silence(self, interval: Centiseconds) -> float:
        """Seconds after which no backup waits any longer for a sender with that interval."""
        return active_down_interval(RELEASE, interval, self._version)
