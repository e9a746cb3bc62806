"""Survivors that are known: nobody can observe the change, or nobody has to."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.mutants.generated import mutants_in
from firmware.mutants.mutant import LISTS, Mutant

SURVIVORS = LISTS / "survivors.toml"


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test has to notice. What it changes is written as `mutants` prints it."""

    file: Path
    scope: str
    change: str
    reason: str

    def is_of(self, mutant: Mutant) -> bool:
        return (self.file, self.scope, self.change) == (mutant.file, mutant.scope, mutant.change)


def known_survivors() -> tuple[Survivor, ...]:
    """As they are written in SURVIVORS."""
    entries = tomllib.loads(SURVIVORS.read_text(encoding="utf-8")).get("survivor", [])
    return tuple(
        Survivor(Path(entry["file"]), entry["scope"], entry["change"], entry["reason"]) for entry in entries
    )


def check_survivors() -> None:
    """Raises FirmwareError: one of them is no mutant of the code as it is now."""
    survivors = known_survivors()
    mutants = {file: list(mutants_in(file)) for file in {survivor.file for survivor in survivors}}
    for survivor in survivors:
        if not any(survivor.is_of(mutant) for mutant in mutants[survivor.file]):
            where = f"{SURVIVORS.name}: {survivor.file}, {survivor.scope}: {survivor.change}"
            raise FirmwareError("there is no such mutant any more", where, "write it anew, or take it out")
