"""[[hooks]] of cluster.toml."""

from hadaemon.config import values
from hadaemon.config.check_words import script
from hadaemon.config.hook_model import PROGRAMS, Hook
from hadaemon.config.reader import Table
from hadaemon.status.states import NodeState

_DEFAULT = Hook("", ())
LONGEST = 300.0
"""Seconds that one run may take at most: the sandbox ends whatever takes longer."""
MOST = 16


def read_hooks(tables: list[Table]) -> tuple[Hook, ...] | None:
    """All of them. None when a mistake was noted."""
    if len(tables) > MOST:
        tables[MOST].mistakes.add(tables[MOST].path, f"there are {MOST} hooks at most: remove some")
        return None
    read = [_read(table) for table in tables]
    first: dict[str, str] = {}
    for table, hook in zip(tables, read, strict=True):
        if hook is not None and first.setdefault(hook.program, table.path) != table.path:
            table.note("program", f"is that of {first[hook.program]} too: name all states there, in `on`")
            return None
    good = tuple(hook for hook in read if hook is not None)
    return good if len(good) == len(tables) else None


def _read(table: Table) -> Hook | None:
    program = table.text("program", _program, f'program = "{PROGRAMS}/tell"')
    on = table.texts("on", _state, '["active", "backup"]', required=True)
    timeout = table.optional_text("timeout", values.delay, _DEFAULT.timeout)
    table.close()
    for position, state in enumerate(on or ()):
        if on is not None and state in on[:position]:
            table.mistakes.add(f"{table.at('on')}[{position}]", f'"{state}" is there twice: remove one')
            return None
    if timeout is not None and not 0 < timeout <= LONGEST:
        table.note("timeout", f"must be more than 0s, and {LONGEST:.0f}s at most")
        return None
    if program is None or on is None or timeout is None:
        return None
    return Hook(program, on, timeout)


def _program(text: str) -> str:
    return script(text, PROGRAMS)


def _state(text: str) -> NodeState:
    try:
        return NodeState(text)
    except ValueError:
        raise values.not_known(text, NodeState) from None
