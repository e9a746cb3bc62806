"""Every command of `hactl`, as one parser: what `--help`, the man page and the completion are made from."""

import argparse
from pathlib import Path

from hadaemon.cli.administration import add_administration
from hadaemon.cli.alarms import add_alarms
from hadaemon.cli.backup import add_backup
from hadaemon.cli.capture import add_capture
from hadaemon.cli.config_changes import add_config_changes
from hadaemon.cli.config_check import add_config_check
from hadaemon.cli.config_edit import add_config_edit
from hadaemon.cli.config_sync import add_config_sync
from hadaemon.cli.firmware import add_firmware
from hadaemon.cli.help import add_help
from hadaemon.cli.history import add_history
from hadaemon.cli.hotwire_commands import add_hotwire
from hadaemon.cli.install import add_install
from hadaemon.cli.keys import add_keys
from hadaemon.cli.menu import add_menu
from hadaemon.cli.pair import add_pair
from hadaemon.cli.status import add_status
from hadaemon.cli.support import add_support
from hadaemon.cli.usage import explain

SOCKET = Path("/run/hadaemon/control.sock")


def build_parser() -> argparse.ArgumentParser:
    """With everything that `--help` shows."""
    parser = argparse.ArgumentParser(prog="hactl", description="Shows and steers the HA daemon of this node.")
    parser.add_argument(
        "--socket", type=Path, default=SOCKET, help="the daemon's control socket (%(default)s)"
    )
    parser.add_argument("--peer", action="store_true", help="first of all: run a reading command on the peer")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_status(commands)
    add_history(commands)
    add_alarms(commands)
    add_administration(commands)
    add_hotwire(commands)
    config = commands.add_parser("config", help="look at, check and change the configuration")
    config_commands = config.add_subparsers(required=True, metavar="COMMAND")
    add_config_check(config_commands)
    add_config_edit(config_commands)
    add_config_changes(config_commands)
    add_config_sync(config_commands)
    add_keys(commands)
    add_pair(commands)
    add_capture(commands)
    add_menu(commands)
    add_backup(commands)
    add_firmware(commands)
    add_install(commands)
    add_support(commands)
    add_help(commands, parser)
    explain(parser)
    return parser
