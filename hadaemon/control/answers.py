"""What the daemon answers, as values; `status` and `alarms` aside, which tell more."""

from collections.abc import Mapping
from dataclasses import dataclass

from hadaemon.hotwire.detection import Verdict
from hadaemon.status.states import Condition


@dataclass(frozen=True, slots=True)
class AlarmsTested:
    """To `alarms-test`."""

    ways: Mapping[str, str]
    """Why a test did not get through, by the name of the way; empty: it did."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """To `reload`."""

    changed: bool
    """The files were not what ran before."""
    condition: Condition


@dataclass(frozen=True, slots=True)
class Spans:
    """Milliseconds of a handover; None: it did not happen, or was not seen from here."""

    detection: float | None
    address: float | None
    announcement: float | None
    total: float | None


@dataclass(frozen=True, slots=True)
class Administered:
    """To `switch`, `maintenance` and `resume`: it is done."""

    reason: str
    """What is so now."""
    milliseconds: Spans


@dataclass(frozen=True, slots=True)
class DetectedPort:
    """A network card that no port is bound to, and what is at the other end of its cable."""

    interface: str
    mac: str
    speed: int | None
    """Mbit/s; None: not known."""
    verdict: Verdict
    peer_mac: str | None
    peer_name: str
    """Empty: it does not say."""
    evidence: tuple[str, ...]
    """Why it is not direct, each a plain phrase."""


@dataclass(frozen=True, slots=True)
class Detected:
    """To `hotwire-detect`."""

    ports: tuple[DetectedPort, ...]
    candidate: str | None
    """The interface that is the hotwire; None: none is for sure."""
    blinked: str | None = None
    """Why it did not blink; empty: it did; None: not tried."""


@dataclass(frozen=True, slots=True)
class UpgradeBegun:
    """To `upgrade`."""

    number: int
    first: str
    """The node that is upgraded first."""
    second: str


@dataclass(frozen=True, slots=True)
class UpgradeCalledOff:
    """To `upgrade-off`."""

    reason: str


@dataclass(frozen=True, slots=True)
class UpgradePossible:
    """To `upgrade-check`."""

    version: str | None
    """That runs."""
