"""A configuration tree as a folder: read without following a link out of it, written durably."""

import os
from collections.abc import Iterator
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.files import sync_folder
from hadaemon.sync.tree import CLUSTER, FILES, MAX_BYTES, MAX_DEPTH, MAX_FILES, Tree, make_tree

_FILE_MODE, _FOLDER_MODE = 0o640, 0o750


def read_tree(folder: Path) -> Tree:
    """cluster.toml and everything below cluster.d/. Raises SyncError or FileError; other files are left."""
    try:
        files: list[tuple[str, bytes]] = []
        total = 0
        for path in _paths(folder):
            content = _read(folder / path)
            total += len(content)
            if total > MAX_BYTES or len(files) >= MAX_FILES:
                raise FileError(
                    f"{folder}: more than {MAX_BYTES} bytes or {MAX_FILES} files: is it the right folder?"
                )
            files.append((path, content))
    except OSError as error:
        raise FileError(f"{folder}: cannot be read: {os.strerror(error.errno or 0)}") from error
    return make_tree(files, str(folder))


def write_tree(folder: Path, tree: Tree, owner: tuple[int, int] | None) -> None:
    """A new folder with the whole tree, each file and folder on the disk before this returns. Raises
    OSError."""
    (folder / FILES).mkdir(parents=True, mode=_FOLDER_MODE)
    folders = {folder, folder / FILES}
    for path, content in tree.files:
        place = folder / path
        for parent in reversed(place.parents):
            if parent.is_relative_to(folder) and parent not in folders:
                parent.mkdir(mode=_FOLDER_MODE)
                folders.add(parent)
        _write(place, content, owner)
    for made in folders:
        made.chmod(_FOLDER_MODE)
        if owner is not None:
            os.chown(made, *owner)
        sync_folder(made)


def _paths(folder: Path) -> Iterator[str]:
    """The files of a tree, by path. A link or a device is no file of a configuration."""
    if (folder / CLUSTER).is_symlink() or (folder / CLUSTER).exists():
        yield CLUSTER
    if (folder / FILES).is_symlink() or (folder / FILES).exists():
        yield from _below(folder, FILES, 0)


def _below(folder: Path, path: str, depth: int) -> Iterator[str]:
    place = folder / path
    if place.is_symlink() or depth > MAX_DEPTH:
        raise FileError(f"{place}: a link, or too deep: a configuration has plain files and folders only")
    for entry in sorted(place.iterdir()):
        inner = f"{path}/{entry.name}"
        if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
            raise FileError(f"{entry}: neither file nor folder: a configuration has plain files only")
        if entry.is_dir():
            yield from _below(folder, inner, depth + 1)
        else:
            yield inner


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _write(path: Path, content: bytes, owner: tuple[int, int] | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, _FILE_MODE), "wb") as file:
        os.fchmod(file.fileno(), _FILE_MODE)
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
