"""The versions of the configuration's format: an older one becomes today's, and today's an older one. Pure.

Steps work on the raw tables, before anything is validated. A step never fails: it leaves as it is what it
does not understand, and the validation reports that. Going up loses nothing. Going down may: an older format
cannot express what is new; then the result says what was left out.

Whoever raises the format adds a step to KNOWN and a test beside tests/unit/operations/test_formats.py, which
holds that up and down undo each other. A step is never changed after a release, and none is removed before
the firmware that needs it is out of support.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Raw: TypeAlias = dict[str, object]
"""A table as tomllib reads it."""


class Kind(StrEnum):
    """The files that have a format."""

    NODE = "node"
    CLUSTER = "cluster"
    ADMIN = "admin"
    PRESEED = "preseed"
    """Has the other three as tables, and their schema in common."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """A table in an older format."""

    raw: Raw
    lost: tuple[str, ...] = ()
    """What the older format cannot express, each a key and the reason; empty: it says the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one kind of file between two neighbouring formats. It may modify the table that it
    gets."""

    up: Callable[[Raw], Raw] = lambda raw: raw
    down: Callable[[Raw], Lowered] = Lowered


_NONE = Change()


@dataclass(frozen=True, slots=True)
class Migration:
    """From one schema to the next. Kinds that are not named are the same in both."""

    node: Change = _NONE
    cluster: Change = _NONE
    admin: Change = _NONE

    def of(self, kind: Kind) -> Change:
        """The change of a kind, which is not a preseed."""
        return {Kind.NODE: self.node, Kind.CLUSTER: self.cluster, Kind.ADMIN: self.admin}[kind]


@dataclass(frozen=True, slots=True)
class Schemas:
    """The formats that one firmware knows."""

    oldest: int
    steps: tuple[Migration, ...] = ()
    """The first leads from `oldest` to the next one, and so on."""

    @property
    def newest(self) -> int:
        """The format that this firmware validates and writes."""
        return self.oldest + len(self.steps)

    def knows(self, schema: int) -> bool:
        """Whether a file in that format can be brought up to the newest."""
        return self.oldest <= schema <= self.newest

    def raised(self, raw: Raw, kind: Kind) -> Raw:
        """The table in the newest format. `raw` has a known schema, and is not modified."""
        found = copy.deepcopy(raw)
        for schema in range(schema_of(raw), self.newest):
            step = self.steps[schema - self.oldest]

            def lift(part: Kind, table: Raw, step: Migration = step) -> Raw:
                return step.of(part).up(table)

            found = {**_each(found, kind, lift), "schema": schema + 1}
        return found

    def lowered(self, raw: Raw, kind: Kind, to: int) -> Lowered:
        """The table in an older format; one that is in a still older format stays in it. `raw` is not
        modified."""
        found, lost = copy.deepcopy(raw), list[str]()
        for schema in range(schema_of(raw), to, -1):
            step = self.steps[schema - 1 - self.oldest]

            def lower(part: Kind, table: Raw, step: Migration = step) -> Raw:
                down = step.of(part).down(table)
                lost.extend(down.lost)
                return down.raw

            found = {**_each(found, kind, lower), "schema": schema - 1}
        return Lowered(found, tuple(lost))


KNOWN = Schemas(oldest=1)
"""The formats of this firmware."""


def schema_of(raw: Raw) -> int:
    """The number that the file gives; 0: none, or not a number."""
    found = raw.get("schema")
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _each(raw: Raw, kind: Kind, change: Callable[[Kind, Raw], Raw]) -> Raw:
    """The file itself, or each table of a preseed that is one of the other files."""
    if kind is not Kind.PRESEED:
        return change(kind, raw)
    inner = (Kind.ADMIN, Kind.NODE, Kind.CLUSTER)
    tables = {part: table for part in inner if isinstance(table := raw.get(part.value), dict)}
    return {**raw, **{part.value: change(part, table) for part, table in tables.items()}}
