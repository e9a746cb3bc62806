"""`hactl backup`: a node in a file, and a new box made into that node."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.config_changes import add_places, holder_of, own, told
from hadaemon.cli.failure import CommandFailed, Exit

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_backup(commands: "Commands") -> None:
    """Adds the two commands."""
    backup = commands.add_parser("backup", help="this node in a file, sealed with a passphrase")
    parts = backup.add_subparsers(required=True, metavar="COMMAND")
    create = parts.add_parser("create", help="write the backup of this node", description=_CREATE)
    create.set_defaults(run=told(_create))
    restore = parts.add_parser("restore", help="make this box the node of a backup", description=_RESTORE)
    restore.add_argument(
        "--bind",
        action="append",
        default=[],
        type=_binding,
        metavar="PORT=MAC",
        help="the network card of a port",
    )
    restore.add_argument("--replace", action="store_true", help="even if this box is another node now")
    restore.set_defaults(run=told(_restore))
    for command in (create, restore):
        offers(command.add_argument("file", type=Path, help="the backup"), Offer.FILES)
        phrase = command.add_argument(
            "--passphrase-file", type=Path, help="its first line; else it is asked for"
        )
        offers(phrase, Offer.FILES)
        add_places(command)


_MAX_SIZE = 32 << 20
"""Bytes of a backup: twice encoded, the largest configuration has some 16 MiB."""
_CREATE = "Everything that makes it this node, but its keys: those never leave it."
_RESTORE = (
    "The node is restored with the network cards of this box, and without keys: pair it anew afterwards."
)


def _create(options: argparse.Namespace) -> None:
    from hadaemon.io.store.files import write_text
    from hadaemon.io.store.sealed import MIN_PASSPHRASE, seal
    from hadaemon.operations.backup import collect

    here = own(options)
    passphrase = _passphrase(options, twice=True)
    if len(passphrase) < MIN_PASSPHRASE:
        raise CommandFailed(
            Exit.REFUSED, f"the passphrase is too short: {MIN_PASSPHRASE} characters at least"
        )
    write_text(options.file, seal(collect(here.state), passphrase, {"node": here.name}), 0o600)
    print(f"{options.file}: the backup of {here.name}")


def _restore(options: argparse.Namespace) -> None:
    from hadaemon.io.store.files import read_text
    from hadaemon.io.store.pair_lock import locked
    from hadaemon.io.store.sealed import unseal
    from hadaemon.operations.backup import parse, put_back, rebind
    from hadaemon.state.configuration import load_configuration

    here = own(options)
    content = read_text(options.file, _MAX_SIZE)
    if content is None:
        raise CommandFailed(Exit.REFUSED, f"{options.file}: there is no such file")
    backup = parse(unseal(content, _passphrase(options, twice=False), str(options.file)), str(options.file))
    present = load_configuration(here.state).node
    if present is not None and present.name != backup.node.name and not options.replace:
        raise CommandFailed(
            Exit.REFUSED,
            f"this box is {present.name}, and the backup is that of {backup.node.name}: a node is restored "
            "from its own backup only; give --replace if this box is to become that node",
        )
    node = rebind(backup.node, present, dict(options.bind), _hardware())
    with locked(options.run_folder, here.name, holder_of(options, here, "backup restore")):
        put_back(backup, node, here.state)
    print(f"this box is {node.name} as of {backup.time}: switch it off and on, pair it (`hactl pair`), then")
    print("see `hactl config diff --peer`: what has changed since comes with `hactl config sync --from-peer`")


def _passphrase(options: argparse.Namespace, twice: bool) -> str:
    from hadaemon.io.store.files import read_text

    if options.passphrase_file is not None:
        lines = (read_text(options.passphrase_file) or "").splitlines()
        if not lines:
            raise CommandFailed(Exit.REFUSED, f"{options.passphrase_file}: its first line is empty")
        return lines[0]
    if not sys.stdin.isatty():
        raise CommandFailed(Exit.REFUSED, "nobody can be asked for a passphrase: give --passphrase-file")
    first = getpass.getpass("passphrase: ")
    if twice and getpass.getpass("once more: ") != first:
        raise CommandFailed(Exit.REFUSED, "the two passphrases differ")
    return first


def _hardware() -> set[str]:
    """The MAC addresses of this box."""
    from hadaemon.io.kernel.netlink import read_links

    return {link.permanent_mac or link.mac for link in read_links().cards()}


def _binding(text: str) -> tuple[str, str]:
    from hadaemon.config.values import mac

    port, _, address = text.partition("=")
    try:
        return port, mac(address)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
