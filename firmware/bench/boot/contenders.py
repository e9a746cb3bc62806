"""Who boots: a node of ours alone, and a plain Debian, each on a fresh disk of the same machine."""

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware.bench.boot import answers
from firmware.bench.boot.answers import Unit
from firmware.bench.boot.watch import Watch
from firmware.build.image import build_disk, build_plain_disk
from firmware.build.options import DEFAULT_BOARD, BuildOptions
from firmware.lab.command import Accelerator
from firmware.lab.deadline import Deadline
from firmware.lab.errors import DeadlineExceeded, LabError
from firmware.lab.images import raw_image
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.switch import Switch
from firmware.lab.topology import STANDARD_PAIR

NODE = "beta"
"""The spare of the standard pair; its master is never switched on."""
BOOT_SECONDS = 900.0
"""On a machine that does much else."""
ASK_SECONDS = 300.0
PATIENT = ("-action", "watchdog=none")
"""For QEMU: a machine that is slow because this one does much else is not restarted by its watchdog."""
KERNEL, INITRD, USERSPACE, END = "kernel", "initrd", "userspace", "end"
"""Moments of a boot: where each of these begins, and the end that is measured."""


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot. Moments are seconds since power-on, by what began or was reached then."""

    moments: Mapping[str, float]
    processor: Mapping[str, float]
    """Processor-seconds of QEMU by the same moments."""
    units: tuple[Unit, ...]
    """Their moments are since power-on, too."""
    chain: str = ""
    """Which unit waited for which, as `systemd-analyze critical-chain` tells it."""


class Contender(ABC):
    """Something to boot."""

    name: str
    end: str
    """What is measured up to, in words."""
    unit: str
    """The one that brings it there."""
    root: bool
    """Whether its account `admin` has to become root."""

    @abstractmethod
    def lab(self, extra: tuple[str, ...] = ()) -> Lab:
        """A lab with a fresh disk of it in NODE; `extra` are arguments for QEMU."""

    @abstractmethod
    def wait(self, lab: Lab, watch: Watch) -> None:
        """Waits until it has booted, from outside."""

    @abstractmethod
    def reached(self, node: Node, watch: Watch, clock: float) -> Mapping[str, float]:
        """The moments that are its own, END among them; `clock` is when the guest's clock was 0."""

    def boot(self, lab: Lab) -> Boot:
        """Switches it on, lets it boot undisturbed, and asks it then how that went.

        Raises:
            DeadlineExceeded: it did not boot.
        """
        node = lab.node(NODE)
        node.power_on()
        watch = Watch(node.machine)
        try:
            self.wait(lab, watch)
            node.wait_for_boot()
            self.ask(node, "systemctl is-system-running --wait", check=False)
            clock = self.clock(node, watch)
        finally:
            watch.close()
        return self._boot(node, watch, clock)

    def clock(self, node: Node, watch: Watch) -> float:
        """The moment when the guest's monotonic clock was 0."""
        self.ask(node, answers.CLOCK)
        watch.wait_for(answers.CLOCK_SAID, ASK_SECONDS)
        return min(moment - float(said[1]) for moment, said in watch.heard(answers.CLOCK_SAID))

    def ask(self, node: Node, command: str, check: bool = True) -> str:
        """The output of a command that root runs in it."""
        return node.run(command, root=self.root, check=check, seconds=ASK_SECONDS).output

    def shutdown(self, node: Node) -> None:
        """Switches it off in order."""
        with contextlib.suppress(LabError):  # It may be off before it has answered.
            self.ask(node, "systemctl --no-block poweroff")
        node.machine.wait_for_exit(Deadline(BOOT_SECONDS))
        node.power_off()

    def _boot(self, node: Node, watch: Watch, clock: float) -> Boot:
        systemd, finished = answers.manager_moments(self.ask(node, answers.MANAGER))
        moments = {
            KERNEL: clock,
            INITRD: clock + answers.init_started(self.ask(node, answers.INIT)),
            USERSPACE: clock + systemd,
            **self.reached(node, watch, clock),
            "all units": clock + finished,
        }
        units = tuple(
            Unit(unit.name, clock + unit.begin, clock + unit.end, unit.processor)
            for unit in answers.units(self.ask(node, answers.UNITS))
        )
        chain = answers.chain(self.ask(node, f"{answers.CHAIN} {self.unit}"))
        return Boot(
            moments, {name: watch.processor(moment) for name, moment in moments.items()}, units, chain
        )


class Hotspare(Contender):
    """A spare whose master is off: it comes to `backup`, hears nobody, and becomes active."""

    name = "Hotspare"
    end = "`backup`"
    unit = "hadaemon.service"
    root = True

    def __init__(self, overlay: Path | None = None) -> None:
        """Builds the image if need be. `overlay`: a folder laid over its root file system."""
        self._image = (
            build_disk(BuildOptions(board=DEFAULT_BOARD, overlay=overlay))
            if overlay
            else raw_image(DEFAULT_BOARD)
        )

    def lab(self, extra: tuple[str, ...] = ()) -> Lab:
        """The standard pair, off."""
        options = LabOptions(self._image, accelerator=Accelerator.TCG, extra=(*PATIENT, *extra))
        return Lab(STANDARD_PAIR, options)

    def wait(self, lab: Lab, watch: Watch) -> None:
        """Until it is active: only that shows on the wire, some seconds after `backup`."""
        wait_for_advertisement(lab.switch("lan"), lab.node(NODE).mac("lan"), BOOT_SECONDS)

    def reached(self, node: Node, watch: Watch, clock: float) -> Mapping[str, float]:
        """The states, by its journal."""
        self.refuse_restart(watch)
        changes = answers.state_changes(self.ask(node, answers.STATES))
        return {END: clock + changes["backup"], "active": clock + changes["active"]}

    def refuse_restart(self, watch: Watch) -> None:
        """Raises LabError when the node was restarted since it was switched on."""
        if len(watch.heard(r"Booting `Hotspare")) > 1:
            raise LabError(
                "the node was restarted while it booted",
                watch.name,
                "See what it said there last; measure when this machine has less to do.",
            )


class PlainDebian(Contender):
    """The same Debian with nothing on it, to its login on the serial line."""

    name = "Debian"
    end = "`login:`"
    unit = "serial-getty@ttyS0.service"
    root = False
    _PROMPT = r"^\S+ login: "

    def __init__(self) -> None:
        """Builds the disk if need be."""
        self._image: Path = build_plain_disk(DEFAULT_BOARD)

    def lab(self, extra: tuple[str, ...] = ()) -> Lab:
        """The same machines, with the same cards on the same cables."""
        options = LabOptions(
            self._image, NodeOptions(preseed=""), accelerator=Accelerator.TCG, extra=(*PATIENT, *extra)
        )
        return Lab(STANDARD_PAIR, options)

    def wait(self, lab: Lab, watch: Watch) -> None:
        """Until it asks who logs in."""
        watch.wait_for(self._PROMPT, BOOT_SECONDS)

    def reached(self, node: Node, watch: Watch, clock: float) -> Mapping[str, float]:
        """When it asked."""
        return {END: watch.heard(self._PROMPT)[0][0]}


def wait_for_advertisement(switch: Switch, mac: str, seconds: float) -> None:
    """Waits until the card of that address sends an advertisement.

    Raises:
        DeadlineExceeded: it did not in time.
    """
    sender, seen = bytes.fromhex(mac.replace(":", "")), threading.Event()

    def look(frame: bytes) -> None:
        if frame[6:12] == sender and frame[12:14] == b"\x08\x00" and frame[23] == 112:  # VRRP over IPv4
            seen.set()

    switch.attach("bench", look)
    try:
        if not seen.wait(Deadline(seconds).seconds):
            raise DeadlineExceeded(f"{mac} sent no advertisement within {seconds:.0f} s", "bench boot")
    finally:
        switch.detach("bench")
