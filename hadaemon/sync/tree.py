"""The configuration of a cluster as one value: cluster.toml and the files that belong to it, always whole."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hadaemon.sync.errors import SyncError

CLUSTER = "cluster.toml"
FILES = "cluster.d"
"""The folder of the files that belong to cluster.toml."""
MAX_FILES = 1000
MAX_BYTES = 8 << 20
"""Of all files together: a configuration, not a data store."""
MAX_DEPTH = 8
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Tree:
    """Files by path, sorted. Made by `make_tree` only, so that no path leaves the tree."""

    files: tuple[tuple[str, bytes], ...]

    @property
    def cluster(self) -> bytes:
        """The content of cluster.toml."""
        return self.get(CLUSTER) or b""

    @property
    def belonging(self) -> dict[str, bytes]:
        """Everything beside cluster.toml."""
        return {path: content for path, content in self.files if path != CLUSTER}

    def get(self, path: str) -> bytes | None:
        """The content of one file."""
        return dict(self.files).get(path)


def make_tree(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]], where: str) -> Tree:
    """Checks paths and sizes. `where` is where the files come from, for the message of SyncError."""
    pairs = sorted(files.items() if isinstance(files, Mapping) else files)
    names = [path for path, _ in pairs]
    for path in names:
        check_path(path, where)
    check_bounds([(path, len(content)) for path, content in pairs], where)
    if CLUSTER not in names:
        raise SyncError(f"{where}: there is no {CLUSTER}: a configuration has one")
    return Tree(tuple(pairs))


def check_path(path: str, where: str) -> None:
    """cluster.toml, or a plain relative path below cluster.d/: nothing else is written or sent."""
    folder, *parts = path.split("/")
    if path == CLUSTER:
        return
    if folder != FILES or not parts or len(parts) > MAX_DEPTH or not all(map(_NAME.match, parts)):
        raise SyncError(
            f"{where}: {path!r} is no place for a file of the configuration: only {CLUSTER} and files below "
            f"{FILES}/ are, with names of letters, digits, `.`, `_` and `-` that do not begin with `.` or `-`"
        )


def check_bounds(sizes: Iterable[tuple[str, int]], where: str) -> None:
    """Checks number and size of the files, also before their content is there."""
    sizes = list(sizes)
    names = {path for path, _ in sizes}
    if len(names) != len(sizes):
        raise SyncError(f"{where}: a path is there twice")
    total = sum(size for _, size in sizes)
    if len(sizes) > MAX_FILES:
        raise SyncError(f"{where}: has {len(sizes)} files, {MAX_FILES} are the limit")
    if any(size < 0 for _, size in sizes) or total > MAX_BYTES:
        raise SyncError(f"{where}: has {total} bytes, {MAX_BYTES} are the limit: is it the right folder?")
    for path in names:
        parts = path.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))} & names
        if above:
            raise SyncError(f"{where}: {above.pop()!r} is a file and a folder at once")


def digest(tree: Tree) -> str:
    """SHA-256 over every path and content, lengths included, so that two trees never read alike."""
    total = hashlib.sha256()
    for path, content in tree.files:
        total.update(f"{len(path)}:{path}{len(content)}:".encode())
        total.update(content)
    return total.hexdigest()
