"""`hactl status --check`: one line and an exit code, as monitoring plugins answer.

The codes are those of the Monitoring Plugins' guidelines: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
"""

from enum import IntEnum

from hadaemon.language.speech import _, told
from hadaemon.problems import Severity
from hadaemon.status.status import Status
from hadaemon.status.verdict import Redundancy


class Check(IntEnum):
    """How a plugin ends."""

    GOOD = 0
    DEGRADED = 1
    FAILED = 2
    UNKNOWN = 3


_REDUNDANCY = {
    Redundancy.REDUNDANT: Check.GOOD,
    Redundancy.DEGRADED: Check.DEGRADED,
    Redundancy.NONE: Check.FAILED,
    Redundancy.SPLIT: Check.FAILED,
    Redundancy.UNKNOWN: Check.UNKNOWN,
}
_SEVERITY = {
    Severity.CRITICAL: Check.FAILED,
    Severity.MAJOR: Check.DEGRADED,
    Severity.MINOR: Check.DEGRADED,
    Severity.WARNING: Check.GOOD,
}


def check_of(status: Status) -> tuple[Check, str]:
    """The exit code and the line. What is wrong beside the redundancy (a full disk) counts by its severity, a
    warning not at all."""
    verdict, problems = status.verdict, status.status.problems
    beside = [problem for problem in problems if verdict is None or not problem.kind.loss]
    code = max((_SEVERITY[problem.severity] for problem in beside), default=Check.GOOD)
    if verdict is not None:
        code = max(code, _REDUNDANCY[verdict.redundancy])
        said = ": ".join((_(verdict.redundancy), "; ".join(map(told, verdict.reasons)))).removesuffix(": ")
    else:
        said = f"{_(status.configuration)}: {told(status.status.reason)}"
    texts = "; ".join(told(problem.text) for problem in beside)
    return code, f"{status.status.node}: {said}{f'; {texts}' if texts else ''}"
