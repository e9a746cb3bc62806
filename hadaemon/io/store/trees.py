"""A configuration tree as a folder: read without following a link out of it, written durably."""

import os
from collections.abc import Iterator
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import sync_file_system
from hadaemon.sync.tree import CLUSTER, FILES, MAX_BYTES, MAX_DEPTH, MAX_FILES, Tree, make_tree

_FILE_MODE, _FOLDER_MODE = 0o640, 0o750
_CHUNK = 1 << 20


def read_tree(folder: Path) -> Tree:
    """cluster.toml and everything below cluster.d/. Raises SyncError or FileError; other files are left."""
    try:
        files: list[tuple[str, bytes]] = []
        total = 0
        for path in _paths(folder):
            content = _read(f"{folder}/{path}")
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
    """A new folder with the whole tree, all of it on the disk before this returns. Raises OSError."""
    folder.mkdir()
    inner = {FILES}
    for path, _ in tree.files:
        parts = path.split("/")
        inner |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    for made in ("", *sorted(inner)):
        place = folder / made
        place.mkdir(exist_ok=True)
        place.chmod(_FOLDER_MODE)
        if owner is not None:
            os.chown(place, *owner)
    for path, content in tree.files:
        _write(f"{folder}/{path}", content, owner)
    sync_file_system(folder)


def _paths(folder: Path) -> Iterator[str]:
    """The files of a tree, by path. A link or a device is no file of a configuration."""
    if os.path.lexists(folder / CLUSTER):
        yield CLUSTER
    if os.path.lexists(folder / FILES):
        if (folder / FILES).is_symlink():
            raise FileError(f"{folder / FILES}: a link: a configuration has plain files and folders only")
        yield from _below(str(folder), FILES, 0)


def _below(folder: str, path: str, depth: int) -> Iterator[str]:
    place = f"{folder}/{path}"
    if depth > MAX_DEPTH:
        raise FileError(f"{place}: too deep: {MAX_DEPTH} folders are the limit")
    with os.scandir(place) as entries:
        for entry in entries:
            inner = f"{path}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _below(folder, inner, depth + 1)
            elif entry.is_file(follow_symlinks=False):
                yield inner
            else:
                raise FileError(
                    f"{folder}/{inner}: neither file nor folder: a configuration has plain files only"
                )


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        parts = []
        left = MAX_BYTES + 1
        while left and (part := os.read(descriptor, min(left, _CHUNK))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _write(path: str, content: bytes, owner: tuple[int, int] | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, _FILE_MODE), "wb") as file:
        os.fchmod(file.fileno(), _FILE_MODE)
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        file.write(content)
