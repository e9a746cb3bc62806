"""One running QEMU: start it, steer it, end it.

The process never outlives the lab: QEMU is its child, in a session of its own so that Ctrl-C reaches
only the lab, and the kernel kills it should the lab die without a goodbye. Start machines from the main
thread: that promise is tied to the thread that starts them.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from firmware.lab.command import MachineSpec, qemu_arguments
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import MachineError, MissingCapability
from firmware.lab.qmp import Qmp

QEMU = "qemu-system-x86_64"
START_SECONDS = 30.0
STOP_SECONDS = 10.0


def find_qemu() -> str:
    """The path of the emulator.

    Raises:
        MissingCapability: it is not installed.
    """
    return require_program(QEMU, "qemu-system-x86")


def require_program(name: str, package: str) -> str:
    """The path of a program of this machine.

    Raises:
        MissingCapability: it is not installed.
    """
    path = shutil.which(name)
    if not path:
        raise MissingCapability(f"the command {name!r} is missing", todo=f"Install the package {package}.")
    return path


class Machine:
    """A QEMU process with its control connection."""

    def __init__(self, spec: MachineSpec, log: Path) -> None:
        """Starts QEMU with the guest's processor standing still.

        Args:
            spec: what to start.
            log: where QEMU's own complaints go.

        Raises:
            MachineError: QEMU does not start with these arguments.
            MissingCapability: QEMU is not installed.
        """
        self.spec = spec
        self._log = log
        arguments = [find_qemu(), *qemu_arguments(spec)]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self.qmp = self._connect()
        except BaseException:
            self._end()
            raise

    def _connect(self) -> Qmp:
        """The socket's file is there a moment before anybody listens, and before QEMU has looked at all its
        arguments: only an answer says that it has started.
        """
        opened: list[Qmp] = []

        def answers() -> bool:
            if not self.running:
                raise MachineError(f"QEMU did not start: {self._last_words()}", self.spec.name)
            with contextlib.suppress(MachineError):
                opened.append(Qmp(self.spec.sockets.qmp))
            return bool(opened)

        wait_until(answers, Deadline(START_SECONDS), "QEMU's start", self.spec.name, interval=0.02)
        return opened[0]

    @property
    def pid(self) -> int:
        """The process number of QEMU."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def resume(self) -> None:
        """Lets the guest's processor run."""
        self.qmp.execute("cont")

    def wait_for_exit(self, deadline: Deadline) -> None:
        """Waits until the guest has switched itself off.

        Raises:
            DeadlineExceeded: it has not.
        """
        wait_until(lambda: not self.running, deadline, "the power-off", self.spec.name)
        self._clean_up()

    def kill(self) -> None:
        """Cuts the power: QEMU gets no chance to write anything."""
        self._process.kill()
        self._process.wait()
        self._clean_up()

    def stop(self) -> None:
        """Ends QEMU in order; unlike a power cut, what the guest has written is kept."""
        with contextlib.suppress(MachineError):
            self.qmp.execute("quit")
        self._end()

    def _end(self) -> None:
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._clean_up()

    def _clean_up(self) -> None:
        if hasattr(self, "qmp"):
            self.qmp.close()
        for path in _socket_files(self.spec):
            path.unlink(missing_ok=True)

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace").strip()[-2000:]


def _socket_files(spec: MachineSpec) -> Iterable[Path]:
    sockets = spec.sockets
    yield from (sockets.qmp, sockets.serial, sockets.console, sockets.vnc)
    yield from (nic.local for nic in spec.nics)
