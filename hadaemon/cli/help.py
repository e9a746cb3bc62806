"""`hactl help`: the same as `--help`, in the order in which people think of it."""

import argparse

from hadaemon.language.speech import _


def add_help(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("words", nargs="*", metavar="COMMAND", help="e.g. status, or config apply")
    command.set_defaults(run=_help)


def _help(options: argparse.Namespace) -> None:
    # Here and not above: the parser loads this module.
    from hadaemon.cli.parser import build_parsers

    path, parsers = " ".join(options.words), build_parsers()
    if path not in parsers:
        parsers[""].error(_("there is no command {path}: `hactl help` lists them").format(path=repr(path)))
    parsers[path].print_help()
