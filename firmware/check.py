"""`python3 invoke.py check`: a cluster's files, checked as its nodes would.

The check is the nodes' own, in a process of its own: the image builder never imports the daemon's package.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.errors import FirmwareError
from firmware.options import Options, option

_AS_ROOT = ("unshare", "--user", "--map-root-user", "--net")
"""nftables tries rules for root only; in namespaces of its own anybody is."""
_PAGE = "docs/configuration.md#checked-before-any-node-has-it"


@dataclass(frozen=True, slots=True)
class CheckOptions(Options):
    """What is checked, and how it is told."""

    folder: Path = option("the folder with cluster.toml and each node's NAME/node.toml, e.g. site")
    json: bool = option("one object for programs, in place of text", False)


def check(options: CheckOptions) -> None:
    """Prints what was found. Raises FirmwareError: a node would refuse the files."""
    found = as_a_node_would("hadaemon.cli.folder", str(options.folder))
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(found)))
    if not found["good"]:
        raise FirmwareError(
            _refusal(found["problems"]), str(options.folder), f"mend it; what belongs where: {_PAGE}"
        )


def as_a_node_would(module: str, argument: str) -> dict[str, Any]:
    """What a program of the daemon's package answers, run in a process of its own. Raises FirmwareError."""
    command = [*_namespaces(), sys.executable, "-P", "-m", module, argument]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise FirmwareError(f"{module} itself failed: {done.stderr.strip()}", " ".join(command)) from None
    return found


def _namespaces() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ()
    try:
        possible = subprocess.run([*_AS_ROOT, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return ()
    return _AS_ROOT if possible else ()


def _lines(found: dict[str, Any]) -> list[str]:
    notes = [f"note: {note}" for note in found["notes"]]
    return [*notes, *([f"good: {' and '.join(found['nodes'])}"] if found["good"] else [])]


def _refusal(problems: list[str]) -> str:
    return "\n".join(["no node would take this as it is:", *(f"  ! {problem}" for problem in problems)])
