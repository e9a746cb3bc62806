"""Alarms as text. Pure: values in, lines out."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from hadaemon.alarms.model import Alarm
from hadaemon.alarms.status import AlarmsStatus, WayStatus
from hadaemon.language.speech import _, told
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
    summary = ", ".join(f"{count} {_(severity)}" for severity, count in counts.items() if count)
    yield _("alarms: {summary}: see `hactl alarms`").format(summary=summary)


def alarms_text(alarms: AlarmsStatus, now: datetime) -> Iterator[str]:
    """A table of what lasts, one of what is over, and how sending goes."""
    if alarms.active:
        rows = [_row(shown.alarm, now) for shown in alarms.active]
        yield from columns(((_("severity"), _("alarm"), _("for"), _("what")), *rows))
    else:
        yield _("no alarm")
    recent = alarms.recent[-_LAST:]
    if recent:
        yield ""
        yield f"{_('over')}:"
        past = [_past_row(shown.alarm) for shown in recent]
        header = (_("time"), _("severity"), _("alarm"), _("lasted"), _("what"))
        yield from (f"  {line}" for line in columns((header, *past)))
    for name, way in (alarms.ways or {}).items():
        yield ""
        yield f"{name}: {_way(way)}"


def _way(way: WayStatus) -> str:
    if way.failure:
        parts = [f"{_('FAILS')}: {told(way.failure)}"]
    else:
        parts = [_("works") if way.sent_at else _("not used yet")]
    parts += [_("{count} waiting").format(count=way.waiting)] if way.waiting else []
    parts += [_("{count} lost").format(count=way.lost)] if way.lost else []
    return ", ".join(parts)


def _row(alarm: Alarm, now: datetime) -> Sequence[str]:
    lasts = max(0.0, (now - datetime.fromisoformat(alarm.raised_at)).total_seconds())
    return _(alarm.severity), _name(alarm), duration(lasts), told(alarm.text)


def _past_row(alarm: Alarm) -> Sequence[str]:
    raised = datetime.fromisoformat(alarm.raised_at)
    lasted = _("event")
    if alarm.cleared_at is not None:
        lasted = duration(max(0.0, (datetime.fromisoformat(alarm.cleared_at) - raised).total_seconds()))
    time = local_time(raised.replace(microsecond=0))
    return time, _(alarm.severity), _name(alarm), lasted, told(alarm.text)


def _name(alarm: Alarm) -> str:
    return " ".join(part for part in (alarm.kind, alarm.resource) if part)
