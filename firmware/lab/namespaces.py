"""Network namespaces, with or without root: nothing is named, so nothing is left when they end.

Without root the first agent makes a user namespace too, and all others are made inside it. Every process
in a namespace is a direct child, in a process group of its own (Ctrl-C is for us alone), and dies with us
even when we are killed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol

from firmware.lab.deadline import Deadline, stretched, wait_until
from firmware.lab.errors import CommandFailed, LabError, MissingCapability

_AGENT = Path(__file__).with_name("namespace_agent.py")
MOUNTS = "/proc/self/mountinfo"
_END = 10.0
"""Seconds that a killed process may take to be gone."""


class Process(Protocol):
    """What is asked of a process that runs in a namespace; `subprocess.Popen` has it."""

    stdin: IO[str] | None
    stdout: IO[str] | None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    def send_signal(self, sig: int, /) -> None:
        """Does nothing when it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end."""


class Namespaces:
    """Makes namespaces; a context manager that ends every process in them and proves that nothing is left."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._all: list[Namespace] = []

    def __enter__(self) -> "Namespaces":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all.

        Raises:
            LabError: something is left.
        """
        try:
            self._stack.close()
            wait_until(
                lambda: not self._left(),
                Deadline(_END),
                "the end of every process in the namespaces",
                explain=lambda: "Still there: " + "; ".join(map(_command_of, self._left())),
            )
            if kept := self._mounted():
                raise LabError(f"a network namespace is kept by a mount at {', '.join(kept)}", where=MOUNTS)
        finally:
            for namespace in self._all:
                namespace.let_go()

    def _left(self) -> list[int]:
        identities = {namespace.identity for namespace in self._all}
        return [pid for pid, identity in _processes() if identity in identities]

    def _mounted(self) -> list[str]:
        """Where ours are mounted, as `ip netns attach` does. What others keep in this way is theirs."""
        identities = {namespace.identity for namespace in self._all}
        return [place for identity, place in _namespace_mounts() if identity in identities]

    def make(self, name: str) -> "Namespace":
        """A new, empty namespace with its loopback up."""
        namespace = Namespace(name, self._all[0] if self._all else None)
        self._all.append(namespace)
        self._stack.callback(namespace.close)
        namespace.run("ip", "link", "set", "lo", "up")
        return namespace


class Namespace:
    """One network namespace."""

    def __init__(self, name: str, first: "Namespace | None") -> None:
        """Makes it.

        Raises:
            MissingCapability: this machine does not let us.
        """
        self.name = name
        self._processes: list[Process] = []
        self._sockets: list[socket.socket] = []
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        enter = [] if first is None else first.entry
        unshare = ["unshare", "--net"] if os.geteuid() == 0 or first else ["unshare", "--user", "-r", "--net"]
        command = [*enter, *unshare, sys.executable, "-I", "-S", str(_AGENT)]
        with theirs:
            self._agent: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=theirs.fileno(), process_group=0
            )
        if self._control.recv(16) != b"ready":
            self._agent.wait(stretched(_END))
            raise MissingCapability(
                "this machine gives us no network namespace",
                where=" ".join(unshare),
                todo="be root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone)",
            )
        # While the file is open, no other namespace can get this one's number.
        self._kept = os.open(f"/proc/{self._agent.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.identity = _identity(self._agent.pid)

    @property
    def pid(self) -> int:
        """A process in here, by which `ip link set … netns` finds the namespace."""
        return self._agent.pid

    @property
    def entry(self) -> list[str]:
        """The command prefix that runs something in here."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self.pid), *user, "--net"]

    def run(self, *command: str, check: bool = True, stdin: str = "") -> str:
        """Runs a command to its end; returns its standard output.

        Raises:
            CommandFailed: it ended with another status than zero, and `check` is set.
        """
        done = subprocess.run(
            [*self.entry, *command], capture_output=True, text=True, check=False, input=stdin
        )
        if check and done.returncode != 0:
            raise CommandFailed(f"{self.name}: {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def start(self, *command: str, log: Path, piped: bool = False) -> "subprocess.Popen[str]":
        """Starts a command; its output goes to a file, with `piped` only its errors do. It is killed at the
        end if it still runs.
        """
        with log.open("a") as output:
            process = subprocess.Popen(
                [*self.entry, "setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else output,
                stderr=output,
                text=True,
                process_group=0,
            )
        self._processes.append(process)
        return process

    def adopt(self, process: Process) -> None:
        """Somebody else has started it in here; it is killed at the end if it still runs."""
        self._processes.append(process)

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of this namespace, for our process to use."""
        opened = socket.socket(fileno=self._open([family, kind, protocol]))
        self._sockets.append(opened)
        return opened

    def tap(self, name: str) -> int:
        """A new TAP interface: what is read from the file, which the caller closes, has been sent there,
        a frame at a time, and what is written comes in. Closing it removes the interface.
        """
        return self._open(name)

    def _open(self, wanted: object) -> int:
        self._control.sendall(json.dumps(wanted).encode())
        _, descriptors, _, _ = socket.recv_fds(self._control, 16, 1)
        return descriptors[0]

    def close(self) -> None:
        """Ends everything in here."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(stretched(_END))
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        for opened in self._sockets:
            opened.close()
        self._control.close()
        self._agent.wait(stretched(_END))

    def let_go(self) -> None:
        """Once nobody asks for its identity any more."""
        os.close(self._kept)


def _identity(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")  # noqa: PTH115 (the text of the link is the identity)


def _command_of(pid: int) -> str:
    try:
        return f"{pid} {Path(f'/proc/{pid}/cmdline').read_text().replace(chr(0), ' ').strip()}"
    except OSError:
        return f"{pid}, which is gone now"


def _processes() -> list[tuple[int, str]]:
    """Every process and the network namespace that it is in."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                found.append((int(entry.name), _identity(int(entry.name))))
            except OSError:
                continue  # gone, or not ours to look at
    return found


def _namespace_mounts() -> list[tuple[str, str]]:
    """Every namespace that a mount keeps, and where: proc_pid_mountinfo(5)."""
    rows = (line.split() for line in Path(MOUNTS).read_text().splitlines())
    return [(row[3], row[4]) for row in rows if row[row.index("-") + 1] == "nsfs"]
