"""`hactl help`: the same as `--help`, in the order in which people think of it."""

import argparse
from typing import TYPE_CHECKING

from hadaemon.cli.usage import walk

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_help(commands: "Commands", parser: argparse.ArgumentParser) -> None:
    """Adds the command; `parser` is that of hactl itself."""
    command = commands.add_parser("help", help="how a command is used, with examples")
    command.add_argument("words", nargs="*", metavar="COMMAND", help="e.g. status, or config apply")

    def run(options: argparse.Namespace) -> None:
        path = " ".join(options.words)
        found = {entry.path: entry.parser for entry in walk(parser)}.get(path)
        if found is None:
            parser.error(f"there is no command {path!r}: `hactl help` lists them")
        found.print_help()

    command.set_defaults(run=run)
