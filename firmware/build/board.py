"""Boards: folders of data. `common` is what all share; a board's own folder says only what differs.

board.toml        consoles, kernel arguments, ways to boot (all keys optional, `common` has the defaults)
packages          Debian packages, one a line; `-name` takes one of common's away
modules           kernel modules in the image (what they depend on comes along)
initrd-modules    those of them that are needed to find the disk
firmware          files of /usr/lib/firmware to keep, as shell patterns
set-id            programs that run as their owner whoever starts them, by their path in the image
rootfs-overlay/   laid over the root file system
post-build.sh     hooks, with Buildroot's environment
post-image.sh
"""

import re
import tomllib
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from firmware.errors import FirmwareError

COMMON = "common"
SCHEMA = 1
_CONSOLE = re.compile(r"^(tty\d+|ttyS\d+,\d+n8)$")
_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]*$")


class Boot(StrEnum):
    """The machine firmware that an image boots on."""

    BIOS = "bios"
    UEFI = "uefi"


@dataclass(frozen=True)
class Listed:
    """One entry of a list file, with its place for messages."""

    name: str
    place: str


@dataclass(frozen=True)
class Board:
    """One board with all that it shares with the others already merged in."""

    name: str
    description: str
    boot: tuple[Boot, ...]
    consoles: tuple[str, ...]
    kernel_arguments: tuple[str, ...]
    packages: tuple[Listed, ...]
    modules: tuple[Listed, ...]
    initrd_modules: tuple[Listed, ...]
    firmware: tuple[Listed, ...]
    set_id: tuple[Listed, ...]
    folders: tuple[Path, ...]
    """The folders that made it, the common one first."""

    @property
    def compatible(self) -> str:
        """What an update bundle must name to be installed on this board."""
        return f"hotspare-{self.name}"

    @property
    def serial(self) -> tuple[int, int] | None:
        """Unit and speed (baud) of the serial console, if there is one."""
        for console in self.consoles:
            if match := re.match(r"^ttyS(\d+),(\d+)n8$", console):
                return int(match[1]), int(match[2])
        return None

    @property
    def screen(self) -> bool:
        """Whether there is a screen to show the boot menu on."""
        return any(not console.startswith("ttyS") for console in self.consoles)


@dataclass(frozen=True)
class _File:
    """The keys of a board.toml; None where it leaves the value to common's."""

    description: str | None = None
    boot: tuple[Boot, ...] | None = None
    consoles: tuple[str, ...] | None = None
    kernel_arguments: tuple[str, ...] | None = None


def known_boards(folder: Path) -> list[str]:
    """The names of all boards."""
    return sorted(path.parent.name for path in folder.glob("*/board.toml") if path.parent.name != COMMON)


def load_board(folder: Path, name: str) -> Board:
    """The board `name`, checked. Raises `FirmwareError` naming file and key of what is wrong."""
    if name not in known_boards(folder):
        raise FirmwareError(
            f"there is no board {name!r}",
            where=f"{folder.name}/",
            todo=f"choose one of: {', '.join(known_boards(folder))}",
        )
    if not _NAME.match(name):
        raise FirmwareError(
            f"a board cannot be called {name!r}", where=f"{folder.name}/", todo="use a-z 0-9 _ -"
        )
    folders = (folder / COMMON, folder / name)
    common, own = (_read_toml(path / "board.toml") for path in folders)
    merged = {key: _chosen(key, common, own, folders[1]) for key in (field.name for field in fields(_File))}
    packages, modules, initrd_modules, firmware, set_id = (
        _merged_list(folders, file)
        for file in ("packages", "modules", "initrd-modules", "firmware", "set-id")
    )
    return Board(
        name=name,
        folders=folders,
        packages=packages,
        modules=modules,
        initrd_modules=initrd_modules,
        firmware=firmware,
        set_id=set_id,
        **merged,
    )


def _chosen(key: str, common: _File, own: _File, folder: Path) -> Any:
    value = getattr(own, key)
    value = getattr(common, key) if value is None else value
    if value is None:
        raise FirmwareError(
            f"{key} is missing", where=f"board/{folder.name}/board.toml", todo=f"add {key} = …"
        )
    return value


def _read_toml(path: Path) -> _File:
    where = f"board/{path.parent.name}/board.toml"
    try:
        raw = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FirmwareError(f"not a TOML file: {error}", where=where, todo="correct it") from error
    known = {"schema", *(field.name for field in fields(_File))}
    if unknown := sorted(set(raw) - known):
        raise FirmwareError(
            f"unknown key {unknown[0]!r}",
            where=f"{where}: {unknown[0]}",
            todo=f"known keys: {', '.join(sorted(known))}",
        )
    if raw.pop("schema", None) != SCHEMA:
        raise FirmwareError(
            "the schema is not known", where=f"{where}: schema", todo=f"write schema = {SCHEMA}"
        )
    description = raw.pop("description", None)
    if not isinstance(description, str | None):
        raise FirmwareError("must be a text", where=f"{where}: description", todo='write description = "…"')
    texts = {key: _texts(value, f"{where}: {key}") for key, value in raw.items()}
    _check_consoles(texts.get("consoles", ()), where)
    boot = texts.pop("boot", None)
    return _File(description=description, boot=None if boot is None else _boots(boot, where), **texts)


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise FirmwareError("must be a list of texts", where=where, todo='write ["…", "…"]')
    for index, item in enumerate(value):
        if not isinstance(item, str) or not item or set(item) & set("\"'\\\n\t "):
            raise FirmwareError(
                f"{item!r} is not a text without blanks and quotes",
                where=f"{where}[{index}]",
                todo='write "…"',
            )
    return tuple(value)


def _check_consoles(consoles: tuple[str, ...], where: str) -> None:
    for index, console in enumerate(consoles):
        if not _CONSOLE.match(console):
            raise FirmwareError(
                f"{console!r} is not a console",
                where=f"{where}: consoles[{index}]",
                todo='write "tty0" for a screen, "ttyS0,115200n8" for a serial port',
            )


def _boots(values: tuple[str, ...], where: str) -> tuple[Boot, ...]:
    for index, value in enumerate(values):
        if value not in list(Boot):
            raise FirmwareError(
                f"{value!r} is not a way to boot",
                where=f"{where}: boot[{index}]",
                todo=f"choose of {', '.join(Boot)}",
            )
    return tuple(Boot(value) for value in values)


def _merged_list(folders: tuple[Path, ...], name: str) -> tuple[Listed, ...]:
    entries: dict[str, Listed] = {}
    for folder in folders:
        for entry in _read_list(folder / name):
            if entry.name.startswith("-"):
                if entries.pop(entry.name[1:], None) is None:
                    raise FirmwareError(
                        f"{entry.name[1:]!r} is not there to be taken away",
                        where=entry.place,
                        todo="remove the line",
                    )
            else:
                entries[entry.name] = entry
    return tuple(entries.values())


def _read_list(path: Path) -> list[Listed]:
    """Entries of a list file; `#` starts a comment."""
    if not path.exists():
        return []
    entries = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for word in line.split("#", 1)[0].split():
            entries.append(Listed(word, f"board/{path.parent.name}/{path.name}:{number}"))
    return entries
