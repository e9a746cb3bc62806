"""Changes a file as its administrator would: a value is another one; his comments and his order stay.

A rendering of a whole configuration has none of them. So what differs between two renderings, of what the
file says and of what it is to say, is changed in the administrator's own text.
"""

import tomllib
from collections.abc import Callable
from typing import Any, TypeGuard, TypeVar

from hadaemon.config.load import BYTE_ORDER_MARK
from hadaemon.errors import HadaemonError

T = TypeVar("T")


def amended(text: str, load: Callable[[str], T], render: Callable[[T], str], wanted: T) -> str:
    """The administrator's `text` with what differs from it in `wanted`.

    What cannot be said so is rendered anew, and so is a text that does not load: the answer always loads as
    `wanted`. Raises nothing.
    """
    anew = render(wanted)
    try:
        kept = _changed(text, tomllib.loads(render(load(text))), tomllib.loads(anew))
        return kept if load(kept) == wanted else anew
    except (HadaemonError, ValueError, TypeError, LookupError):
        return anew


def _changed(text: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    import tomlkit  # Here and not above: loading it takes a while, and few commands change a file.

    document = tomlkit.parse(text.removeprefix(BYTE_ORDER_MARK))
    _change(document, before, after)
    return tomlkit.dumps(document)


def _change(table: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    for key in before.keys() - after.keys():
        table.pop(key, None)
    for key, value in after.items():
        if key in before and before[key] == value:
            continue
        here, was = table.get(key), before.get(key)
        if isinstance(value, dict) and isinstance(was, dict) and isinstance(here, dict):
            _change(here, was, value)
        elif _is_tables(value) and _is_tables(was) and _is_tables(here) and len(was) == len(value):
            for each, one, other in zip(here, was, value, strict=True):
                _change(each, one, other)
        else:
            table[key] = value


def _is_tables(value: object) -> TypeGuard[list[dict[str, Any]]]:
    """Such as [[ha_interfaces]]."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
