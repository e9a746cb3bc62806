"""An alarm, and where alarms are sent."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from hadaemon.problems import Severity

SCHEMA = 1
"""Of what a webhook gets; raised when a field changes its meaning or goes."""


_NOTICE = 5
"""The priority of a cleared alarm (RFC 5674 §3)."""


class State(StrEnum):
    """What a message says of its alarm."""

    RAISED = "raised"
    CLEARED = "cleared"
    EVENT = "event"
    """Something that happened and does not last: nothing clears it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of a node. Times are ISO 8601 in UTC, by the node's clock."""

    kind: str
    resource: str
    """What of the node it is about: a port, a unit, a file; empty: the node."""
    severity: Severity
    text: str
    """One sentence for people. It may change while the alarm lasts."""
    raised_at: str
    cleared_at: str | None = None
    pair: bool = False
    """Both nodes see it: the active one tells."""
    event: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Of the node's alarms only one has it at a time."""
        return self.kind, self.resource

    @property
    def state(self) -> State:
        """In one word."""
        if self.event:
            return State.EVENT
        return State.RAISED if self.cleared_at is None else State.CLEARED

    @property
    def syslog(self) -> int:
        """The priority of the message that tells of it."""
        return self.severity.syslog if self.state is State.RAISED else _NOTICE


def identity(node: str, alarm: Alarm) -> str:
    """The same for each message about one alarm, also when it comes again later."""
    return "/".join(part for part in (node, alarm.kind, alarm.resource) if part)


def as_text(alarm: Alarm, node: str) -> str:
    """One line of a log: fixed words first, the sentence last."""
    return (
        f"alarm {alarm.state} severity={alarm.severity} id={identity(node, alarm)} "
        f"raised_at={alarm.raised_at}: {alarm.text}"
    )


def as_json(alarm: Alarm) -> dict[str, Any]:
    """For files and sockets."""
    return asdict(alarm) | {"state": alarm.state}


def from_json(raw: object) -> Alarm | None:
    """None: it is none. Fields that a newer version added are left out."""
    if not isinstance(raw, Mapping):
        return None
    try:
        severity = Severity(raw["severity"])
        texts = [raw[name] for name in ("kind", "resource", "text", "raised_at")]
        cleared, pair, event = raw["cleared_at"], raw["pair"], raw["event"]
    except (KeyError, ValueError, TypeError):
        return None
    if not all(isinstance(text, str) for text in texts) or not isinstance(cleared, str | None):
        return None
    kind, resource, text, raised_at = texts
    return Alarm(kind, resource, severity, text, raised_at, cleared, pair is True, event is True)


class MailTls(StrEnum):
    """How the relay is spoken to."""

    STARTTLS = "starttls"
    TLS = "tls"
    """From the first byte (RFC 8314)."""
    OFF = "off"


class ContentType(StrEnum):
    """What a webhook's body is, as its head says it."""

    JSON = "application/json"
    FORM = "application/x-www-form-urlencoded"
    TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Body:
    """What a webhook gets instead of all that is known of an alarm."""

    template: str = field(repr=False)
    """A text with fields, such as {text}. Secret: many services want their key in it."""
    content_type: ContentType = ContentType.JSON


@dataclass(frozen=True, slots=True)
class Webhook:
    """[alarms.webhook]."""

    url: str = field(repr=False)
    """Secret: of many services whoever has it may post."""
    token: str | None = field(default=None, repr=False)
    """Secret: `Authorization: Bearer` (RFC 6750)."""
    ca: str | None = None
    """Certificates that are trusted, as PEM; None: the system's."""
    timeout: float = 10.0
    """Seconds for one message, from the name to the answer."""
    user: str | None = None
    """With a password: `Authorization: Basic` (RFC 7617)."""
    password: str | None = field(default=None, repr=False)
    """Secret."""
    body: Body | None = None
    """None: everything, as JSON."""


@dataclass(frozen=True, slots=True)
class Mail:
    """[alarms.mail]."""

    relay: str
    """Name or address of the mail server."""
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    tls: MailTls = MailTls.STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    """Secret."""
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """[alarms]: what leaves the node beside its log, and how."""

    webhook: Webhook | None = None
    mail: Mail | None = None
    minimum: Severity = Severity.WARNING
    """Nothing less bad is sent."""
    reminder: int = 0
    """Seconds after which an alarm that lasts is sent again; 0: never."""

    @property
    def leave(self) -> bool:
        """There is somebody to send them to."""
        return self.webhook is not None or self.mail is not None
