"""What differs between two configurations, as lines for people, without a secret in them."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence

from hadaemon.sync.tree import CLUSTER, Tree

_SECRET = re.compile(
    r"pass(word|phrase)?|secret|psk|token|private|credential|hash|(^|_)(key|url)$", re.IGNORECASE
)
"""Names of keys whose values are nobody's to read. Rather too many than one too few."""
HIDDEN = "(secret)"
_SHOWN = (".nft",)
"""Files whose format has no secrets: shown line by line. Others only by name and size."""


def difference(old: Tree | None, new: Tree | None) -> tuple[str, ...]:
    """Lines with `-`, `+` or `~` in front; empty: they are the same."""
    before, after = _files(old), _files(new)
    lines: list[str] = []
    for path in sorted(before.keys() | after.keys(), key=lambda name: (name != CLUSTER, name)):
        one, two = before.get(path), after.get(path)
        if one == two:
            continue
        if path == CLUSTER:
            lines += _toml(one or b"", two or b"")
        else:
            lines += _file(path, one, two)
    return tuple(lines)


def _files(tree: Tree | None) -> dict[str, bytes]:
    return dict(tree.files) if tree is not None else {}


def _toml(old: bytes, new: bytes) -> Iterator[str]:
    before, after = _values(old), _values(new)
    if before is None or after is None:
        yield f"~ {CLUSTER}: {len(old)} bytes before, {len(new)} now (one of the two is not TOML)"
        return
    changed = False
    for path in [*before, *(path for path in after if path not in before)]:
        if path in before and path in after and before[path] == after[path]:
            continue
        changed = True
        secret = any(_SECRET.search(part.partition("[")[0]) for part in path.split("."))
        if secret and path in before and path in after:
            yield f"~ {CLUSTER}: {path} = {HIDDEN}, changed"
            continue
        for mark, values in (("-", before), ("+", after)):
            if path in values:
                yield f"{mark} {CLUSTER}: {path} = {HIDDEN if secret else values[path]}"
    if not changed:
        yield f"~ {CLUSTER}: only comments or the order differ"


def _values(text: bytes) -> dict[str, str] | None:
    """Every value by its path; None: not TOML."""
    try:
        parsed = tomllib.loads(text.decode())
    except (ValueError, RecursionError):
        return None
    return dict(_flat("", parsed))


def _flat(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{_printable(str(key))}" if path else _printable(str(key)), inner)
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for position, inner in enumerate(value):
            yield from _flat(f"{path}[{position}]", inner)
    else:
        yield path, _printable(repr(value) if not isinstance(value, str) else f'"{value}"')


def _file(path: str, old: bytes | None, new: bytes | None) -> Iterator[str]:
    if old is None or new is None:
        mark, content = ("+", new or b"") if old is None else ("-", old)
        yield f"{mark} {path} ({len(content)} bytes)"
    else:
        yield f"~ {path} ({len(old)} bytes before, {len(new)} now)"
    if path.endswith(_SHOWN):
        before, after = _lines(old), _lines(new)
        for line in difflib.unified_diff(before, after, n=0, lineterm=""):
            if not line.startswith(("---", "+++", "@@")):
                yield f"    {_printable(line)}"


def _lines(content: bytes | None) -> Sequence[str]:
    return (content or b"").decode(errors="replace").splitlines()


def _printable(text: str) -> str:
    """What is shown on a terminal must not steer it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
