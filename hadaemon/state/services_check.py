"""Whether the units that [follow] names are in this firmware, and may follow: asked before it counts
anywhere, and again before root starts one.

Whoever builds an image says which of its units a configuration may start and stop: no other may, whatever a
configuration says, for it comes from the other node too.
"""

from pathlib import Path

from hadaemon.config import ClusterConfig
from hadaemon.io.store.files import read_text

UNIT_FOLDERS = tuple(
    Path(place, "systemd/system") for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
FOLLOWABLE = Path("/usr/share/hotspare/followable")
"""Files with names of units, one a line; of the sealed image."""
_OURS = "hadaemon.service"
"""Where this unit is, the others of the firmware are too; elsewhere nobody knows which there will be."""


def is_unit(name: str, folders: tuple[Path, ...] = UNIT_FOLDERS) -> bool:
    """Whether this firmware has the unit, or the template that it is made of; or nobody knows."""
    return not is_firmware(folders) or any(
        (folder / each).exists() for folder in folders for each in _spellings(name)
    )


def is_firmware(folders: tuple[Path, ...] = UNIT_FOLDERS) -> bool:
    """Whether what is here is all that there will be."""
    return any((folder / _OURS).exists() for folder in folders)


def followable(folder: Path = FOLLOWABLE) -> frozenset[str]:
    """The units, and templates of units, that this image lets follow. Raises FileError."""
    texts = (read_text(path) or "" for path in sorted(folder.glob("*")))
    lines = (line.partition("#")[0].strip() for text in texts for line in text.splitlines())
    return frozenset(filter(None, lines))


def may_follow(name: str, listed: frozenset[str]) -> bool:
    """Whether the unit, or its template, is among those."""
    return not listed.isdisjoint(_spellings(name))


def is_followable(name: str) -> bool:
    """Whether this firmware has the unit and lets it follow; or nobody knows."""
    return not is_firmware() or (is_unit(name) and may_follow(name, followable()))


def missing_units(
    cluster: ClusterConfig, folders: tuple[Path, ...] = UNIT_FOLDERS, listed: frozenset[str] | None = None
) -> tuple[str, ...]:
    """A problem for each that is not there, or may not follow. `listed`: those that may, else the image's."""
    if not is_firmware(folders):
        return ()
    allowed = followable() if listed is None else listed
    return tuple(
        f"follow.services[{index}].unit: {problem}"
        for index, each in enumerate(cluster.follow.services)
        if (problem := _problem(each.unit, folders, allowed)) is not None
    )


def _problem(unit: str, folders: tuple[Path, ...], listed: frozenset[str]) -> str | None:
    if not is_unit(unit, folders):
        return (
            f"this firmware has no {unit}: packages are chosen when the image is built; "
            "`systemctl list-unit-files` shows what there is"
        )
    if not may_follow(unit, listed):
        return (
            f"{unit} may not follow: only units that the image was built to let follow may; "
            f"they are listed in {FOLLOWABLE}/"
        )
    return None


def _spellings(name: str) -> tuple[str, ...]:
    """The unit, and the template that it is made of."""
    stem, instance, rest = name.partition("@")
    return (name, f"{stem}@.{rest.rpartition('.')[2]}") if instance else (name,)
