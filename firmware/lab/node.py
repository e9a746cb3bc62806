"""One appliance of the lab, with verbs that say what a person beside it would do.

A node is its data, its disk and its cables; the machine comes and goes with `power_on` and `power_off`.
"""

import contextlib
import json
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from firmware.lab.command import MachineSpec, nic_device
from firmware.lab.console import COMMAND_SECONDS, Console, Result
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import CommandFailed, ConsoleError, DeadlineExceeded, LabError
from firmware.lab.machine import Machine
from firmware.lab.progress import LIMIT_SECONDS, STILL_SECONDS, Patience, stage_of
from firmware.lab.session import Session
from firmware.lab.topology import PlannedNode

ADMIN = "admin"
SHUTDOWN_SECONDS = 120.0
CARD_SECONDS = 60.0
CLOCK_SECONDS = 0.5
"""What a command in an emulated node takes until it runs."""
STATE_SECONDS = 60.0
POLL_SECONDS = 1.0
ASK_SECONDS = 30.0
"""For a node that may be gone."""
STATUS_SECONDS = 60.0


class Node:
    """A node of the lab. Its verbs are for one thread."""

    def __init__(
        self, data: PlannedNode, spec: MachineSpec, password: str, on_link: Callable[[str, bool], None]
    ) -> None:
        """A node that is off, with all its cables plugged.

        Args:
            data: name and ports.
            spec: its machine.
            password: of the account admin.
            on_link: told of every port whose cable is pulled (False) or plugged (True).
        """
        self.data = data
        self.name = data.name
        self.spec = spec
        self._password = password
        self._on_link = on_link
        self._pulled: set[str] = set()
        self._machine: Machine | None = None
        self._begun = time.monotonic()
        self._was_up = False
        self._disk_transfers = 0
        self._session = Session(self._connect)

    @property
    def running(self) -> bool:
        """Whether its power is on."""
        return self._machine is not None and self._machine.running

    @property
    def machine(self) -> Machine:
        """The running machine.

        Raises:
            LabError: the node is off.
        """
        if self._machine is None or not self._machine.running:
            raise LabError("the node is off", self.name)
        return self._machine

    def mac(self, port: str) -> str:
        """The MAC address of a port."""
        return self.data.port(port).mac

    # Power

    def power_on(self) -> None:
        """Switches the node on. It boots from here; wait with `wait_for_boot` or `wait_for_state`.

        Raises:
            LabError: it is on already.
            MachineError: QEMU does not start.
        """
        if self.running:
            raise LabError("the node is on already", self.name)
        self._session.hang_up()
        self._begin_boot()
        self._machine = Machine(self.spec, self.spec.serial_log.with_name("qemu.log"))
        for port in self._pulled:
            self._machine.qmp.set_link(port, up=False)
        self._machine.resume()

    def _begin_boot(self) -> None:
        self._begun = time.monotonic()
        self._was_up = False

    def wake(self, memory: Path) -> None:
        """Switches the node on in the middle of its life, as `Machine.save` left it. It stands still until
        `resume`; the disks must be those of that moment. Returns at once; wait with `wait_until_awake`.

        Raises:
            MachineError: QEMU does not start.
        """
        self._session.hang_up()
        self._was_up = True
        self._machine = Machine(self.spec, self.spec.serial_log.with_name("qemu.log"), loads=True)
        self._machine.load(memory, self._loaded)

    @property
    def _loaded(self) -> Path:
        return self.spec.serial_log.with_name("loaded")

    def wait_until_awake(self) -> None:
        """Waits until everything is loaded.

        Raises:
            MachineError: it cannot be loaded: the file is damaged, or of another machine.
        """
        if self._machine:  # It may have ended already: that is told with its reason.
            self._machine.wait_loaded(self._loaded)

    def resume(self) -> None:
        """Lets the processor run on."""
        self.machine.resume()

    def set_clock(self) -> None:
        """Tells the system what time it is now; nothing else tells one that has stood still."""
        self.run(f"date --set=@{time.time() + CLOCK_SECONDS:.1f}", root=True)

    def power_off(self) -> None:
        """Cuts the power, as if the plug were pulled. A node that is off stays off."""
        if self._machine:
            self._machine.kill()
        self._machine = None
        self._session.hang_up()

    def shutdown(self) -> None:
        """Shuts the system down in order and waits until the power is off.

        Raises:
            DeadlineExceeded: it did not go down.
        """
        with contextlib.suppress(ConsoleError):
            self.run("systemctl poweroff", root=True)
        self.machine.wait_for_exit(Deadline(SHUTDOWN_SECONDS))
        self._session.hang_up()
        self._machine = None

    def reset(self) -> None:
        """Presses the reset button."""
        self.machine.qmp.execute("system_reset")
        self._begin_boot()
        self._session.hang_up()

    # Cables

    def pull(self, port: str) -> None:
        """Pulls this node's end of a cable: the guest sees its carrier go. It stays pulled over a reboot."""
        self._set_link(port, up=False)

    def plug(self, port: str) -> None:
        """Plugs the cable in again."""
        self._set_link(port, up=True)

    # Cards

    def tear_out(self, port: str, seconds: float = CARD_SECONDS) -> None:
        """Pulls a network card out of its slot while the node runs; the node must have been made with slots.

        Raises:
            DeadlineExceeded: the guest does not let go of it.
        """
        qmp = self.machine.qmp
        qmp.execute("device_del", id=port)
        wait_until(lambda: port not in qmp.devices(), Deadline(seconds), f"release of card {port}", self.name)

    def put_in(self, port: str) -> None:
        """Puts the card back into its slot."""
        (nic,) = (nic for nic in self.spec.nics if nic.port == port)
        self.machine.qmp.add_device(nic_device(nic))

    @property
    def pulled(self) -> frozenset[str]:
        """The ports whose cable is pulled."""
        return frozenset(self._pulled)

    def _set_link(self, port: str, up: bool) -> None:
        name = self.data.port(port).name
        if self.running:
            self.machine.qmp.set_link(name, up)
        if up:
            self._pulled.discard(name)
        else:
            self._pulled.add(name)
        self._on_link(name, up)

    # Inside

    @property
    def logged_in(self) -> bool:
        """Whether the lab has a shell in the node."""
        return self.running and self._session.logged_in

    def advance_login(self) -> bool:
        """Takes one short turn towards a shell; says whether there is one. For those who cannot wait."""
        self._was_up = (self.running and self._session.advance_login()) or self._was_up
        return self.logged_in

    @property
    def serial_text(self) -> str:
        """Everything that the serial console of this lab's node has said."""
        log = self.spec.serial_log
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def doing(self) -> str:
        """What the boot is at, and how old it is, to ten seconds: `hotspare-setup, 140 s`."""
        return f"{stage_of(self.serial_text)}, {(time.monotonic() - self._begun) // 10 * 10:.0f} s"

    def movement(self) -> tuple[int, int]:
        """Equal to what it was as long as nothing moves: what the serial console has said and, as long as
        nobody is logged in whose questions would use it, how often the disks were used.
        """
        log = self.spec.serial_log
        said = log.stat().st_size if log.exists() else 0
        if self.running and not self.logged_in:
            with contextlib.suppress(LabError):
                self._disk_transfers = self.machine.qmp.disk_transfers()
        return said, self._disk_transfers

    def wait_for_boot(self) -> None:
        """Waits until somebody can log in, after a reboot of the node's own too; for as long as it moves.

        Raises:
            DeadlineExceeded: nothing has moved for a while.
            LabError: the node is off.
        """
        self._session.hang_up()
        self._wait_for_shell()

    def _wait_for_shell(self) -> None:
        if self.logged_in:
            return
        patience = Patience(STILL_SECONDS, self.movement)
        while not self.advance_login():
            if not self.running:
                raise LabError("the node is off", self.name)
            todo = f"It was at: {self.doing}. The console's last words: {self._session.last_words}"
            patience.check("a login", self.name, todo)

    def _patience(self, seconds: float) -> Patience:
        """For a node that is up: the seconds count from the last word of its serial console."""
        self._wait_for_shell()
        return Patience(seconds, self.movement, max(seconds, LIMIT_SECONDS))

    def run(
        self, command: str, root: bool = False, check: bool = True, seconds: float = COMMAND_SECONDS
    ) -> Result:
        """Runs a shell command in the node as admin, or as root; waits for the boot first if need be.

        Raises:
            CommandFailed: its status is not zero, and `check` is set.
            DeadlineExceeded: it took longer than `seconds`.
        """
        self._wait_for_shell()
        full = f"sudo -n bash -c {shlex.quote(command)}" if root else command
        result = self._session.run(full, seconds)
        if check and result.status:
            raise CommandFailed(f"status {result.status} of: {command}\n{result.output.rstrip()}", self.name)
        return result

    def status(self) -> dict[str, Any]:
        """What `hactl status --json` says.

        Raises:
            CommandFailed: the daemon does not answer.
        """
        output = self.run("hactl status --json", seconds=STATUS_SECONDS).output
        try:
            answer: dict[str, Any] = json.loads(output)
        except ValueError:
            raise CommandFailed(f"hactl's answer is no JSON: {output[:500]!r}", self.name) from None
        return answer

    def state(self) -> str:
        """The node's state in one word; `unknown` while the daemon does not answer."""
        try:
            return str(self.status()["status"]["state"])
        except (CommandFailed, DeadlineExceeded):
            return "unknown"

    def wait_until(self, command: str, seconds: float = STATE_SECONDS, root: bool = False) -> Result:
        """Repeats a command until it succeeds, and returns that result.

        Raises:
            DeadlineExceeded: the node is up, its serial console is silent, and it did not succeed in time.
        """
        deadline = self._patience(seconds)
        result = self.run(command, root, check=False)
        while result.status:
            last = result.output.strip()[-500:]
            deadline.check(f"success of: {command}", self.name, f"It said at last: {last}")
            time.sleep(min(POLL_SECONDS, deadline.remaining))
            result = self.run(command, root, check=False)
        return result

    def wait_through_restarts(self, command: str, seconds: float) -> None:
        """The same while the node restarts by itself: what it is asked just then it never answers.

        Raises:
            DeadlineExceeded: nothing moves, and it did not succeed in time.
        """

        def succeeds() -> bool:
            try:
                return self.run(command, check=False, seconds=ASK_SECONDS).status == 0
            except LabError:
                return False

        patience = Patience(seconds, self.movement, max(seconds, LIMIT_SECONDS))
        wait_until(succeeds, patience, f"success of: {command}", self.name, POLL_SECONDS)

    def wait_for_state(self, state: str, seconds: float = STATE_SECONDS) -> None:
        """Waits until the node is `active`, `backup`, `fault`, `maintenance` or `off`. It may be booting.

        Raises:
            DeadlineExceeded: the node is up, its serial console is silent, and it is not in time.
        """
        seen: list[str] = []

        def reached() -> bool:
            seen.append(self.state())
            return seen[-1] == state

        wait_until(
            reached,
            self._patience(seconds),
            f"state {state}",
            self.name,
            POLL_SECONDS,
            lambda: f"It was {seen[-1]} at last.",
        )

    def kill(self, service: str) -> None:
        """Kills a service of the node with SIGKILL: it gets no chance to clean up."""
        self.run(f"systemctl kill --kill-whom=all --signal=SIGKILL {service}", root=True)

    # Traces

    def save_artifacts(self, folder: Path) -> None:
        """Writes what helps to understand a failure: the screen, and the journal if there is a shell."""
        if not self.running:
            return
        with _best_effort(folder / "screen.txt"):
            self.machine.qmp.screendump(folder / "screen.ppm")
        if not self._was_up:
            return
        with _best_effort(folder / "journal.txt"):
            wait_until(self.advance_login, Deadline(ASK_SECONDS), "a login", self.name)
        if not self.logged_in:
            return
        for name, command in (
            ("journal.txt", "journalctl --boot --no-pager --output=short-monotonic | tail -n 4000"),
            ("network.txt", "ip -d address; ip route; ip neighbour; networkctl --no-pager status --all"),
            ("status.txt", "hactl status; hactl status --json; systemctl --no-pager --failed"),
        ):
            with _best_effort(folder / name):
                (folder / name).write_text(self.run(command, root=True, check=False, seconds=30).output)

    def _connect(self) -> Console:
        return Console(f"unix://{self.machine.spec.sockets.console}", ADMIN, self._password)


@contextlib.contextmanager
def _best_effort(note: Path) -> Iterator[None]:
    """Lets no error of collecting traces hide the failure they are for: it becomes one of the traces."""
    try:
        yield
    except LabError as error:
        note.write_text(f"{error}\n")
