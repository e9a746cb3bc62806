"""A configuration file and, beside it, its forms for older firmware: a node that goes back can read one.

An older firmware cannot know how a newer one has changed the format. So whoever stores a file leaves it in
every older format that it knows too: `node.schema-1.toml` beside `node.toml`. A firmware that finds a file of
a newer format takes the newest form that it knows, and says so. When it stores a file itself, the newer one
is kept aside in the same way (`node.schema-2.toml`): it is not lost, and nobody reads it by himself.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hadaemon.config import ConfigError, migrate
from hadaemon.config.load import parse
from hadaemon.config.migrate import Kind, schema_of
from hadaemon.io.store.files import read_text, write_text
from hadaemon.sync.tree import CLUSTER, Tree, make_tree

_MADE_FROM = re.compile(r"# Made from SHA-256 ([0-9a-f]{64})")
_LEFT_OUT = "# left out: "


@dataclass(frozen=True, slots=True)
class Form:
    """A file's text in a format that this firmware knows, if there is one."""

    text: str
    note: str = ""
    """What the administrator should know: that it is not the file itself, and what is missing in it."""


@dataclass(frozen=True, slots=True)
class Older:
    """A text in an older format."""

    text: str
    lost: tuple[str, ...]


def read_form(path: Path) -> Form | None:
    """The file, or the newest form of it that this firmware reads; None: there is no file.

    Raises FileError. When there is no such form, the text is the file's own, and its validation says why not.
    """
    text = read_text(path)
    if text is None:
        return None
    schema = _schema(text)
    if schema <= migrate.KNOWN.newest:
        return Form(text)
    real = path.resolve()  # A generation has its forms in its own folder.
    for number in range(migrate.KNOWN.newest, migrate.KNOWN.oldest - 1, -1):
        kept = read_text(form_path(real, number))
        if kept is not None:
            return Form(kept, " ".join(_note_sentences(path, schema, number, text, kept)))
    return Form(text)


def store(path: Path, text: str, kind: Kind, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replaces the file in one step, durably, and leaves its forms beside it. Raises FileError.

    The forms are written first: so there is always something that an older firmware can read.
    """
    before = read_text(path)
    if before is not None and (schema := _schema(before)) > migrate.KNOWN.newest:
        write_text(form_path(path, schema), before, mode, owner)
    for name, form in forms(path, text, kind):
        write_text(name, form, mode, owner)
    write_text(path, text, mode, owner)


def forms(path: Path, text: str, kind: Kind) -> Iterator[tuple[Path, str]]:
    """What belongs beside a file with this text."""
    for number in range(migrate.KNOWN.oldest, _schema(text)):
        older = in_schema(text, kind, number)
        head = f"# Made from SHA-256 {_hash(text)}: for firmware that reads schema {number}."
        lines = (head, *(f"{_LEFT_OUT}{lost}" for lost in older.lost))
        yield form_path(path, number), "\n".join((*lines, older.text))


def in_schema(text: str, kind: Kind, number: int) -> Older:
    """The text in that format, if it is in a newer one that this firmware knows; else as it is."""
    schema = _schema(text)
    if schema <= number or not migrate.KNOWN.knows(schema) or number < migrate.KNOWN.oldest:
        return Older(text, ())
    import tomli_w  # Needed only between two formats.

    lowered = migrate.KNOWN.lowered(parse(text, kind.value), kind, number)
    return Older(tomli_w.dumps(lowered.raw), lowered.lost)


def tree_in_schema(tree: Tree, number: int) -> tuple[Tree, tuple[str, ...]]:
    """A whole configuration for a node that reads no newer format than that, and what is left out of it."""
    older = in_schema(tree.cluster.decode(errors="replace"), Kind.CLUSTER, number)
    if older.text.encode() == tree.cluster:
        return tree, ()
    return make_tree({**tree.belonging, CLUSTER: older.text.encode()}, CLUSTER), older.lost


def form_path(path: Path, schema: int) -> Path:
    """Of a file's form in that format."""
    return path.with_name(f"{path.stem}.schema-{schema}{path.suffix}")


def _note_sentences(path: Path, schema: int, number: int, text: str, kept: str) -> Iterator[str]:
    yield f"{path}: was written by a newer firmware (schema {schema}): its form in schema {number} is used."
    made = _MADE_FROM.match(kept)
    if made is None or made[1] != _hash(text):
        yield "It was changed since that form was made: look at both, and apply what is right."
    lost = [line.removeprefix(_LEFT_OUT) for line in kept.splitlines() if line.startswith(_LEFT_OUT)]
    if lost:
        yield f"Left out is what this firmware does not know: {'; '.join(lost)}."


def _schema(text: str) -> int:
    """0: it gives none, or is no TOML."""
    try:
        return schema_of(parse(text, ""))
    except ConfigError:
        return 0


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
