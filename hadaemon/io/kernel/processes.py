"""Which programs run, as /proc tells everybody."""

import os
from collections.abc import Iterator
from pathlib import Path

_COMM = 15
"""Characters that the kernel keeps of a program's name."""


def is_running(name: str, proc: Path = Path("/proc")) -> bool:
    """Whether a program of that name runs; its path has the folders that stand before the name, in order."""
    *folders, file = name.split("/")
    return any(_is(path, folders, file) for path in _processes(proc))


def _processes(proc: Path) -> Iterator[Path]:
    own = str(os.getpid())
    for entry in proc.iterdir():
        if entry.name.isdigit() and entry.name != own:
            yield entry


def _is(process: Path, folders: list[str], file: str) -> bool:
    try:
        comm = (process / "comm").read_text(errors="replace").rstrip("\n")
        command = (process / "cmdline").read_bytes().partition(b"\0")[0].decode(errors="replace")
    except OSError:  # It has ended meanwhile.
        return False
    *place, called = command.split("/")
    if file not in (called, comm) and comm != file[:_COMM]:
        return False
    rest = iter(place)
    return all(folder in rest for folder in folders)
