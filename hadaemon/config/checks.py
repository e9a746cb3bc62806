"""[[checks]] of cluster.toml."""

from collections.abc import Callable, Mapping

from hadaemon.config import check_words as words
from hadaemon.config import values
from hadaemon.config.check_model import Check, CountsOn, Process, Program, Target
from hadaemon.config.reader import Table

_READERS: Mapping[str, tuple[Callable[[str], Target], str]] = {
    "program": (words.program, 'program = "cluster.d/checks/mail"'),
    "http": (words.http, 'http = "http://127.0.0.1:8080/health"'),
    "tcp": (words.tcp, 'tcp = "192.0.2.7:25"'),
    "dns": (words.dns, 'dns = "example.org@192.0.2.53"'),
    "process": (words.process, 'process = "postfix/master"'),
    "file": (words.present, 'file = "/run/mail.ready"'),
}
_DEFAULT = Check("", Process(""))
SHORTEST = 0.1
"""The fewest seconds between two looks."""
SHORTEST_RUN = 1.0
"""The same where a sandbox is made for each."""
LONGEST = 60.0
"""Seconds that one look may take at most: the sandbox ends whatever takes longer."""
MAX_STREAK = 100
MOST = 32


def read_checks(tables: list[Table]) -> tuple[Check, ...] | None:
    """All of them. None when a mistake was noted."""
    if len(tables) > MOST:
        tables[MOST].mistakes.add(tables[MOST].path, f"there are {MOST} checks at most: remove some")
        return None
    read = [_read(table) for table in tables]
    good = tuple(check for check in read if check is not None)
    return good if len(good) == len(tables) else None


def _read(table: Table) -> Check | None:
    name = table.text("name", values.label, 'name = "mail"')
    target = _read_target(table)
    interval = table.optional_text("interval", values.delay, _DEFAULT.interval)
    timeout = table.optional_text("timeout", values.delay, _DEFAULT.timeout)
    fall = table.number("fall", 1, MAX_STREAK, _DEFAULT.fall)
    rise = table.number("rise", 1, MAX_STREAK, _DEFAULT.rise)
    counts_on = table.optional_text("counts_on", read_counts_on, _DEFAULT.counts_on)
    table.close()
    shortest = SHORTEST_RUN if isinstance(target, Program | Process) else SHORTEST
    if interval is not None and interval < shortest:
        table.note("interval", f"is too short: from {shortest * 1000:.0f}ms to 3600s")
    if interval is not None and timeout is not None and not 0 < timeout <= min(interval, LONGEST):
        table.note("timeout", f"must be more than 0s, not longer than interval, and {LONGEST:.0f}s at most")
    if counts_on is CountsOn.ACTIVE and fall == 1:
        table.note(
            "fall",
            f'with counts_on = "{counts_on}" the first look may have begun before the node was active: write '
            "2 or more",
        )
    if name is None or target is None or interval is None or timeout is None:
        return None
    if fall is None or rise is None or counts_on is None:
        return None
    return Check(name, target, interval, timeout, fall, rise, counts_on)


def _read_target(table: Table) -> Target | None:
    """Exactly one of the kinds."""
    named = [key for key in _READERS if table.has(key)]
    found = [table.optional_text(key, parse, None) for key, (parse, _) in _READERS.items()]
    if not named:
        examples = ", ".join(example for _, example in _READERS.values())
        table.mistakes.add(table.path, f"says not what to look at: add one of {examples}")
    for key in named[1:]:
        table.note(key, f"{named[0]} says already what to look at: a check has one of them, remove the other")
    return next((target for target in found if target is not None), None)


def read_counts_on(text: str) -> CountsOn:
    """Raises ValueError."""
    try:
        return CountsOn(text)
    except ValueError:
        raise values.not_known(text, CountsOn) from None
