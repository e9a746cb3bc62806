"""One virtual router on one interface: the machine of RFC 9568 §6.4.

A virtual router is a VRID and a family (its addresses have it). It owns the two timers; in version 3 the
interval is learned (`learning`), in version 2 both ends must have the same (RFC 3768 §7.1). Whether an
advertisement is to be bowed to is not decided here: the event says so (`Standing`), because a node with
several virtual routers decides once for them all.
For the same reason an overdue Active_Down_Timer does nothing until the node delivers `TimerFired`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from hadaemon.vrrp.model import (
    OWNER,
    RELEASE,
    Advertisement,
    Centiseconds,
    DiscardReason,
    IPAddress,
    Priority,
    Version,
    Vrid,
)
from hadaemon.vrrp.timers import active_down_interval, seconds, skew_time

_ANSWERS_PER_INTERVAL = 10
"""Two routers that both consider themselves the better one must not answer each other at wire speed."""


class RouterState(StrEnum):
    """RFC 9568 §6.3."""

    INITIALIZE = "initialize"
    BACKUP = "backup"
    ACTIVE = "active"


class Standing(StrEnum):
    """How a received advertisement compares with us, as the election sees it."""

    RELEASE = "release"
    """Priority 0: its sender lets go."""
    ACCEPTED = "accepted"
    """We bow to it: a backup stays backup, an active becomes backup."""
    REFUSED = "refused"
    """We are to be active rather than its sender."""
    UNDECIDED = "undecided"
    """A tie that cannot be broken yet."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Be Backup for a whole Active_Down_Interval from now (Startup of §6.4.1, and each new beginning).

    The address owner does not wait: its timer fires at once."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Leave (Shutdown of §6.4.2 and §6.4.3)."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """Adver_Timer when Active; Active_Down_Timer when Backup."""


@dataclass(frozen=True, slots=True)
class Received:
    """An advertisement for this virtual router."""

    advertisement: Advertisement
    standing: Standing
    interval: Centiseconds
    """What to take for Active_Adver_Interval if it is accepted (`learning`)."""


RouterEvent: TypeAlias = Listen | Shutdown | TimerFired | Received


class VirtualRouter:
    """State, timers and what to send; times are monotonic seconds."""

    def __init__(
        self,
        vrid: Vrid,
        addresses: tuple[IPAddress, ...],
        interval: Centiseconds,
        priority: Priority,
        version: Version = Version.V3,
    ) -> None:
        self.vrid = vrid
        self.addresses = addresses
        self.version = version
        self.interval = interval
        """Advertisement_Interval: ours (§6.1)."""
        self.priority = priority
        """May be changed at any time; the next timer is computed with it."""
        self.state = RouterState.INITIALIZE
        self.next_deadline: float | None = None
        """When the timer of the present state fires; None in Initialize."""
        self._active_adver_interval = interval
        """Learned from the Active Router (§6.1)."""
        self._answered_at: float | None = None

    def handle(self, event: RouterEvent, now: float) -> tuple[Advertisement, ...]:
        """Takes in one event; answers with what to send."""
        match event:
            case Listen():
                self._listen(self.interval, now)
                if self.priority == OWNER:
                    self.next_deadline = now
                return ()
            case Shutdown():
                return self._shutdown()
            case TimerFired():
                return self._timer_fired(now)
            case Received():
                return self._received(event, now)

    def advertisement(self) -> Advertisement:
        """What we would send now (§7.2)."""
        return self._with_priority(self.priority)

    def refusal(self, advertisement: Advertisement) -> DiscardReason | None:
        """The last of the receive checks: those that need to know the virtual router (§7.1)."""
        if advertisement.version is not self.version:
            return DiscardReason.VERSION
        if advertisement.vrid != self.vrid:
            return DiscardReason.VRID
        if advertisement.family != self.addresses[0].version:
            return DiscardReason.FAMILY
        if self.version is Version.V2 and advertisement.interval != self.interval:
            return DiscardReason.INTERVAL
        if not set(advertisement.addresses) & set(self.addresses):
            return DiscardReason.ADDRESSES
        return None

    @property
    def active_down_interval(self) -> float:
        """Seconds of silence after which the Active Router counts as gone (§6.1)."""
        return active_down_interval(self.priority, self._active_adver_interval, self.version)

    def _with_priority(self, priority: Priority) -> Advertisement:
        return Advertisement(self.vrid, priority, self.interval, self.addresses, self.version)

    def _listen(self, active_adver_interval: Centiseconds, now: float) -> tuple[Advertisement, ...]:
        """Active_Adver_Interval, then Active_Down_Timer, then Backup (§6.4.1; §6.4.3 on yielding)."""
        self._active_adver_interval = active_adver_interval
        self.state = RouterState.BACKUP
        self.next_deadline = now + self.active_down_interval
        return ()

    def _shutdown(self) -> tuple[Advertisement, ...]:
        was_active = self.state is RouterState.ACTIVE
        self.state = RouterState.INITIALIZE
        self.next_deadline = None
        if not was_active:
            return ()
        return (self._with_priority(RELEASE),)

    def _timer_fired(self, now: float) -> tuple[Advertisement, ...]:
        match self.state:
            case RouterState.INITIALIZE:
                return ()
            case RouterState.BACKUP:
                self.state = RouterState.ACTIVE
                self._answered_at = None
                self.next_deadline = now + seconds(self.interval)
            case RouterState.ACTIVE:
                self.next_deadline = self._next_round(now)
        return (self.advertisement(),)

    def _next_round(self, now: float) -> float:
        """One interval after the last round was due, so that small delays do not add up."""
        due = (now if self.next_deadline is None else self.next_deadline) + seconds(self.interval)
        return due if due > now else now + seconds(self.interval)

    def _received(self, event: Received, now: float) -> tuple[Advertisement, ...]:
        match self.state:
            case RouterState.INITIALIZE:
                return ()
            case RouterState.BACKUP:
                return self._received_as_backup(event, now)
            case RouterState.ACTIVE:
                return self._received_as_active(event, now)

    def _received_as_backup(self, event: Received, now: float) -> tuple[Advertisement, ...]:
        """§6.4.2, an advertisement is received."""
        if event.standing is Standing.RELEASE:
            self.next_deadline = now + skew_time(self.priority, self._active_adver_interval, self.version)
        elif event.standing is Standing.ACCEPTED:
            self._listen(event.interval, now)
        return ()

    def _received_as_active(self, event: Received, now: float) -> tuple[Advertisement, ...]:
        """§6.4.3, an advertisement is received."""
        match event.standing:
            case Standing.ACCEPTED:
                return self._listen(event.interval, now)
            case Standing.UNDECIDED:
                return ()
            case Standing.RELEASE:
                self.next_deadline = now + seconds(self.interval)
                return (self.advertisement(),)
            case Standing.REFUSED:
                return self._answer(now)

    def _answer(self, now: float) -> tuple[Advertisement, ...]:
        """At once, so that the sender and the switches learn who is Active."""
        least = seconds(self.interval) / _ANSWERS_PER_INTERVAL
        if self._answered_at is not None and now - self._answered_at < least:
            return ()
        self._answered_at = now
        return (self.advertisement(),)
