"""The image in a container: its own systemd and all its services, without its kernel and without booting.

It starts in a few seconds where a booted guest takes a minute. What it cannot tell is everything of the
kernel (modules, verity, sysctls that are not of the network) and of the disk (slots, GRUB, the ESP). It has
the machine's own kernel in namespaces of its own, so it needs root.
"""

import json
import os
import pty
import subprocess
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from firmware.build.disk import partition_offsets
from firmware.lab.deadline import Deadline, stretched, wait_until
from firmware.lab.errors import CommandFailed, LabError, MissingCapability
from firmware.lab.namespaces import Namespace

_SCRIPT = Path(__file__).with_name("container.sh")
_START_SECONDS = 60.0
_COMMAND_SECONDS = 60.0
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_INTO_CONTROL_GROUP = 'mkdir "$1" && echo $$ >"$1/cgroup.procs" && shift && exec "$@"'
_BOUNDED = ("setpriv", "--bounding-set", "-sys_module,-sys_time,-sys_rawio,-mknod,-syslog")
"""No module, no clock, no device and no kernel log of the machine's."""
_APART = ("--cgroup", "--mount", "--propagation", "private", "--pid", "--uts", "--ipc")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command has printed, errors in between, and its exit status."""

    output: str
    status: int


class Container:
    """One node of the image; a context manager that starts it, and ends it with all that it started."""

    def __init__(
        self, image: Path, namespace: Namespace, place: Path, given: Path, prepare: str = "true"
    ) -> None:
        """Prepares it.

        Args:
            image: the raw disk image; slot A is what runs.
            namespace: its network. Its ports are there before it starts.
            place: an empty folder for its own use.
            given: a folder that it finds as /run/given.
            prepare: a shell command, by root in the image's root, before systemd starts.
        """
        self.name = namespace.name
        self.console = ""
        """What was printed on /dev/console."""
        self._image, self._namespace, self._place = image, namespace, place
        self._given, self._prepare = given, prepare
        self._groups = _ControlGroups(place / "cgroup")
        self._init = 0

    def __enter__(self) -> "Container":
        """Starts it; several start at the same time, so `wait_until_up` comes afterwards.

        Raises:
            MissingCapability: this machine does not let us.
        """
        self._groups.open()
        self._master, self._slave = pty.openpty()
        self._reader = threading.Thread(target=self._read_console)
        self._reader.start()
        inside = ["sh", str(_SCRIPT), str(self._image), str(partition_offsets()["root-a"])]
        inside += [str(self._given), self._prepare, os.ttyname(self._slave), str(self._place), *_BOUNDED]
        enter = ["sh", "-c", _INTO_CONTROL_GROUP, "sh", str(self._groups.own)]
        apart = ["unshare", *_APART, "--fork", "--kill-child"]
        self._log = self._place / "start.log"
        self._process = self._namespace.start(*enter, *apart, *inside, log=self._log)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it, as if its power was cut."""
        self.close()

    def close(self) -> None:
        """The same."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(stretched(10))
        os.close(self._slave)
        self._reader.join(stretched(10))
        os.close(self._master)
        self._groups.close()

    def wait_until_up(self) -> None:
        """Returns when systemd has done all that there was to do.

        Raises:
            MissingCapability: this machine does not let us.
            DeadlineExceeded: it did not come up.
            LabError: something is wrong with what came up.
        """
        wait_until(self._has_systemd, Deadline(_START_SECONDS), "systemd's start", self.name, interval=0.02)
        up = "systemctl is-system-running --wait"
        said = self.run(up, root=True, check=False, seconds=_START_SECONDS)
        if said.output.strip() not in ("running", "degraded"):
            raise LabError(f"the container is {said.output.strip()}", self.name, self.console[-2000:])

    @property
    def control_group(self) -> Path:
        """Where this machine has the groups of what runs in here."""
        return self._groups.own

    @property
    def entry(self) -> list[str]:
        """The command prefix that runs something in here, as root."""
        enter = ["nsenter", "--target", str(self._init), "--all", "--root", "--wd"]
        return [*enter, "env", "-i", _PATH, *_BOUNDED]

    def run(
        self, command: str, root: bool = False, check: bool = True, seconds: float = _COMMAND_SECONDS
    ) -> Said:
        """Runs a shell command to its end, as admin or as root.

        Raises:
            CommandFailed: it ended with another status than zero, and `check` is set.
            subprocess.TimeoutExpired: it did not end.
        """
        become = [] if root else ["runuser", "-u", "admin", "--"]
        done = subprocess.run(
            [*self.entry, *become, "sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=stretched(seconds),
        )
        if check and done.returncode != 0:
            raise CommandFailed(f"{self.name}: {command}: {done.stdout.strip()}")
        return Said(done.stdout, done.returncode)

    def status(self) -> dict[str, Any]:
        """What `hactl status --json` says."""
        found: dict[str, Any] = json.loads(self.run("hactl status --json").output)
        return found

    def state(self) -> str:
        """The node's state in one word; `unknown` while the daemon does not answer."""
        said = self.run("hactl status --json", check=False)
        return str(json.loads(said.output)["status"]["state"]) if said.status == 0 else "unknown"

    def wait_until(self, command: str, seconds: float = _COMMAND_SECONDS, root: bool = False) -> Said:
        """Repeats a shell command until it succeeds, and returns what that said.

        Raises:
            DeadlineExceeded: it did not.
        """
        said = [Said("", -1)]

        def succeeds() -> bool:
            said[0] = self.run(command, root=root, check=False)
            return said[0].status == 0

        deadline = Deadline(seconds)
        wait_until(succeeds, deadline, command, self.name, explain=lambda: f"At last: {said[0].output}")
        return said[0]

    def wait_for_state(self, state: str, seconds: float = _COMMAND_SECONDS) -> None:
        """Waits until the node is `active`, `backup`, `fault`, `maintenance` or `off`.

        Raises:
            DeadlineExceeded: it was not.
        """
        wait_until(
            lambda: self.state() == state,
            Deadline(seconds),
            f"state {state}",
            self.name,
            explain=lambda: self.run("hactl status", check=False).output,
        )

    def _has_systemd(self) -> bool:
        if self._process.poll() is not None:
            raise MissingCapability(
                "the image does not start as a container", self.name, self._log.read_text().strip()
            )
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text() != "systemd\n":
            return False
        self._init = int(children[0])
        return self.run("test -S /run/systemd/private", root=True, check=False).status == 0

    def _read_console(self) -> None:
        while True:
            try:
                self.console += os.read(self._master, 4096).decode(errors="replace")
            except OSError:
                return  # nobody has the terminal open any more


class _ControlGroups:
    """A control group of its own for what runs in a container, wherever the machine keeps its own ones."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.own = place / f"hotspare-{os.getpid()}-{id(self)}"

    def open(self) -> None:
        """Mounts the hierarchy.

        Raises:
            MissingCapability: this machine does not let us.
        """
        self._place.mkdir(parents=True)
        command = ["mount", "-t", "cgroup2", "hotspare", str(self._place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MissingCapability(
                f"control groups cannot be mounted: {done.stderr.strip()}", todo="Run this as root."
            )

    def close(self) -> None:
        """Removes the groups, whose processes are gone, and the mount."""
        for folder, _, _ in os.walk(self.own, topdown=False):
            gone = partial(_removed, Path(folder))
            wait_until(gone, Deadline(10), "the end of a control group", folder, interval=0.01)
        subprocess.run(["umount", str(self._place)], check=True)


def _removed(group: Path) -> bool:
    """Busy while the last process ends."""
    try:
        group.rmdir()
    except OSError:
        return not group.exists()
    return True
