"""Alarms as text. Pure: an answer in, lines out."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from hadaemon.text.columns import columns, duration

_LAST = 20
"""Of what is over, so many are shown."""


def alarm_lines(answer: dict[str, Any]) -> Iterator[str]:
    """For `hactl status`; nothing where nothing is wrong."""
    alarms = answer.get("alarms")
    if not alarms or not alarms["active"]:
        return
    active = alarms["active"]
    counts = {each: sum(alarm["severity"] == each for alarm in active) for each in _SEVERITIES}
    told = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    yield f"alarms: {told}: see `hactl alarms`"


_SEVERITIES = ("critical", "major", "minor", "warning")


def alarms_text(answer: dict[str, Any], now: datetime) -> Iterator[str]:
    """A table of what lasts, one of what is over, and how sending goes."""
    if answer["active"]:
        rows = [_row(alarm, now) for alarm in answer["active"]]
        yield from columns((("severity", "alarm", "for", "what"), *rows))
    else:
        yield "no alarm"
    recent = answer["recent"][-_LAST:]
    if recent:
        yield ""
        yield "over:"
        rows = [_past_row(alarm) for alarm in recent]
        yield from (
            f"  {line}" for line in columns((("time (UTC)", "severity", "alarm", "lasted", "what"), *rows))
        )
    for name, way in (answer["ways"] or {}).items():
        state = (
            f"FAILS: {way['failure']}" if way["failure"] else "works" if way["sent_at"] else "not used yet"
        )
        waiting = f", {way['waiting']} waiting" if way["waiting"] else ""
        lost = f", {way['lost']} lost" if way["lost"] else ""
        yield ""
        yield f"{name}: {state}{waiting}{lost}"


def _row(alarm: dict[str, Any], now: datetime) -> Sequence[str]:
    lasts = max(0.0, (now - datetime.fromisoformat(alarm["raised_at"])).total_seconds())
    return alarm["severity"], _name(alarm), duration(lasts), alarm["text"]


def _past_row(alarm: dict[str, Any]) -> Sequence[str]:
    raised = datetime.fromisoformat(alarm["raised_at"])
    lasted = "event"
    if alarm["cleared_at"] is not None:
        lasted = duration(max(0.0, (datetime.fromisoformat(alarm["cleared_at"]) - raised).total_seconds()))
    return f"{raised:%Y-%m-%d %H:%M:%S}", alarm["severity"], _name(alarm), lasted, alarm["text"]


def _name(alarm: dict[str, Any]) -> str:
    return " ".join(part for part in (alarm["kind"], alarm["resource"]) if part)
