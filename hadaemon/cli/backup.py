"""`hactl backup`: a node in a file, and a new box made into that node."""

import argparse
import getpass
import sys
from pathlib import Path

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.places import add_places, paths_of
from hadaemon.config.values import mac
from hadaemon.io.store.files import read_text
from hadaemon.language.speech import _
from hadaemon.operations.backup import create_backup, open_backup, read_backup, restore_backup


def add_create(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    _add_file(command)
    command.set_defaults(run=_create)


def add_restore(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument(
        "--bind",
        action="append",
        default=[],
        type=_binding,
        metavar="PORT=MAC",
        help="the network card of a port",
    )
    command.add_argument("--replace", action="store_true", help="even if this box is another node now")
    _add_file(command)
    command.set_defaults(run=_restore)


def _add_file(command: argparse.ArgumentParser) -> None:
    offers(command.add_argument("file", type=Path, help="the backup"), Offer.FILES)
    phrase = command.add_argument("--passphrase-file", type=Path, help="its first line; else it is asked for")
    offers(phrase, Offer.FILES)
    add_places(command)


def _create(options: argparse.Namespace) -> None:
    name = create_backup(paths_of(options), options.file, _passphrase(options, twice=True))
    print(_("{file}: the backup of {name}").format(file=options.file, name=name))


def _restore(options: argparse.Namespace) -> None:
    sealed = read_backup(options.file)
    backup = open_backup(sealed, _passphrase(options, twice=False), str(options.file))
    restore_backup(paths_of(options), backup, dict(options.bind), options.replace)
    about = _("this box is {name} as of {time}: switch it off and on, pair it (`hactl pair`), then")
    print(about.format(name=backup.node.name, time=backup.time))
    print(
        _("see `hactl config diff --peer`: what has changed since comes with `hactl config sync --from-peer`")
    )


def _passphrase(options: argparse.Namespace, twice: bool) -> str:
    if options.passphrase_file is not None:
        lines = (read_text(options.passphrase_file) or "").splitlines()
        if not lines:
            raise CommandFailed(
                Exit.REFUSED, _("{file}: its first line is empty").format(file=options.passphrase_file)
            )
        return lines[0]
    if not sys.stdin.isatty():
        raise CommandFailed(Exit.REFUSED, _("nobody can be asked for a passphrase: give --passphrase-file"))
    first = getpass.getpass(_("passphrase: "))
    if twice and getpass.getpass(_("once more: ")) != first:
        raise CommandFailed(Exit.REFUSED, _("the two passphrases differ"))
    return first


def _binding(text: str) -> tuple[str, str]:
    port, _, address = text.partition("=")
    try:
        return port, mac(address)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
