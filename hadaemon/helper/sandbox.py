"""One run of a program of the administrator's, in a sandbox: one connection, one request, one answer.

Started by the service manager for each connection of the daemon's, as a user of its own without any right:
hotspare-program@.service says what it may use. When this process ends, the service manager ends all that it
has started. What the program wrote goes to the journal, if it failed or was to be heard.
"""

import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from hadaemon.helper.main import allowed_users, peer_user
from hadaemon.io.kernel.processes import is_running
from hadaemon.io.programs.run import ProgramError, run_bounded
from hadaemon.programs.protocol import MAX_LINE, Ended, Look, Request, Run, answer_line, request_of
from hadaemon.programs.words import end_of, last_line

MOST_OUTPUT = 64 << 10
"""Bytes that a program may write: it is ended when it writes more."""
_PATIENCE = 10.0
"""Seconds in which the daemon has to ask."""
_MOST_LINES = 50
"""Of the output, in the journal."""
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def carry_out(request: Request) -> Ended:
    """Never raises for what the program does."""
    if isinstance(request, Look):
        found = is_running(request.process)
        return Ended(found, "" if found else f"no {request.process} is running")
    with tempfile.TemporaryDirectory(prefix="hotspare-") as folder:
        return _run(request, Path(folder))


def _run(request: Run, folder: Path) -> Ended:
    path = folder / request.name
    path.write_text(request.script, encoding="utf-8")
    path.chmod(0o700)
    environment = _ENVIRONMENT | {"HOME": str(folder), **request.environment}
    try:
        done = run_bounded(
            str(path),
            *request.arguments,
            timeout=request.timeout,
            most=MOST_OUTPUT,
            environment=environment,
        )
    except ProgramError as error:
        _log(request.name, error.output, error.said)
        reason = str(error).partition(": ")[2]
        line = last_line(error.said, error.output)
        return Ended(False, f"{reason}: {line}" if line else reason)
    _log(request.name, done.output, done.said)
    good = done.status == 0
    return Ended(good, "" if good else end_of(done.status, last_line(done.said, done.output)))


def _log(name: str, *written: str) -> None:
    lines = [line for text in written for line in text.splitlines()]
    for line in lines[-_MOST_LINES:]:
        print(f"{name}: {line}", file=sys.stderr)


def serve(connection: socket.socket) -> None:
    """Answers what the connection asks."""
    connection.settimeout(_PATIENCE)
    with connection.makefile("rb") as lines:
        line = lines.readline(MAX_LINE)
    try:
        ended = carry_out(request_of(line))
    except (OSError, ValueError) as error:
        ended = Ended(False, f"the sandbox failed: {error}")
    with suppress(BrokenPipeError):  # Nobody waits for it, as when the daemon has ended.
        connection.sendall(answer_line(ended))


def main() -> int:
    """Serves the connection on standard input; 0 when it was answered."""
    with socket.socket(fileno=os.dup(0)) as connection:
        if peer_user(connection) not in allowed_users():
            return 1
        try:
            serve(connection)
        except OSError as error:
            print(f"sandbox: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
