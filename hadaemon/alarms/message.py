"""What a webhook and a mail say."""

import json
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from hadaemon.alarms.model import SCHEMA, Alarm, Body, State, identity
from hadaemon.alarms.outbox import Notice
from hadaemon.alarms.sender import Sender
from hadaemon.alarms.template import filled
from hadaemon.problems import Severity
from hadaemon.problems.kinds import TEST

_ORDER = tuple(Severity)


def webhook_body(notice: Notice, sender: Sender, body: Body | None = None) -> bytes:
    """One alarm in a form of its own; None: everything as JSON. docs/alarms.md has every field."""
    content = _content(notice, sender)
    if body is not None:
        return filled(body, {**content, "subject": _subject((notice,), sender)})
    return json.dumps({"schema": SCHEMA, **content}).encode()


def _content(notice: Notice, sender: Sender) -> dict[str, Any]:
    alarm = notice.alarm
    return {
        "id": identity(sender.node, alarm),
        "state": alarm.state,
        "severity": alarm.severity,
        "kind": alarm.kind,
        "resource": alarm.resource,
        "text": alarm.text,
        "raised_at": alarm.raised_at,
        "cleared_at": alarm.cleared_at,
        "node": sender.node,
        "cluster": sender.cluster,
        "pair": alarm.pair,
        "reminder": notice.reminder,
        "test": alarm.kind == TEST.word,
    }


def mail(
    notices: Sequence[Notice], sender: Sender, origin: str, recipients: Sequence[str], stamp: str, mark: str
) -> bytes:
    """All of them in one mail. `stamp` is its date (RFC 5322), `mark` what no other mail has."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _subject(notices, sender)
    message["From"] = origin
    message["To"] = ", ".join(recipients)
    message["Date"] = stamp
    message["Message-ID"] = f"<{mark}@{origin.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers.
    message["X-Hotspare-Node"] = sender.node
    blocks = [_block(notice, sender) for notice in notices]
    message.set_content("\n\n".join([f"Node {sender.name} tells:", *blocks]) + "\n")
    return bytes(message)


def _subject(notices: Sequence[Notice], sender: Sender) -> str:
    """The worst of them, in one line."""
    worst = min(notices, key=lambda notice: (notice.alarm.state is State.CLEARED, _rank(notice.alarm)))
    more = f" (+{len(notices) - 1})" if len(notices) > 1 else ""
    return _line(f"[hotspare {sender.node}] {_head(worst)}{more}")


def _rank(alarm: Alarm) -> int:
    return _ORDER.index(alarm.severity)


def _head(notice: Notice) -> str:
    alarm = notice.alarm
    name = " ".join(part for part in (alarm.kind, alarm.resource) if part)
    match alarm.state:
        case State.CLEARED:
            return f"cleared: {name}"
        case State.EVENT:
            return name
        case _:
            return f"{alarm.severity.upper()}: {name}{' (reminder)' if notice.reminder else ''}"


def _block(notice: Notice, sender: Sender) -> str:
    alarm = notice.alarm
    times = f"raised at {alarm.raised_at}"
    if alarm.cleared_at is not None:
        times += f", cleared at {alarm.cleared_at}"
    if alarm.state is State.EVENT:
        times = f"at {alarm.raised_at}"
    return f"{_head(notice)}\n  {_line(alarm.text)}\n  {times}\n  {identity(sender.node, alarm)}"


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
