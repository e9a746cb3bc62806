"""Where a command finds things; tests have places of their own."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hadaemon.operations.changing import NodePaths

STATE = Path("/data/state")
RUN = Path("/run/hotspare")


def add_places(command: argparse.ArgumentParser) -> None:
    """Where things are; only tests have reason to say so."""
    command.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    command.add_argument("--run", type=Path, default=RUN, dest="run_folder", help=argparse.SUPPRESS)


def paths_of(options: argparse.Namespace) -> "NodePaths":
    """As the options say."""
    # Here and not above: commands that only read have no use for it.
    from hadaemon.operations.changing import NodePaths

    return NodePaths(options.state, options.run_folder, options.socket)
