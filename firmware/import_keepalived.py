"""`python3 invoke.py import`: a pair that ran keepalived, as the files of a cluster of ours.

keepalived's files are read by the package that writes ours, in a process of its own.
"""

import json
from dataclasses import dataclass

from firmware.check import as_a_node_would
from firmware.errors import FirmwareError
from firmware.options import Options, option

_PAGE = "docs/from-keepalived.md"


@dataclass(frozen=True, slots=True)
class ImportOptions(Options):
    """What is read, and what stands in none of the files."""

    file: tuple[str, ...] = option("keepalived.conf of one node, or of each; --file itself may be left out")
    conntrackd: tuple[str, ...] = option("conntrackd.conf of each node, in the same order", ())
    ip: tuple[str, ...] = option(
        "what `ip -details -json address` printed on each node, in the same order", ()
    )
    into: str = option("the folder that is made", "site")
    name: tuple[str, ...] = option("the name of each node, in the same order", ())
    id: tuple[str, ...] = option("whom conditions (@ID) in the files are for: an id for each node", ())
    port: tuple[str, ...] = option("another name for an interface, e.g. eth0=lan; for each one", ())
    mac: tuple[str, ...] = option("a MAC address, e.g. alpha.lan=52:54:00:12:34:56; for each one", ())


def import_keepalived(options: ImportOptions) -> None:
    """Prints the report. Raises FirmwareError: nothing was written."""
    request = {
        "files": options.file,
        "into": options.into,
        "conntrackd": options.conntrackd,
        "boxes": options.ip,
        "ids": options.id,
        "names": options.name,
        "ports": options.port,
        "cards": options.mac,
    }
    found = as_a_node_would("hadaemon.cli.import_keepalived", json.dumps(request))
    if found["problems"]:
        problems = (f"  ! {problem}" for problem in found["problems"])
        raise FirmwareError(
            "\n".join(["nothing was imported:", *problems]),
            " and ".join(options.file),
            f"mend it and import again; more: {_PAGE}",
        )
    print(found["report"], end="")
    print(f"\nThis report: {options.into}/import.txt")
