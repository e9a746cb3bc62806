"""The rolling upgrade of a pair, written down: what both nodes keep on disk until the next one.

Each node decides about itself alone, from its plan, its own state and the other node's last words. The
verdict is one node's alone, so that it cannot be two things at once: that of the one that was active at the
beginning (`second`), which is upgraded last. The other one (`first`) follows it.
"""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from hadaemon.text.reading import read_json

PLAN_FILE = "upgrade.json"
DIGITS = 16
"""Hexadecimal, of a bundle's digest."""
_SCHEMA = 1


class Verdict(StrEnum):
    """What becomes of the upgrade; it leaves `running` once, and never comes back to it."""

    RUNNING = "running"
    COMMITTED = "committed"
    """Both nodes run the new version, and have kept it."""
    ABORTED = "aborted"
    """Both nodes go back to the version before."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One upgrade, as a node knows it."""

    number: int
    """Counts up with each upgrade of the pair."""
    first: str
    """The name of the node that was spare at the beginning, and is upgraded first."""
    second: str
    before: str
    """The version that both ran."""
    target: str
    back_to: str = ""
    """Who is to be active in the end (preemption); empty: whoever is."""
    first_kept: bool = False
    """`second` has heard that `first` has kept the new version."""
    failed: str = ""
    """Why this node could not be upgraded: its own words, which the other one reads."""
    verdict: Verdict = Verdict.RUNNING
    reason: str = ""
    """Of the verdict."""
    digest: str = ""
    """Of the bundle's manifest, its first DIGITS digits: both nodes install the same one."""
    closed: bool = False
    """Nothing is left to do on either node: it binds nobody any more, and only its number counts."""

    @property
    def final(self) -> str:
        """The version on which a node is to be in the end, as far as the verdict says."""
        return self.before if self.verdict is Verdict.ABORTED else self.target


def adopt(mine: Plan | None, theirs: Plan | None, name: str) -> Plan | None:
    """What the other node's plan makes of this node's own; None: nothing new."""
    if theirs is None or theirs.closed or name not in (theirs.first, theirs.second):
        return None
    if mine is None or theirs.number > mine.number:
        return replace(theirs, failed="", first_kept=False)
    heard = theirs.number == mine.number and mine.verdict is Verdict.RUNNING and not mine.closed
    if heard and theirs.verdict is not Verdict.RUNNING and name == mine.first:
        return replace(mine, verdict=theirs.verdict, reason=theirs.reason)
    return None


def under_way(plan: Plan | None) -> bool:
    """It binds this node: preemption is frozen, and no other update may begin."""
    return plan is not None and not plan.closed


def encode(plan: Plan) -> str:
    """The file's text."""
    return json.dumps({"schema": _SCHEMA, **asdict(plan)}, indent=2) + "\n"


def decode(text: str | None) -> Plan | None:
    """None: there is none. Raises ValueError for what is no plan: somebody must look at it."""
    if text is None:
        return None
    found = read_json(text)
    if not isinstance(found, dict):
        raise ValueError("the plan of the upgrade is not a JSON object")
    fields = {name: found[name] for name in Plan.__slots__ if name in found}
    try:
        plan = Plan(**{**fields, "verdict": Verdict(fields.get("verdict", Verdict.RUNNING))})
    except TypeError as error:
        raise ValueError(f"the plan of the upgrade cannot be understood: {error}") from error
    texts = (plan.first, plan.second, plan.before, plan.target, plan.back_to, plan.failed, plan.reason)
    flags = (plan.first_kept, plan.closed)
    right = all(isinstance(text, str) for text in (*texts, plan.digest)) and isinstance(plan.number, int)
    if not right or not all(isinstance(flag, bool) for flag in flags):
        raise ValueError("the plan of the upgrade has values of a wrong kind")
    if plan.first == plan.second:
        raise ValueError("the plan of the upgrade names one node twice")
    return plan
