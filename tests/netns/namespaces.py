"""Network namespaces for tests, with or without root: nothing is named, so nothing is left when they end.

Without root the first agent makes a user namespace too, and all others are made inside it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

_AGENT = Path(__file__).with_name("agent.py")


class Namespaces:
    """Makes namespaces; a context manager that ends every process in them and proves that nothing is left."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._all: list[Namespace] = []
        self._mounts = _namespace_mounts()

    def __enter__(self) -> "Namespaces":
        return self

    def __exit__(self, *_: object) -> None:
        identities = {namespace.identity for namespace in self._all}
        self._stack.close()
        left = [pid for pid, identity in _processes() if identity in identities]
        assert not left, f"processes are left in the test's namespaces: {left}"
        assert _namespace_mounts() == self._mounts, "a namespace is kept by a mount"

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
        self.name = name
        self._processes: list[subprocess.Popen[str]] = []
        self._sockets: list[socket.socket] = []
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        enter = [] if first is None else first.entry
        unshare = ["unshare", "--net"] if os.geteuid() == 0 or first else ["unshare", "--user", "-r", "--net"]
        command = [*enter, *unshare, sys.executable, "-I", "-S", str(_AGENT)]
        with theirs:
            self._agent = subprocess.Popen(command, stdin=theirs)
        if self._control.recv(16) != b"ready":
            raise RuntimeError(f"no network namespace: {' '.join(unshare)} failed; see its message above")
        self.identity = _identity(self._agent.pid)

    @property
    def entry(self) -> list[str]:
        """The command prefix that runs something in here."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self._agent.pid), *user, "--net"]

    def run(self, *command: str, check: bool = True) -> str:
        """Runs a command to its end; returns its standard output."""
        done = subprocess.run([*self.entry, *command], capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def start(self, *command: str, log: Path) -> "subprocess.Popen[str]":
        """Starts a command; its output goes to a file. It is killed at the end if it still runs."""
        with log.open("a") as output:
            process = subprocess.Popen(
                [*self.entry, *command], stdout=output, stderr=output, stdin=subprocess.DEVNULL, text=True
            )
        self._processes.append(process)
        return process

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of this namespace, for the test process to use."""
        self._control.sendall(json.dumps([family, kind, protocol]).encode())
        _, descriptors, _, _ = socket.recv_fds(self._control, 16, 1)
        opened = socket.socket(fileno=descriptors[0])
        self._sockets.append(opened)
        return opened

    def close(self) -> None:
        """Ends everything in here."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)
        for opened in self._sockets:
            opened.close()
        self._control.close()
        self._agent.wait(10)


def _identity(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")  # noqa: PTH115 (the text of the link is the identity)


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


def _namespace_mounts() -> list[str]:
    """What keeps a namespace without a process, as `ip netns add` does."""
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if line.startswith("nsfs ")]
