"""Alarms as text. Pure: values in, lines out."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from hadaemon.alarms.model import Alarm
from hadaemon.alarms.status import AlarmsStatus, WayStatus
from hadaemon.problems import Severity
from hadaemon.text.columns import columns, duration
from hadaemon.text.times import local_time

_LAST = 20
"""Of what is over, so many are shown."""


def alarm_lines(alarms: AlarmsStatus) -> Iterator[str]:
    """For `hactl status`; nothing where nothing is wrong."""
    if not alarms.active:
        return
    counts = {each: sum(shown.alarm.severity is each for shown in alarms.active) for each in Severity}
    summary = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    yield f"alarms: {summary}: see `hactl alarms`"


def alarms_text(alarms: AlarmsStatus, now: datetime) -> Iterator[str]:
    """A table of what lasts, one of what is over, and how sending goes."""
    if alarms.active:
        rows = [_row(shown.alarm, now) for shown in alarms.active]
        yield from columns((("severity", "alarm", "for", "what"), *rows))
    else:
        yield "no alarm"
    recent = alarms.recent[-_LAST:]
    if recent:
        yield ""
        yield "over:"
        past = [_past_row(shown.alarm) for shown in recent]
        header = ("time", "severity", "alarm", "lasted", "what")
        yield from (f"  {line}" for line in columns((header, *past)))
    for name, way in (alarms.ways or {}).items():
        yield ""
        yield f"{name}: {_way(way)}"


def _way(way: WayStatus) -> str:
    state = f"FAILS: {way.failure}" if way.failure else "works" if way.sent_at else "not used yet"
    waiting = f", {way.waiting} waiting" if way.waiting else ""
    lost = f", {way.lost} lost" if way.lost else ""
    return f"{state}{waiting}{lost}"


def _row(alarm: Alarm, now: datetime) -> Sequence[str]:
    lasts = max(0.0, (now - datetime.fromisoformat(alarm.raised_at)).total_seconds())
    return alarm.severity, _name(alarm), duration(lasts), alarm.text


def _past_row(alarm: Alarm) -> Sequence[str]:
    raised = datetime.fromisoformat(alarm.raised_at)
    lasted = "event"
    if alarm.cleared_at is not None:
        lasted = duration(max(0.0, (datetime.fromisoformat(alarm.cleared_at) - raised).total_seconds()))
    return local_time(raised.replace(microsecond=0)), alarm.severity, _name(alarm), lasted, alarm.text


def _name(alarm: Alarm) -> str:
    return " ".join(part for part in (alarm.kind, alarm.resource) if part)
