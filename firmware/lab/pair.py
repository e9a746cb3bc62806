"""`python3 invoke.py pair`: two nodes of the image, their networks, and a prompt to play with them.

The nodes begin with a snapshot of a pair that is up. `--cold` boots them.
"""

import contextlib
from collections.abc import Iterator

from firmware.lab.board import Board
from firmware.lab.command import Firmware
from firmware.lab.images import raw_image
from firmware.lab.lab import Lab, LabOptions, NodeOptions, none_left_open
from firmware.lab.opening import READY, Opener
from firmware.lab.options import PairOptions
from firmware.lab.screen import Screen
from firmware.lab.setups import Setup, read_setup
from firmware.lab.shell import Shell, describe_ways_in, virtual_address
from firmware.lab.topology import STANDARD_PAIR, Topology
from firmware.lab.traces import kept_on_failure

WATCHER = "client"


def run_pair(options: PairOptions) -> None:
    """Starts both nodes and obeys the user until the end of input or a signal; then everything is gone.

    Raises:
        FirmwareError: the image cannot be built, this machine lacks something, or a script's command failed.
            What the lab's machines have said and shown is kept then.
    """
    setup = read_setup(options.setup) if options.setup else Setup(STANDARD_PAIR, WATCHER)
    lab_options = LabOptions(
        image=raw_image(options.board),
        node=NodeOptions(firmware=Firmware.UEFI if options.uefi else Firmware.BIOS),
        keep=options.keep,
    )
    with (
        contextlib.suppress(KeyboardInterrupt),
        none_left_open(),
        _screen() as screen,
        _start(setup.topology, lab_options, options.cold, screen) as lab,
        kept_on_failure(lab),
    ):
        _play(lab, setup.watcher, screen)
        if options.keep:
            screen.say(f"Disks, logs and captures are kept in {lab.folder}")


def _start(topology: Topology, options: LabOptions, cold: bool, screen: Screen) -> Lab:
    if not cold:
        lab = Opener(topology, options, screen.say).open(READY)
        screen.say(f"{_names(lab)} run.")
        return lab
    lab = Lab(topology, options)
    for node in lab.nodes.values():
        node.power_on()
    screen.say(f"{_names(lab)} are booting. Emulated, the first boot takes about a minute.")
    return lab


def _play(lab: Lab, watcher: str, screen: Screen) -> None:
    client = lab.clients[watcher]
    network = client.data.network
    with client.watch(virtual_address(lab, network)) as watch:
        screen.say(f"{describe_ways_in(lab)}\nType help for the commands, quit to leave.")
        board = Board(lab.nodes.values(), watch, screen.status)
        try:
            Shell(lab, board, watch, client, screen).cmdloop()
        finally:
            board.close()


def _names(lab: Lab) -> str:
    how = f"{lab.accelerator.value}, {lab.options.node.firmware.value}"
    return f"{' and '.join(lab.nodes)} ({how})"


@contextlib.contextmanager
def _screen() -> Iterator[Screen]:
    screen = Screen()
    try:
        yield screen
    finally:
        screen.close()
