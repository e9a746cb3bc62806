"""`hactl --peer …`: a command that reads, run on the other node; its output and exit code are this one's."""

import sys
from pathlib import Path

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.places import STATE
from hadaemon.commands.on_peer import may_run, refusal


def run_on_peer(arguments: list[str]) -> int:
    """The exit code that the command had there. `--state FOLDER` may come first, for tests."""
    state = STATE
    if arguments[:1] == ["--state"]:
        state, arguments = Path(arguments[1]), arguments[2:]
    if not may_run(arguments):
        raise CommandFailed(Exit.USAGE, refusal())
    # Here and not above: a command that cannot be run there is told at once.
    from hadaemon.operations.peer import peer_of

    with peer_of(state) as peer:
        done = peer.hactl(arguments)
    sys.stdout.write(done.out)
    sys.stderr.write(done.errors)
    return done.code
