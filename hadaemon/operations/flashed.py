"""A node that was flashed keeps the bundle of what it runs: it lies beside the image on its disk."""

from pathlib import Path

from hadaemon.io.firmware.flashed_bundle import erase, extract
from hadaemon.io.firmware.rauc import RaucError
from hadaemon.operations.firmware import OwnFirmware, Progress
from hadaemon.upgrade.errors import BusyError, UpgradeError

_FILE = "flashed.raucb"


def keep_flashed(firmware: OwnFirmware, partition: Path, progress: Progress) -> str:
    """The version whose bundle is kept from here on; empty: there is nothing to do.

    What turns out not to be the bundle of what runs is not looked at a second time. Raises HadaemonError.
    """
    if firmware.kept_bundle(firmware.slots().running.name) is not None:
        return ""
    firmware.places.bundles.mkdir(mode=0o700, exist_ok=True)
    target = firmware.places.bundles / _FILE
    try:
        if not extract(partition, target):
            return ""
        version = firmware.keep(str(target), progress).version
    except BusyError:
        raise
    except (UpgradeError, RaucError):
        erase(partition)
        raise
    finally:
        target.unlink(missing_ok=True)
    erase(partition)
    return version
