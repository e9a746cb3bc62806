"""What differs between two configurations, as lines for people, without a secret in them."""

import difflib
from collections.abc import Iterator, Sequence

from hadaemon.sync.redact import HIDDEN, is_secret, printable, values
from hadaemon.sync.tree import CLUSTER, Tree

_SHOWN = (".nft",)
"""Files whose format has no secrets are shown line by line, others only by name and size."""


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
    before, after = values(old), values(new)
    if before is None or after is None:
        yield f"~ {CLUSTER}: {len(old)} bytes before, {len(new)} now (one of the two is not TOML)"
        return
    changed = False
    for path in [*before, *(path for path in after if path not in before)]:
        if path in before and path in after and before[path] == after[path]:
            continue
        changed = True
        secret = is_secret(path)
        if secret and path in before and path in after:
            yield f"~ {CLUSTER}: {path} = {HIDDEN}, changed"
            continue
        for mark, side in (("-", before), ("+", after)):
            if path in side:
                yield f"{mark} {CLUSTER}: {path} = {HIDDEN if secret else side[path]}"
    if not changed:
        yield f"~ {CLUSTER}: only comments or the order differ"


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
                yield f"    {printable(line)}"


def _lines(content: bytes | None) -> Sequence[str]:
    return (content or b"").decode(errors="replace").splitlines()
