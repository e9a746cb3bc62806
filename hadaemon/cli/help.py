"""`hactl help`: the same as `--help`, in the order in which people think of it."""

import argparse


def add_help(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("words", nargs="*", metavar="COMMAND", help="e.g. status, or config apply")
    command.set_defaults(run=_help)


def _help(options: argparse.Namespace) -> None:
    # Here and not above: the parser loads this module.
    from hadaemon.cli.parser import build_parsers

    path, parsers = " ".join(options.words), build_parsers()
    if path not in parsers:
        parsers[""].error(f"there is no command {path!r}: `hactl help` lists them")
    parsers[path].print_help()
