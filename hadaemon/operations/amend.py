"""Changes a file as its administrator would: a value is another one; his comments and his order stay.

What is compared are the tables as TOML has them, before anything in them is understood. So what nobody
changed stays as it was written, a variable of cluster.toml's `[nodes]` too.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeGuard

from hadaemon.config.load import BYTE_ORDER_MARK
from hadaemon.text.reading import read_toml


def amended(text: str, wanted: Mapping[str, Any]) -> str:
    """The administrator's `text` with what differs from it in `wanted`: the answer is always read as that.

    A text that is no TOML, or in which it cannot be said, is written anew. Raises nothing.
    """
    try:
        kept = _changed(text, dict(wanted))
        if read_toml(kept) == wanted:
            return kept
    except (ValueError, TypeError, LookupError):
        pass
    import tomli_w  # Here and not above: it is seldom needed.

    return tomli_w.dumps(dict(wanted))


def _changed(text: str, after: dict[str, Any]) -> str:
    import tomlkit  # Here and not above: loading it takes a while, and few commands change a file.

    text = text.removeprefix(BYTE_ORDER_MARK)
    document = tomlkit.parse(text)
    _change(document, read_toml(text), after)
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
        elif _is_tables(value) and _is_tables(was) and _is_tables(here) and value:
            _change_tables(here, was, value)
        else:
            table[key] = value


def _change_tables(here: Any, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """Such as [[ha_interfaces]]: the first of them that differ are other ones, added, or gone."""
    same = _same_start(before, after)
    kept_end = _same_start(before[same:][::-1], after[same:][::-1])
    last = len(before) - kept_end
    middle = after[same : len(after) - kept_end]
    for offset, (one, other) in enumerate(zip_longest(before[same:last], middle)):
        position = same + offset
        if one is None:
            here.insert(position, _table(other))
        elif other is not None:
            _change(here[position], one, other)
    for position in reversed(range(same + len(middle), last)):
        del here[position]


def _same_start(one: Sequence[object], other: Sequence[object]) -> int:
    """How many are equal at the start of both."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _table(value: dict[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.table()
    table.update(value)
    return table


def _is_tables(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
