"""The name of a snapshot: a hash of all that the nodes in it depend on.

QEMU reads only what the same QEMU wrote for the same machine, and a node is what its image and its first
words have made of it. Where anything of that is another one, the snapshot is another one too, or is made.
"""

import hashlib
import inspect
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from firmware.lab import command, fat, preseed
from firmware.lab.capability import best_accelerator, uefi_firmware
from firmware.lab.command import Accelerator, Firmware
from firmware.lab.lab import LabOptions, NodeOptions
from firmware.lab.machine import find_qemu
from firmware.lab.topology import Topology

FORMAT = 1
"""Of the snapshots' folders."""
_CHUNK = 1 << 20
_FILE = re.compile(r"file=([^,]+)")


def name_of(
    topology: Topology, options: LabOptions, ways: Sequence[Callable[..., object]], images: Path
) -> str:
    """A short name, equal for labs that would come to the same.

    Args:
        topology: what there is.
        options: how it is built.
        ways: what brings the nodes to where the snapshot is taken; their source text counts.
        images: a folder where the hashes of images are remembered.
    """
    nodes = {node.name: options.special.get(node.name, options.node) for node in topology.nodes}
    parts = [
        FORMAT,
        _qemu_version(),
        _processor(options.accelerator or best_accelerator()),
        *(inspect.getsource(module) for module in (command, preseed, fat)),
        *(text_of(way) for way in ways),
        topology,
        replace(options, image=Path(), special={}, node=NodeOptions(), extra=(), keep=False),
        *(_without_paths(argument, images) for argument in options.extra),
        content_of(options.image, images),
        *((name, _node(node, images)) for name, node in nodes.items()),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def text_of(way: Callable[..., object]) -> str:
    """The source text of a function, of the functions that it calls by name, and what its constants are."""
    texts = dict[str, str]()

    def add(function: Callable[..., object]) -> None:
        if function.__qualname__ in texts:
            return
        texts[function.__qualname__] = inspect.getsource(function)
        for name, value in inspect.getclosurevars(function).globals.items():
            if inspect.isfunction(value):
                add(value)
            elif isinstance(value, str | int | float | tuple | dict):
                texts[name] = repr(value)

    add(way)
    return repr(sorted(texts.items()))


def content_of(image: Path, memory: Path) -> str:
    """SHA-256 of an image; a file that has not changed since is not read again."""
    memory.mkdir(parents=True, exist_ok=True)
    note = memory / hashlib.sha256(repr(_file_state(image)).encode()).hexdigest()[:20]
    if not note.exists():
        draft = note.with_suffix(f".{os.getpid()}")
        draft.write_text(_hash_of(image))
        draft.rename(note)
    os.utime(note)
    return note.read_text()


def _hash_of(image: Path) -> str:
    """Of its data; holes are as good as zeros, and are not read."""
    digest = hashlib.sha256(str(image.stat().st_size).encode())
    with image.open("rb") as file:
        end = 0
        while (start := _next_data(file.fileno(), end)) is not None:
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            for offset in range(start, end, _CHUNK):
                chunk = os.pread(file.fileno(), min(_CHUNK, end - offset), offset)
                digest.update(b"%d:" % offset + chunk)
    return digest.hexdigest()


def _next_data(file: int, offset: int) -> int | None:
    try:
        return os.lseek(file, offset, os.SEEK_DATA)
    except OSError:
        return None


def _node(options: NodeOptions, images: Path) -> list[object]:
    values = [getattr(options, field.name) for field in fields(options) if field.name != "image"]
    image = content_of(options.image, images) if options.image else ""
    code = _file_state(uefi_firmware()[0]) if options.firmware is Firmware.UEFI else ""
    return [*values, image, code]


def _without_paths(argument: str, images: Path) -> str:
    """An argument of QEMU with the content of a file in place of its name."""
    return _FILE.sub(lambda found: f"file={content_of(Path(found[1]), images)}", argument)


def _file_state(path: Path) -> tuple[object, ...]:
    """Another one after every change of the file."""
    state = path.stat()
    return path.name, state.st_ino, state.st_size, state.st_mtime_ns


def _qemu_version() -> str:
    return subprocess.run([find_qemu(), "--version"], capture_output=True, text=True, check=True).stdout


def _processor(accelerator: Accelerator) -> str:
    """With KVM the guest has the host's processor; an emulated one is the same everywhere."""
    if accelerator is Accelerator.TCG:
        return accelerator.value
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line for line in lines if line.startswith("flags")), "")
