"""What a node tells the other one about its firmware in each heartbeat: few bytes, bounded, nothing trusted.

The heartbeat carries it because it is what both daemons already believe each other by, and because a node
whose words are old is one that is not heard: no step is taken beside a silent node. A version that does not
know these words leaves them out, and is known by that.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from hadaemon.upgrade.plan import Plan, Verdict
from hadaemon.upgrade.rolling import NodeView

MAX_VERSION = 32
"""Characters of a version with which a pair can be upgraded."""
_MAX_NAME = 63
MAX_REASON = 80
"""Characters of a reason in a heartbeat; the node's own history has all of it."""
_MAX_NUMBER = 1 << 31
_SHORT = {
    "on_trial": "t",
    "next_version": "n",
    "healthy": "h",
    "sick": "s",
    "soaked": "k",
    "slot_bad": "b",
    "plan": "p",
}


@dataclass(frozen=True, slots=True)
class FirmwareReport:
    """Beside the version that runs, which the heartbeat tells anyway."""

    known: bool = True
    """The node's firmware knows upgrades of a pair."""
    on_trial: bool = False
    next_version: str = ""
    healthy: bool = False
    sick: bool = False
    soaked: bool = False
    plan: Plan | None = None
    slot_bad: bool = False
    """Its other slot cannot be started."""


UNKNOWN = FirmwareReport(known=False)
"""Of an older firmware."""


def node_of(name: str, version: str, report: FirmwareReport, active: bool, ready: bool) -> NodeView:
    """A node as the decisions see it."""
    return NodeView(
        name,
        version,
        on_trial=report.on_trial,
        next_version=report.next_version,
        healthy=report.healthy,
        sick=report.sick,
        active=active,
        ready=ready,
        soaked=report.soaked,
        plan=report.plan,
    )


def to_json(report: FirmwareReport, reason: int = MAX_REASON) -> dict[str, Any]:
    """What is false or empty is left out. `reason`: characters of each reason that may go along."""
    found: dict[str, Any] = {}
    for name, short in _SHORT.items():
        value = getattr(report, name)
        if isinstance(value, Plan):
            found[short] = _plan_to_json(value, reason)
        elif value:
            found[short] = value[:MAX_VERSION] if isinstance(value, str) else int(value)
    return found


def from_json(raw: object) -> FirmwareReport:
    """Raises ValueError for what no node of ours says."""
    if raw is None:
        return UNKNOWN
    if not isinstance(raw, dict):
        raise ValueError("upgrade is no object")
    return FirmwareReport(
        on_trial=_flag(raw.get("t", 0)),
        next_version=_text(raw.get("n", ""), MAX_VERSION),
        healthy=_flag(raw.get("h", 0)),
        sick=_flag(raw.get("s", 0)),
        soaked=_flag(raw.get("k", 0)),
        slot_bad=_flag(raw.get("b", 0)),
        plan=_plan_of(raw["p"]) if "p" in raw else None,
    )


def _plan_to_json(plan: Plan, reason: int) -> list[object]:
    """Its fields in their order. A later version may add some at the end."""
    short = replace(plan, failed=plain(plan.failed)[:reason], reason=plain(plan.reason)[:reason])
    values = (getattr(short, field.name) for field in fields(Plan))
    return [int(value) if isinstance(value, bool) else value for value in values]


def _plan_of(raw: object) -> Plan:
    if not isinstance(raw, list) or len(raw) < len(_PLAN):
        raise ValueError("the plan is no list")
    plan = Plan(*(read(value) for read, value in zip(_PLAN, raw, strict=False)))
    if plan.first == plan.second:
        raise ValueError("the plan names one node twice")
    return plan


def plain(text: str) -> str:
    """In one line of ASCII, which takes a byte each."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise ValueError("a text of the upgrade is none")
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_NUMBER:
        raise ValueError("the number of the plan is none")
    return value


def _flag(value: object) -> bool:
    return _number(value) != 0


def _name(value: object) -> str:
    return _text(value, _MAX_NAME)


def _version(value: object) -> str:
    return _text(value, MAX_VERSION)


def _reason(value: object) -> str:
    return _text(value, MAX_REASON)


_PLAN: tuple[Callable[[object], Any], ...] = (
    *(_number, _name, _name, _version, _version, _name, _flag, _reason),
    *(lambda value: Verdict(_text(value, 16)), _reason, _version, _flag),
)
"""One for each field of a plan."""
