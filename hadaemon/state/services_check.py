"""Whether the units that [follow] names are in this firmware: asked before it counts anywhere."""

from pathlib import Path

from hadaemon.config import ClusterConfig

UNIT_FOLDERS = tuple(
    Path(place, "systemd/system") for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
_OURS = "hadaemon.service"
"""Where this unit is, the others of the firmware are too; elsewhere nobody knows which there will be."""


def is_unit(name: str, folders: tuple[Path, ...] = UNIT_FOLDERS) -> bool:
    """Whether this firmware has the unit, or the template that it is made of; or nobody knows."""
    stem, instance, rest = name.partition("@")
    template = f"{stem}@.{rest.rpartition('.')[2]}" if instance else name
    return not is_firmware(folders) or any(
        (folder / each).exists() for folder in folders for each in (name, template)
    )


def is_firmware(folders: tuple[Path, ...] = UNIT_FOLDERS) -> bool:
    """Whether what is here is all that there will be."""
    return any((folder / _OURS).exists() for folder in folders)


def missing_units(cluster: ClusterConfig, folders: tuple[Path, ...] = UNIT_FOLDERS) -> tuple[str, ...]:
    """A problem for each that is not."""
    return tuple(
        f"follow.services[{index}].unit: this firmware has no {each.unit}: packages are chosen when the "
        "image is built; `systemctl list-unit-files` shows what there is"
        for index, each in enumerate(cluster.follow.services)
        if not is_unit(each.unit, folders)
    )
