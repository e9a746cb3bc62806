"""The root helper: one connection, one fixed verb, one line of answer.

Started by the service manager for each connection on its socket, which is the standard input and output. Only
the daemon's user and root may ask. It takes no argument from outside: a verb is all there is to say.

It runs while a node boots, and while a takeover is not safe yet: it loads only what is in the interpreter.
Measured, `subprocess`, `socket` and `site` would double its start.
"""

import os
import pwd
import select
import sys
from _socket import SO_PEERCRED, SOL_SOCKET, socket
from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DAEMON_USER = "hadaemon"
_CONNTRACKD = "hotspare-conntrackd.service"
_FIRMWARE = "/usr/libexec/hotspare/firmware"
VERBS: "Mapping[str, tuple[str, ...]]" = {
    "mark-good": (_FIRMWARE, "good"),
    "trial-back": (_FIRMWARE, "back"),
    "trial-over": (_FIRMWARE, "over"),
    "failed-units": (_FIRMWARE, "failed-units"),
    "bad-slot": (_FIRMWARE, "bad-slot"),
    "firmware-state": (_FIRMWARE, "state"),
    "upgrade-work": (_FIRMWARE, "start-work"),
    "upgrade-back": (_FIRMWARE, "go-back"),
    "upgrade-off": (_FIRMWARE, "stay"),
    "upgrade-restart": (_FIRMWARE, "restart"),
    "apply-network": ("/usr/bin/systemctl", "start", "hotspare-apply.service"),
    "conntrackd-restart": ("/usr/bin/systemctl", "restart", _CONNTRACKD),
    "conntrackd-stop": ("/usr/bin/systemctl", "stop", _CONNTRACKD),
}
"""What can be asked for, and the command that does it."""

_MAX_REQUEST = 64
_REQUEST_TIMEOUT = 5.0
_VERB_TIMEOUT = 50.0
"""Seconds."""
_VERB_TIMEOUTS: "Mapping[str, float]" = {"apply-network": 310.0}
"""Of those that need longer: the service manager ends a pass before that."""
_MAX_OUTPUT = 4096
_SIGKILL = 9
_CREDENTIALS = Struct("=iII")
"""struct ucred: pid, uid, gid."""


def main() -> int:
    """Serves the connection on standard input; 0 when the verb was done."""
    try:
        connection = socket(fileno=0)
    except OSError:
        print("helper: is started by the service manager, for a connection to its socket", file=sys.stderr)
        return 1
    connection.settimeout(_REQUEST_TIMEOUT)
    answer = serve(connection, allowed_users(), VERBS)
    print(answer, file=sys.stderr)
    try:
        connection.sendall(answer.encode() + b"\n")
    except OSError as error:  # Whoever asked has given up waiting.
        print(f"helper: nobody hears the answer: {error.strerror}", file=sys.stderr)
        return 1
    return 0 if answer.startswith("ok") else 1


def allowed_users() -> frozenset[int]:
    """Root and the daemon's user, where it exists."""
    try:
        return frozenset({0, pwd.getpwnam(DAEMON_USER).pw_uid})
    except KeyError:
        return frozenset({0})


def serve(connection: socket, allowed: frozenset[int], verbs: "Mapping[str, tuple[str, ...]]") -> str:
    """The answer to what the connection asks: `ok`, or `error` and why."""
    user = peer_user(connection)
    if user not in allowed:
        return f"error user {user} may not ask for anything"
    try:
        verb = read_verb(connection)
    except (OSError, ValueError) as error:
        return f"error {error}"
    if verb not in verbs:
        return f"error unknown verb: there are {', '.join(sorted(verbs))}"
    return run(verbs[verb], _VERB_TIMEOUTS.get(verb, _VERB_TIMEOUT))


def peer_user(connection: socket) -> int:
    """Who connected, as the kernel knows it."""
    credentials = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(credentials)[1])


def read_verb(connection: socket) -> str:
    """One line of at most `_MAX_REQUEST` bytes."""
    data = b""
    while not data.endswith(b"\n"):
        chunk = connection.recv(_MAX_REQUEST + 1 - len(data))
        data += chunk
        if not chunk or len(data) > _MAX_REQUEST:
            raise ValueError("no request: one line with a verb is wanted")
    return data.decode("ascii", errors="replace").strip()


def run(command: tuple[str, ...], timeout: float = _VERB_TIMEOUT) -> str:
    """Runs one of the fixed commands to its end, within that many seconds; the answer has what it printed."""
    out, wrong = os.memfd_create("output"), os.memfd_create("errors")
    try:
        ended = _run(command, timeout, out, wrong)
        if ended is None:
            return f"error {command[0]} has not ended within {timeout:g} s"
        if ended != 0:
            return f"error {command[0]} ended with {ended}: {_one_line(wrong)}"
        return f"ok {_one_line(out)}".rstrip()
    except OSError as error:
        return f"error {error}"
    finally:
        os.close(out)
        os.close(wrong)


def _run(command: tuple[str, ...], timeout: float, out: int, wrong: int) -> int | None:
    """Its exit code; None: it took longer, and was killed."""
    nothing = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
    kept = ((os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, wrong, 2))
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=(nothing, *kept))
    end = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        in_time = bool(poll.poll(timeout * 1000))
        if not in_time:
            os.kill(child, _SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return status if in_time else None
    finally:
        os.close(end)


def _one_line(file: int) -> str:
    """The beginning of what was written there."""
    return " ".join(os.pread(file, _MAX_OUTPUT, 0).decode(errors="replace").split())[:512]


if __name__ == "__main__":
    sys.exit(main())
