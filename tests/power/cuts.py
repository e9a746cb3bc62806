"""Where the power goes: pure, and the same for the same seed.

A disk may forget what it was told after its last flush, any part of it and in any order; a write may be torn
between two sectors. What came before the flush, and what was written with FUA, stays.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.power.writes import Entry, Flag

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
_SHARES = (0.1, 0.5, 0.9)
"""Of the writes after the last flush, that reach the disk."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The writes between two flushes."""

    before: int
    """Index of the entry from which on nothing is durable: all earlier ones are."""
    end: int
    """Index of the flush that ends it (or the number of entries)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A write that reaches the disk, up to `size` bytes of it."""

    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Cut:
    """One instant: all before `interval` is on the disk, and of what follows only `kept`."""

    interval: Interval
    kept: tuple[Kept, ...]

    def __str__(self) -> str:
        """To find it again in the recording."""
        torn = "some of them torn" if self.kept else "none"
        return f"after entry {self.interval.before}, {len(self.kept)} writes more ({torn})"


def intervals(entries: Sequence[Entry], start: int = 0) -> Iterator[Interval]:
    """The stretches between flushes, from entry `start` on. An entry with FLUSH flushes before it writes."""
    before = 0
    for index, entry in enumerate(entries):
        if entry.flags & Flag.FLUSH:
            if index > start:
                yield Interval(before, index)
            before = index
    if len(entries) > max(before, start):
        yield Interval(before, len(entries))


def choose(entries: Sequence[Entry], start: int, count: int, seed: int) -> list[Cut]:
    """`count` instants, in their order: at flushes all over it, and random losses after flushes."""
    chance = random.Random(seed)
    found = list(intervals(entries, start))
    if not found:
        return []
    plain = found if len(found) <= count // 2 else chance.sample(found, count // 2)
    cuts = [Cut(each, ()) for each in plain]
    lossy = [each for each in found if any(entries[at].size for at in range(each.before, each.end))] or found
    cuts += [lose(entries, chance.choice(lossy), chance) for _ in range(count - len(cuts))]
    return sorted(cuts, key=lambda cut: (cut.interval.before, cut.interval.end))


def lose(entries: Sequence[Entry], interval: Interval, chance: random.Random) -> Cut:
    """The power goes somewhere in the interval, and of its writes some are lost and some are torn."""
    here = [at for at in range(interval.before, interval.end) if entries[at].size]
    until = chance.randint(min(1, len(here)), len(here))
    share = chance.choice(_SHARES)
    kept = []
    for at in here[:until]:
        entry = entries[at]
        if entry.flags & Flag.FUA or chance.random() < share:
            kept.append(Kept(at, entry.size))
        elif chance.random() < share:
            kept.append(Kept(at, chance.randrange(entry.size // SECTOR) * SECTOR))
    return Cut(interval, tuple(each for each in kept if each.size))
