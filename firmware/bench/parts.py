"""The parts of a benchmark, of which `--only` names one."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from firmware.errors import FirmwareError


class Part(Protocol):
    """What can be measured alone."""

    @property
    def key(self) -> str:
        """For `--only`."""


T = TypeVar("T", bound=Part)


def chosen(parts: Iterable[T], only: str) -> Sequence[T]:
    """All of them, or the one that is named. Raises FirmwareError: there is none of that name."""
    there = tuple(parts)
    found = tuple(part for part in there if only in ("", part.key))
    if not found:
        keys = ", ".join(part.key for part in there)
        raise FirmwareError(f"there is no part {only!r}", where="--only", todo=f"choose one of: {keys}")
    return found
