"""The command line of `hactl`: arguments, exit codes, and one clear sentence when something is wrong."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from hadaemon.cli.administration import add_administration
from hadaemon.cli.asking import CommandFailed, Exit, ask_daemon
from hadaemon.cli.backup import add_backup
from hadaemon.cli.capture import add_capture
from hadaemon.cli.config_changes import STATE, add_config_changes
from hadaemon.cli.config_check import add_config_check
from hadaemon.cli.config_sync import add_config_sync
from hadaemon.cli.firmware import add_firmware
from hadaemon.cli.history import DEFAULT_LAST, history_json, history_text, read_history
from hadaemon.cli.hotwire_commands import add_hotwire
from hadaemon.cli.keys import add_keys
from hadaemon.cli.menu import add_menu
from hadaemon.cli.on_peer import run_on_peer
from hadaemon.cli.pair import add_pair
from hadaemon.cli.render import SCHEMA, render_status
from hadaemon.errors import HadaemonError
from hadaemon.runtime.places import own_folder

SOCKET = Path("/run/hadaemon/control.sock")

_EXAMPLES = """
examples:
  hactl status                      who is active, why, and whether all is well
  hactl status --verbose            every port, counters, discarded packets
  hactl status --json               the same for programs
  hactl history --last 50           every change of state: when, from what to what, and why
  hactl switch                      make the other node active, without losing a packet
  hactl maintenance on              keep this node out of the cluster, also over reboots
  hactl config check                would the files in /data/state be accepted?
  hactl config check --node new-node.toml --cluster new-cluster.toml
  hactl config apply new.toml --confirm 5m
                                    apply it; without `hactl config confirm` it goes back
  hactl config history              the last 20 configurations
  hactl config sync --to-peer       make the other node's configuration the same as this one's
  hactl pair show                   make two boxes a pair, by a code of six digits
  hactl firmware install hotspare.raucb
                                    an update into the other slot; a restart takes it on trial
  hactl --peer status               a reading command, on the other node
  hactl menu                        all of it as a menu
  hactl reload                      read the files in /data/state again and apply them

exit codes:
  0  done    1  refused, or the configuration is wrong    2  wrong usage
  3  the daemon does not answer    4  no permission
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["--peer"]:
            return run_on_peer(given[1:])
        options = _parser().parse_args(given)
        options.run(options)
    except CommandFailed as failure:
        print(f"hactl: {failure}", file=sys.stderr)
        return failure.code
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Standard output must not be flushed again at the exit.
        sys.stderr.close()
    return Exit.DONE


def known_commands() -> frozenset[str]:
    """The commands that this version has."""
    return frozenset(
        name
        for action in _parser()._actions
        if isinstance(action, argparse._SubParsersAction)
        for name in action.choices
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hactl",
        description="Shows and steers the HA daemon of this node.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--socket", type=Path, default=SOCKET, help="the daemon's control socket (%(default)s)"
    )
    parser.add_argument("--peer", action="store_true", help="first of all: run a reading command on the peer")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    status = commands.add_parser("status", help="who is active, why, and whether all is well")
    status.add_argument("--json", action="store_true", help="the whole answer as JSON")
    status.add_argument("--verbose", action="store_true", help="every port, counters, discarded packets")
    status.set_defaults(run=_status)
    history = commands.add_parser("history", help="every change of state: when, from what to what, and why")
    history.add_argument("--json", action="store_true", help="the same for programs")
    history.add_argument(
        "--last", type=_count, default=DEFAULT_LAST, metavar="N", help="how many (%(default)s); 0: all"
    )
    history.add_argument("--folder", type=Path, default=own_folder(STATE), help="(%(default)s)")
    history.set_defaults(run=_history)
    reload = commands.add_parser("reload", help="read node.toml and cluster.toml again and apply them")
    reload.set_defaults(run=_reload)
    add_administration(commands)
    add_hotwire(commands)
    config = commands.add_parser("config", help="work on configuration files")
    config_commands = config.add_subparsers(required=True, metavar="COMMAND")
    add_config_check(config_commands)
    add_config_changes(config_commands)
    add_config_sync(config_commands)
    add_keys(commands)
    add_pair(commands)
    add_capture(commands)
    add_menu(commands)
    add_backup(commands)
    add_firmware(commands)
    return parser


def _status(options: argparse.Namespace) -> None:
    answer = ask_daemon(options.socket, {"command": "status"})
    if options.json:
        print(json.dumps(answer, indent=2))
        return
    if answer.get("schema") != SCHEMA:
        raise CommandFailed(
            Exit.REFUSED,
            f"the daemon answers in schema {answer.get('schema')}, this hactl understands {SCHEMA}: "
            "use the hactl of the same firmware, or --json",
        )
    print(render_status(answer, options.verbose))


def _history(options: argparse.Namespace) -> None:
    try:
        entries = read_history(options.folder, options.last)
    except HadaemonError as error:
        raise _refused(error) from error
    print(history_json(entries) if options.json else history_text(entries))


def _reload(options: argparse.Namespace) -> None:
    answer = ask_daemon(options.socket, {"command": "reload"})
    print(
        f"applied: {answer['condition']}"
        if answer["changed"]
        else "nothing to do: the files are as they were"
    )


def _refused(error: HadaemonError) -> CommandFailed:
    """A file that cannot be read."""
    code = Exit.NO_PERMISSION if isinstance(error.__cause__, PermissionError) else Exit.REFUSED
    return CommandFailed(code, str(error))


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number: 0 or more is wanted")
    return int(text)
