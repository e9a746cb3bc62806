"""`hactl --peer …`: a command that reads, run on the other node; its output and exit code are this one's."""

import argparse
import sys

from hadaemon.cli.config_changes import STATE, TIMEOUT, told
from hadaemon.cli.failure import CommandFailed, Exit


def run_on_peer(arguments: list[str]) -> int:
    """The exit code that the command had there."""
    options = argparse.Namespace(arguments=arguments, state=STATE, code=Exit.REFUSED)
    if arguments[:1] == ["--state"]:
        from pathlib import Path

        options.state, options.arguments = Path(arguments[1]), arguments[2:]
    told(_run)(options)
    return int(options.code)


def _run(options: argparse.Namespace) -> None:
    from hadaemon.operations.peer import peer_of
    from hadaemon.sync.reading import may_read, reading_commands

    if not may_read(options.arguments):
        commands = ", ".join(f"`{command}`" for command in reading_commands())
        raise CommandFailed(Exit.REFUSED, f"only commands that read can be run on the peer: {commands}")
    with peer_of(options.state, TIMEOUT) as peer:
        done = peer.hactl(options.arguments)
    sys.stdout.write(done.out)
    sys.stderr.write(done.errors)
    options.code = done.code
