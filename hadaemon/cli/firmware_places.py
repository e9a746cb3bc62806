"""Where the commands of `hactl firmware` find things; tests have places of their own."""

import argparse
from pathlib import Path

from hadaemon.cli.places import add_places
from hadaemon.io.firmware.rauc import Rauc
from hadaemon.operations.firmware import FirmwarePlaces, OwnFirmware


def add_firmware_places(command: argparse.ArgumentParser) -> None:
    """Where things are; only tests have reason to say so."""
    add_places(command)
    command.add_argument("--bundles", type=Path, default=Path("/data/firmware"), help=argparse.SUPPRESS)
    command.add_argument("--rauc", default="/usr/bin/rauc", help=argparse.SUPPRESS)


def firmware_of(options: argparse.Namespace) -> OwnFirmware:
    """That of this node."""
    return OwnFirmware(
        FirmwarePlaces(options.state, options.bundles, options.run_folder), Rauc((options.rauc,))
    )
