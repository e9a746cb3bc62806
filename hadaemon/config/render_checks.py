"""[[checks]] and [[hooks]] back to TOML."""

import json
from collections.abc import Iterable, Iterator

from hadaemon.config.check_model import KINDS, Check
from hadaemon.config.hook_model import Hook


def check_lines(checks: Iterable[Check], path: str) -> Iterator[str]:
    """Each is a table of its own."""
    for check in checks:
        yield f"[[{path}]]"
        yield f"name = {_string(check.name)}"
        yield f"{KINDS[type(check.target)]} = {_string(str(check.target))}"
        yield f"interval = {_string(_delay(check.interval))}"
        yield f"timeout = {_string(_delay(check.timeout))}"
        yield f"fall = {check.fall}"
        yield f"rise = {check.rise}"
        yield f"counts_on = {_string(check.counts_on)}"


def hook_lines(hooks: Iterable[Hook], path: str) -> Iterator[str]:
    """Each is a table of its own."""
    for hook in hooks:
        yield f"[[{path}]]"
        yield f"program = {_string(hook.program)}"
        yield f"on = [{', '.join(map(_string, hook.on))}]"
        yield f"timeout = {_string(_delay(hook.timeout))}"


def _delay(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
