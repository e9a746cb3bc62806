"""The root helper: one connection, one fixed verb, one line of answer.

Started by the service manager for each connection on its socket, which is the standard input and output. Only
the daemon's user and root may ask. It takes no argument from outside: a verb is all there is to say.
"""

import pwd
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping

DAEMON_USER = "hadaemon"
_CONNTRACKD = "hotspare-conntrackd.service"
_FIRMWARE = "/usr/libexec/hotspare/firmware"
VERBS: Mapping[str, tuple[str, ...]] = {
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
_VERB_TIMEOUTS: Mapping[str, float] = {"apply-network": 310.0}
"""Of those that need longer: the service manager ends a pass before that."""
_CREDENTIALS = struct.Struct("=iII")
"""struct ucred: pid, uid, gid."""


def main() -> int:
    """Serves the connection on standard input; 0 when the verb was done."""
    try:
        accepted = socket.socket(fileno=0)
    except OSError:
        print("helper: is started by the service manager, for a connection to its socket", file=sys.stderr)
        return 1
    with accepted as connection:
        connection.settimeout(_REQUEST_TIMEOUT)
        answer = serve(connection, allowed_users(), VERBS)
        print(answer, file=sys.stderr)
        connection.sendall(answer.encode() + b"\n")
    return 0 if answer.startswith("ok") else 1


def allowed_users() -> frozenset[int]:
    """Root and the daemon's user, where it exists."""
    try:
        return frozenset({0, pwd.getpwnam(DAEMON_USER).pw_uid})
    except KeyError:
        return frozenset({0})


def serve(connection: socket.socket, allowed: frozenset[int], verbs: Mapping[str, tuple[str, ...]]) -> str:
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


def peer_user(connection: socket.socket) -> int:
    """Who connected, as the kernel knows it."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(credentials)[1])


def read_verb(connection: socket.socket) -> str:
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
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"error {error}"
    if done.returncode != 0:
        return f"error {command[0]} ended with {done.returncode}: {_one_line(done.stderr)}"
    return f"ok {_one_line(done.stdout)}".rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:512]


if __name__ == "__main__":
    sys.exit(main())
