"""`hactl menu`: the setup menu for whoever does not know the commands."""

import argparse
import sys

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.language.speech import _


def add_menu(command: argparse.ArgumentParser) -> None:
    """Has no arguments."""
    command.set_defaults(run=_menu)


def _menu(_options: argparse.Namespace) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandFailed(
            Exit.REFUSED, _("the menu needs a terminal: programs use the commands themselves")
        )
    from hadaemon.console.main import menu

    menu()
