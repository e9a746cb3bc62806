"""The disks of this box for the menu."""

from hadaemon.install.disk import gigabytes
from hadaemon.menu.actions import Disk
from hadaemon.operations.install import InstallPlaces, find_candidates


def read_disks() -> tuple[Disk, ...]:
    """All, each with the reason why nothing can be installed on it. Raises HadaemonError."""
    return tuple(
        Disk(disk.path, f"{disk.model}, {gigabytes(disk.size)}, {disk.bus}", reason)
        for disk, reason in find_candidates(InstallPlaces())
    )
