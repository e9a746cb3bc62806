"""One running QEMU: start it, steer it, end it.

The process never outlives the lab: QEMU is its child, in a session of its own so that Ctrl-C reaches
only the lab, and the kernel kills it should the lab die without a goodbye. Start machines from the main
thread: that promise is tied to the thread that starts them.
"""

import contextlib
import ctypes
import shlex
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
SAVE_SECONDS = 180.0
LOAD_SECONDS = 90.0
UNLIMITED = 1 << 40
"""Bytes a second."""
_PR_SET_THP_DISABLE = 41
"""linux/prctl.h"""


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


def _leave_pages_small() -> None:
    """From now on, programs that this process starts get no huge pages from the kernel unasked.

    QEMU asks for them for all of the guest's memory. Each is cleared as a whole when the guest first touches
    it, and it touches little of each: measured, a boot takes twice as long in the kernel of this machine.
    """
    ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)


class Machine:
    """A QEMU process with its control connection."""

    def __init__(self, spec: MachineSpec, log: Path, loads: bool = False) -> None:
        """Starts QEMU with the guest's processor standing still.

        Args:
            spec: what to start.
            log: where QEMU's own complaints go.
            loads: it begins with what `load` gives it, and not with a boot.

        Raises:
            MachineError: QEMU does not start with these arguments.
            MissingCapability: QEMU is not installed.
        """
        self.spec = spec
        self._log = log
        arguments = [find_qemu(), *qemu_arguments(spec), *(("-incoming", "defer") if loads else ())]
        _leave_pages_small()
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

    def halt(self) -> None:
        """Lets the guest's processor stand still."""
        self.qmp.execute("stop")

    def save(self, memory: Path) -> None:
        """Begins to write memory and devices of a machine that stands still; its disks stay as they are.

        The file appears when it is complete, with a checksum; wait with `wait_saved`.
        """
        part = shlex.quote(str(_part(memory)))
        write = f"exec:{_zstd()} -q -1 -f -o {part} && mv {part} {shlex.quote(str(memory))} || rm -f {part}"
        _part(memory).touch()
        self.qmp.execute("migrate-set-parameters", **{"max-bandwidth": UNLIMITED})
        self.qmp.execute("migrate", uri=write)

    def wait_saved(self, memory: Path) -> None:
        """Waits until the file is complete.

        Raises:
            MachineError: it could not be written; the machine stands still, and can go on.
        """

        def saved() -> bool:
            state = self.qmp.execute("query-migrate")
            if state["status"] in ("failed", "cancelled") or not (memory.exists() or _part(memory).exists()):
                raise MachineError(f"it could not be written: {self._last_words()}", str(memory))
            return state["status"] == "completed" and memory.exists()

        wait_until(saved, Deadline(SAVE_SECONDS), "the end of the writing", str(memory))

    def cancel_save(self) -> None:
        """Ends the writing, if it is still going on."""
        self.qmp.execute("migrate_cancel")

    def load(self, memory: Path, loaded: Path) -> None:
        """Begins to read what `save` wrote; `loaded` appears when the checksum was right."""
        mark = shlex.quote(str(loaded))
        read = f"exec:{_zstd()} -q -dc {shlex.quote(str(memory))} && touch {mark} || touch {mark}.damaged"
        with contextlib.suppress(MachineError):  # It may end before it answers: waiting says why.
            self.qmp.execute("migrate-incoming", uri=read)

    def wait_loaded(self, loaded: Path) -> None:
        """Waits until everything is read; the processor stands still.

        Raises:
            MachineError: the file is damaged, or was written by another machine or QEMU.
        """

        def read() -> bool:
            damaged = loaded.with_name(f"{loaded.name}.damaged").exists()
            if damaged or not self.running:
                raise MachineError(f"it cannot be read: {self._last_words()}", self.spec.name)
            try:
                return self.qmp.execute("query-status")["status"] != "inmigrate" and loaded.exists()
            except MachineError:
                return False  # It has just ended: the next look says why.

        wait_until(read, Deadline(LOAD_SECONDS), "the end of the reading", self.spec.name, interval=0.05)

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


def _zstd() -> str:
    return shlex.quote(require_program("zstd", "zstd"))


def _part(memory: Path) -> Path:
    """The file while it is written."""
    return memory.with_name(f"{memory.name}.part")


def _socket_files(spec: MachineSpec) -> Iterable[Path]:
    sockets = spec.sockets
    yield from (sockets.qmp, sockets.serial, sockets.console, sockets.vnc)
    yield from (nic.local for nic in spec.nics)
