"""`python3 invoke.py pair`: two nodes of the image, their networks, and a prompt to play with them."""

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from firmware.lab.board import Board
from firmware.lab.command import Firmware
from firmware.lab.images import raw_image
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.screen import Screen
from firmware.lab.shell import Shell, describe_ways_in, virtual_address
from firmware.lab.topology import STANDARD_PAIR

WATCHER = "client"


@dataclass(frozen=True, slots=True)
class PairOptions:
    """What the user asked for."""

    board: str = "generic-x86_64"
    uefi: bool = False
    keep: bool = False
    """Leave disks, logs and captures behind."""


def run_pair(options: PairOptions) -> None:
    """Boots both nodes and obeys the user until the end of input or a signal; then everything is gone.

    Raises:
        FirmwareError: the image cannot be built, this machine lacks something, or a script's command failed.
    """
    lab_options = LabOptions(
        image=raw_image(options.board),
        node=NodeOptions(firmware=Firmware.UEFI if options.uefi else Firmware.BIOS),
        keep=options.keep,
    )
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Lab(STANDARD_PAIR, lab_options) as lab:
        _play(lab)
        if options.keep:
            print(f"Disks, logs and captures are kept in {lab.folder}")


def _play(lab: Lab) -> None:
    client = lab.clients[WATCHER]
    network = client.data.network
    with _screen() as screen, client.watch(virtual_address(lab, network)) as watch:
        for node in lab.nodes.values():
            node.power_on()
        screen.say(_greeting(lab))
        board = Board(lab.nodes.values(), watch, screen.status)
        try:
            Shell(lab, board, watch, client, screen).cmdloop()
        finally:
            board.close()


def _greeting(lab: Lab) -> str:
    names = " and ".join(lab.nodes)
    how = f"{lab.accelerator.value}, {lab.options.node.firmware.value}"
    return (
        f"{names} are booting ({how}). Emulated, the first boot takes about a minute.\n"
        f"{describe_ways_in(lab)}\nType help for the commands, quit to leave."
    )


@contextlib.contextmanager
def _screen() -> Iterator[Screen]:
    screen = Screen()
    try:
        yield screen
    finally:
        screen.close()
