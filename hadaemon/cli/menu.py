"""`hactl menu`: the setup menu for whoever does not know the commands."""

import argparse
import sys
from typing import TYPE_CHECKING

from hadaemon.cli.failure import CommandFailed, Exit

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SUMMARY = "the menu: everything here, found without knowing its name"


def add_menu(commands: "Commands") -> None:
    """Adds the command."""
    menu = commands.add_parser("menu", help=_SUMMARY, description=_SUMMARY)
    menu.set_defaults(run=_menu)


def _menu(_options: argparse.Namespace) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandFailed(Exit.REFUSED, "the menu needs a terminal: programs use the commands themselves")
    from hadaemon.console.main import menu

    menu()
