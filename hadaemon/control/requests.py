"""What the daemon is asked, as values. In JSON a request has its `command` and its fields."""

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from hadaemon.control.codec import decode, encode

_MAX_DIGEST = 128


@dataclass(frozen=True, slots=True)
class AskStatus:
    """The whole status."""

    command: ClassVar = "status"


@dataclass(frozen=True, slots=True)
class AskAlarms:
    """The alarms alone."""

    command: ClassVar = "alarms"


@dataclass(frozen=True, slots=True)
class SendTestAlarm:
    """A test over every way out."""

    command: ClassVar = "alarms-test"


@dataclass(frozen=True, slots=True)
class Reload:
    """Read the files again."""

    command: ClassVar = "reload"
    keep_active: bool = False
    """Another master in them does not move the virtual addresses."""


@dataclass(frozen=True, slots=True)
class Switch:
    """The other node becomes active; on a backup: this one."""

    command: ClassVar = "switch"
    force: bool = False


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Keep the node out of the cluster, or take it back."""

    command: ClassVar = "maintenance"
    on: bool
    force: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """End the suspension of preference."""

    command: ClassVar = "resume"


@dataclass(frozen=True, slots=True)
class DetectHotwire:
    """Which network card is cabled directly to the other node."""

    command: ClassVar = "hotwire-detect"
    seconds: float
    blink: bool = False


@dataclass(frozen=True, slots=True)
class CheckUpgrade:
    """Whether an upgrade of the pair may begin now."""

    command: ClassVar = "upgrade-check"


@dataclass(frozen=True, slots=True)
class BeginUpgrade:
    """Both nodes have the bundle: upgrade the pair to it."""

    command: ClassVar = "upgrade"
    target: str
    """Its version."""
    digest: str

    def __post_init__(self) -> None:
        """Raises ValueError for what is no version or no digest."""
        text = self.target + self.digest
        plain = text.isascii() and text.isprintable() and len(self.digest) <= _MAX_DIGEST
        if not self.target or not self.digest or not plain:
            raise ValueError("target and digest are no version and no digest")


@dataclass(frozen=True, slots=True)
class CallUpgradeOff:
    """Both nodes go back to the version before, or stay there."""

    command: ClassVar = "upgrade-off"


NodeRequest: TypeAlias = Switch | Maintenance | Resume
"""What the node itself is to do."""
Request: TypeAlias = (
    AskStatus
    | AskAlarms
    | SendTestAlarm
    | Reload
    | NodeRequest
    | DetectHotwire
    | CheckUpgrade
    | BeginUpgrade
    | CallUpgradeOff
)

_KINDS: tuple[type[Request], ...] = (
    *(AskStatus, AskAlarms, SendTestAlarm, Reload, Switch, Maintenance, Resume),
    *(DetectHotwire, CheckUpgrade, BeginUpgrade, CallUpgradeOff),
)
_BY_COMMAND = {kind.command: kind for kind in _KINDS}


def request_to_json(request: Request) -> dict[str, Any]:
    """As it goes over the socket."""
    return {"command": request.command, **encode(request)}


def request_of(message: dict[str, Any]) -> Request:
    """Raises ValueError for a message that no `hactl` sends."""
    command = message.get("command")
    if not isinstance(command, str) or command not in _BY_COMMAND:
        *some, last = _BY_COMMAND
        raise ValueError(f"unknown command {command!r}: there are {', '.join(some)} and {last}")
    return decode(_BY_COMMAND[command], message, command)
