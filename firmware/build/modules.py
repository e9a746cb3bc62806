"""Kernel modules and firmware files: an allow-list of a board, with all that they depend on."""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from firmware.build.board import Board, Listed
from firmware.build.tools import Tools
from firmware.errors import FirmwareError


def kernel_release(root: Path) -> str:
    """The release of the one kernel in the tree."""
    releases = sorted(path.name for path in (root / "usr/lib/modules").iterdir())
    if len(releases) != 1:
        raise FirmwareError(
            f"the image must have one kernel, not {len(releases)}",
            where="board/common/packages",
            todo="name one linux-image package",
        )
    return releases[0]


def keep_modules(root: Path, release: str, board: Board) -> None:
    """Remove every module that is neither on the board's lists nor needed by one that is."""
    folder = root / "usr/lib/modules" / release
    wanted = closure(folder, [*board.modules, *board.initrd_modules])
    for path in sorted((folder / "kernel").rglob("*.ko*")):
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()
    for path in sorted((folder / "kernel").rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def unpack_modules(tools: Tools, root: Path, release: str) -> None:
    """Uncompress every module: image and initrd are compressed as a whole.

    A node that starts would uncompress each a second time, by the slowest of all methods.
    """
    packed = sorted((root / "usr/lib/modules" / release / "kernel").rglob("*.ko.xz"))
    if packed:
        tools.run("xz", "--decompress", "--threads=0", "--", *packed)
    tools.run("depmod", "--basedir", root, release)


def closure(folder: Path, wanted: Iterable[Listed]) -> set[str]:
    """Paths below `folder` of the wanted modules and of all they need. Built-in ones have none."""
    dependencies = _dependencies((folder / "modules.dep").read_text())
    by_name = {module_name(path): path for path in dependencies}
    built_in = {module_name(line) for line in (folder / "modules.builtin").read_text().split()}
    keep: set[str] = set()
    unknown: list[Listed] = []
    for entry in wanted:
        name = entry.name.replace("-", "_")
        if name in by_name:
            keep |= {by_name[name], *dependencies[by_name[name]]}
        elif name not in built_in:
            unknown.append(entry)
    if unknown:
        raise FirmwareError(
            f"the kernel has no module {', '.join(entry.name for entry in unknown)}",
            where=", ".join(sorted({entry.place for entry in unknown})),
            todo="correct the names or remove them",
        )
    return keep | _soft_dependencies((folder / "modules.softdep").read_text(), keep, by_name, dependencies)


def module_name(path: str) -> str:
    """The name of a module as modprobe knows it, from its file's path."""
    return re.sub(r"\.ko(\.\w+)?$", "", PurePosixPath(path).name).replace("-", "_")


def _dependencies(text: str) -> dict[str, list[str]]:
    lines = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {path: needs.split() for path, needs in lines}


def _soft_dependencies(
    text: str, keep: set[str], by_name: Mapping[str, str], dependencies: Mapping[str, list[str]]
) -> set[str]:
    """Modules that kept ones ask for by name at run time (checksums, for one)."""
    names = {module_name(path) for path in keep}
    more: set[str] = set()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 2 and words[0] == "softdep" and words[1].replace("-", "_") in names:
            for word in words[2:]:
                if path := by_name.get(word.replace("-", "_")):
                    more |= {path, *dependencies[path]}
    return more


def keep_firmware(root: Path, board: Board) -> None:
    """Remove every firmware file that no pattern of the board names; a pattern must match one."""
    folder = root / "usr/lib/firmware"
    if not folder.is_dir():
        folder.mkdir(parents=True)
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    keep: set[str] = set()
    for entry in board.firmware:
        matches = fnmatch.filter(files, entry.name)
        if not matches:
            raise FirmwareError(
                f"no firmware file matches {entry.name!r}",
                where=entry.place,
                todo="correct the pattern or remove it",
            )
        keep.update(matches)
    for name, path in files.items():
        if name not in keep:
            path.unlink()
