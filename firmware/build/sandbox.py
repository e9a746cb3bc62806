"""The build's own namespaces: everything happens in one child process that sees them alone.

As an ordinary user the child gets a user namespace with the user's subordinate ids (it is root there and
nowhere else); as root only a mount and a process namespace. So whatever ends the build, mounts and processes
end with it: the child reads its standard input for as long as it lives and stops when that closes.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from firmware.errors import FirmwareError

_ENTER = (
    "import json,sys; sys.path[:]=json.loads(sys.argv[1]); from firmware.build import child; child.main()"
)

HOST_PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "newuidmap": "uidmap",
    "newgidmap": "uidmap",
    "mount": "mount",
    "unshare": "util-linux",
    "apt-get": "apt",
}
"""Programs that must be on the host, and the Debian package of each."""

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Message = dict[str, Any]
Sign = Callable[[bytes], bytes]
"""Turns a bundle's manifest into its signature."""


def run_in_namespaces(request: Mapping[str, Any], sign: Sign | None = None) -> Message:
    """Let a child do `request` in its own namespaces and return its answer.

    It may ask for signatures meanwhile, which `sign` makes out here, where the keys are.
    Raises the `FirmwareError` that the child reports. Any interruption ends the child and what it started.
    """
    read_end, write_end = os.pipe()
    command = [*namespace_command(), sys.executable, "-P", "-c", _ENTER, json.dumps(sys.path), str(write_end)]
    # A session of its own: Ctrl-C reaches this process alone, which then ends the child as a whole.
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[write_end],
        start_new_session=True,
        env=child_environment(),
    )
    os.close(write_end)
    assert child.stdin is not None
    assert child.stderr is not None
    answer: Message = {}
    stderr = bytearray()
    drain = threading.Thread(
        target=lambda pipe: stderr.extend(pipe.read()), args=(child.stderr,), daemon=True
    )
    drain.start()
    try:
        _send(child, request)
        with os.fdopen(read_end, "rb") as answers:
            for line in answers:
                answer = json.loads(line)
                if sign and "sign" in answer:
                    signature = sign(base64.b64decode(answer["sign"]))
                    _send(child, {"signature": base64.b64encode(signature).decode()})
        child.wait()
    except BaseException:
        child.send_signal(signal.SIGKILL)  # unshare --kill-child takes the whole process namespace along
        child.wait()
        raise
    finally:
        with suppress(BrokenPipeError):
            child.stdin.close()
        drain.join()
        child.stderr.close()
    if not answer:
        raise _explain_no_answer(child.returncode, stderr.decode(errors="replace"))
    return _unpack(answer)


def _send(child: "subprocess.Popen[bytes]", request: Mapping[str, Any]) -> None:
    """Hand over the request; that the child is already dead shows when there is no answer."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()


def _unpack(message: Message) -> Message:
    if error := message.get("error"):
        raise FirmwareError(error["what"], where=error["where"], todo=error["todo"])
    result: Message = message["result"]
    return result


def namespace_command() -> list[str]:
    """The command that enters the namespaces."""
    mapping = [] if os.geteuid() == 0 else ["--user", "--map-root-user", "--map-auto"]
    return [
        "unshare",
        *mapping,
        "--mount",
        "--propagation=private",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]


def child_environment() -> dict[str, str]:
    """The host's environment with what must be fixed: locale, time zone, hash seed, path."""
    fixed = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    path = os.environ.get("PATH", "")
    return {**os.environ, **fixed, "PATH": f"{path}:{SYSTEM_PATH}"}


def require_host_programs() -> None:
    """Raise one error that names every missing package."""
    path = child_environment()["PATH"]
    missing = sorted(
        {package for name, package in HOST_PROGRAMS.items() if shutil.which(name, path=path) is None}
    )
    if missing:
        raise FirmwareError(
            f"host packages are missing: {', '.join(missing)}",
            todo=f"sudo apt-get install {' '.join(missing)}",
        )


def _explain_no_answer(status: int, stderr: str) -> FirmwareError:
    text = stderr.strip()
    if not any(word in text for word in ("unshare", "newuidmap", "newgidmap", "uid_map")):
        return FirmwareError(f"the build process ended without a result (exit status {status})\n{text}")
    reason = text.splitlines()[-1]
    if os.geteuid() == 0:
        return FirmwareError(
            f"this machine does not let root make namespaces ({reason})",
            where=" ".join(namespace_command()),
            todo="a container must be a privileged one (with CAP_SYS_ADMIN); in a chroot its folder must be "
            "a mount point (mount --bind DIR DIR before chroot DIR)",
        )
    return FirmwareError(
        f"this machine does not let an ordinary user make namespaces ({reason})",
        where=" ".join(namespace_command()),
        todo="give the user subordinate ids (sudo usermod --add-subuids 100000-165535 --add-subgids "
        "100000-165535 NAME), allow unprivileged user namespaces (kernel.unprivileged_userns_clone=1; "
        "on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0), or run as root",
    )
