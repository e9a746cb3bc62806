"""The partition table: where the partitions are, and whether both copies are whole; as sfdisk reads it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.power.errors import Fault
from tests.power.programs import output, run

SECTOR = 512
_FIRST_ENTRIES = 2 * SECTOR
_ENTRIES = 128 * 128
"""Bytes of the entries of each copy (UEFI specification, 5.3)."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Where a partition lies, in bytes."""

    label: str
    offset: int
    size: int


def partitions(disk: Path) -> dict[str, Partition]:
    """By label. Raises Fault: there is no table that can be used."""
    found = (
        Partition(row.get("name", ""), row["start"] * SECTOR, row["size"] * SECTOR)
        for row in _read(disk)[0].get("partitions", ())
    )
    return {partition.label: partition for partition in found}


def faults(disk: Path) -> Iterator[str]:
    """Of both copies. A disk that has grown may have the second one inside."""
    try:
        table, said = _read(disk)
    except Fault as fault:
        yield f"{fault.where}: {fault.what}"
        return
    wrong = [line for line in said.splitlines() if "corrupt" in line]
    yield from wrong
    if not wrong and not _copies_are_equal(disk, (table["lastlba"] + 1) * SECTOR):
        yield "the two partition tables differ"


def _copies_are_equal(disk: Path, second: int) -> bool:
    """sfdisk checks each copy's sums, and does not compare the two."""
    with disk.open("rb") as file:
        file.seek(_FIRST_ENTRIES)
        first = file.read(_ENTRIES)
        file.seek(second)
        return first == file.read(_ENTRIES)


def _read(disk: Path) -> tuple[dict[str, Any], str]:
    """The table, and what sfdisk said about it."""
    done = run("sfdisk", "--json", disk)
    table = json.loads(done.stdout or "{}").get("partitiontable", {})
    if done.returncode or table.get("label") != "gpt":
        raise Fault(f"is not there: {output(done)}", "partition table")
    return table, done.stderr.decode(errors="replace")
