"""Words of the status that are values of the code, for the catalogs, and the verdict in one line. Pure."""

from hadaemon.language.speech import _, marked, told
from hadaemon.status.verdict import Verdict

WORDS = (
    *(marked("redundant"), marked("degraded"), marked("no redundancy"), marked("split"), marked("unknown")),
    *(marked("ACTIVE"), marked("BACKUP"), marked("FAULT"), marked("MAINTENANCE"), marked("OFF")),
    *(marked("active"), marked("backup"), marked("fault"), marked("maintenance"), marked("off")),
    *(marked("master"), marked("spare"), marked("released"), marked("silent"), marked("not-paired")),
    *(marked("up"), marked("down"), marked("no-address"), marked("absent")),
    *(marked("synchronized"), marked("pending"), marked("error")),
    *(marked("critical"), marked("major"), marked("minor"), marked("warning")),
    *(marked("failed"), marked("starting"), marked("broken"), marked("cluster"), marked("stand-alone")),
    *(marked("unconfigured"), marked("refused")),
)
"""They are shown by `_(value)`."""


def verdict_line(verdict: Verdict) -> str:
    """Would a takeover work now?"""
    word = _(verdict.redundancy)
    if not verdict.reasons:
        return f"{word}: {_('a takeover would work now')}"
    others = len(verdict.reasons) - 1
    more = f" ({_('and {count} more').format(count=others)})" if others else ""
    return f"{word}: {told(verdict.reasons[0])}{more}"
