"""Mutants made by hand: one for each rule of the election that somebody could break."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.mutants.mutant import CODE, LISTS, Mutant

MADE = LISTS / "mutants.toml"


def made_mutants() -> Iterator[Mutant]:
    """As they are written in MADE.

    Raises:
        FirmwareError: what one of them changes does not occur just once in its file.
    """
    for made in tomllib.loads(MADE.read_text(encoding="utf-8"))["mutant"]:
        file = Path(made["file"])
        text = (CODE / file).read_text(encoding="utf-8")
        if text.count(made["before"]) != 1:
            where = f"{MADE.name}: {made['rule']}"
            raise FirmwareError(f"`before` does not occur just once in {file}", where, "write it anew")
        line = text[: text.index(made["before"])].count("\n") + 1
        source = text.replace(made["before"], made["after"])
        yield Mutant(file, line, made["rule"], source, unseen=made.get("unseen", ""))
