"""The configurations that this node has had, on disk, and the one that counts now.

`generations/<number>-<digest>/` holds a whole configuration and its record; the link `generations/current`
names the one that counts, and `cluster.toml` and `cluster.d` lead through it. A new one is staged completely,
made durable, renamed; then the link is replaced in one step. Killed at any point, the old or the new one is
there whole. Callers hold the lock of the pair while they change something. Blocking.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hadaemon.config.migrate import Kind
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, sync_folder, write_text
from hadaemon.io.store.forms import forms
from hadaemon.io.store.trees import read_tree, write_tree
from hadaemon.sync.errors import SyncError
from hadaemon.sync.head import Head
from hadaemon.sync.record import Record, record_from_json, record_to_json
from hadaemon.sync.tree import CLUSTER, FILES, Tree, digest

FOLDER = "generations"
CURRENT = "current"
KEPT = 20
"""How many generations are kept; older ones are removed."""
_RECORD = "record.json"
_STAGED = ".staged"


class Generations:
    """All of them, in the state folder. New files get the owner of that folder."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = state / FOLDER

    def tree(self) -> Tree | None:
        """The configuration that counts, as it is on the disk now; None: there is none."""
        cluster = self.state / CLUSTER
        current = self._current()
        if current is not None and self._leads(CLUSTER):
            return read_tree(current)
        text = read_text(cluster)
        if text is None:
            return None
        belonging = read_tree(current).belonging if current is not None else {}
        if not self._leads(FILES) and (self.state / FILES).exists():
            raise FileError(
                f"{self.state / FILES}: is not the link that it should be: move it away, and bring its files "
                "in with `hactl config apply FOLDER`"
            )
        return Tree(tuple(sorted({CLUSTER: text.encode(), **belonging}.items())))

    def head(self) -> Head:
        """What this node has. A change by hand counts as one more generation."""
        return self.head_of(self.tree())

    def head_of(self, tree: Tree | None) -> Head:
        """The same, of what `tree` has just read."""
        if tree is None:
            return Head()
        found, record = digest(tree), self.current()
        if record is None:
            return Head("", 0, found)
        if record.head.digest == found:
            return record.head
        return Head(record.head.cluster_id, record.head.generation + 1, found)

    def current(self) -> Record | None:
        """The record of the generation that the link names."""
        folder = self._current()
        return None if folder is None else self._record(folder)

    def records(self) -> list[Record]:
        """Every whole generation, the newest first."""
        found = [record for folder in self._folders() if (record := self._record(folder)) is not None]
        return sorted(found, key=lambda record: (record.head.generation, record.time), reverse=True)

    def read(self, record: Record) -> Tree:
        """A generation's configuration. Raises SyncError when it is no longer what it was."""
        tree = read_tree(self.folder / record.name)
        if digest(tree) != record.head.digest:
            raise SyncError(
                f"generation {record.head.generation} was changed on the disk since {record.time}: it is not "
                "what was applied then, and is not used"
            )
        return tree

    def sweep(self) -> None:
        """Removes what a predecessor that was killed left unfinished."""
        for left in self.folder.glob(f"{_STAGED}*"):
            shutil.rmtree(left, ignore_errors=True)

    def stage(self, tree: Tree) -> Path:
        """Writes the whole configuration to a place of its own, durably. It does not count yet."""
        try:
            if not self.folder.is_dir():
                self.folder.mkdir(mode=0o750)
                self._own(self.folder)
                sync_folder(self.state)
            staged = self.folder / f"{_STAGED}-{os.getpid()}"
            shutil.rmtree(staged, ignore_errors=True)
            write_tree(staged, tree, self._owner())
            for path, form in forms(staged / CLUSTER, tree.cluster.decode(errors="replace"), Kind.CLUSTER):
                write_text(path, form, 0o640, self._owner())
        except OSError as error:
            self.sweep()
            raise FileError(
                f"{self.folder}: cannot be written: {os.strerror(error.errno or 0)}: the configuration is as "
                "it was"
            ) from error
        return staged

    def commit(self, staged: Path, record: Record) -> None:
        """Makes what was staged the configuration that counts, in one step."""
        try:
            write_text(staged / _RECORD, record_to_json(record), 0o640, self._owner())
            final = self.folder / record.name
            if final.exists():
                # The same configuration under the same number: only the record of who brought it may differ.
                shutil.rmtree(final) if final != self._current() else shutil.rmtree(staged)
            if staged.exists():
                staged.rename(final)
            sync_folder(self.folder)
            self.point_to(record.name)
            self._prune()
        except OSError as error:
            raise FileError(f"{self.folder}: cannot be written: {os.strerror(error.errno or 0)}") from error

    def point_to(self, name: str) -> None:
        """Replaces the link, durably, and sees that the configuration's names lead through it."""
        self._link(self.folder / CURRENT, name)
        for path in (FILES, CLUSTER):
            if not self._leads(path):
                self._link(self.state / path, f"{FOLDER}/{CURRENT}/{path}")

    def clear(self) -> None:
        """A stand-alone node without a history. The configuration goes first, in one step."""
        for path in (CLUSTER, FILES):
            with contextlib.suppress(FileNotFoundError):
                (self.state / path).unlink()
        sync_folder(self.state)
        shutil.rmtree(self.folder, ignore_errors=True)
        sync_folder(self.state)

    def _current(self) -> Path | None:
        try:
            name = os.readlink(self.folder / CURRENT)  # noqa: PTH115 (the text of the link, checked)
        except OSError:
            return None
        folder = self.folder / name
        return folder if "/" not in name and folder.is_dir() else None

    def _leads(self, path: str) -> bool:
        """This name leads through the link."""
        try:
            return os.readlink(self.state / path) == f"{FOLDER}/{CURRENT}/{path}"  # noqa: PTH115
        except OSError:
            return False

    def _link(self, place: Path, target: str) -> None:
        new = place.with_name(f".{place.name}.link")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        new.symlink_to(target)
        new.replace(place)
        sync_folder(place.parent)

    def _folders(self) -> Iterator[Path]:
        with contextlib.suppress(FileNotFoundError):
            for entry in sorted(self.folder.iterdir()):
                if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
                    yield entry

    def _record(self, folder: Path) -> Record | None:
        """None: damaged, or of a newer version. It is not in the way of others."""
        try:
            text = read_text(folder / _RECORD)
            return None if text is None else record_from_json(text, str(folder / _RECORD))
        except (FileError, SyncError):
            return None

    def _prune(self) -> None:
        current = self._current()
        old = [self.folder / record.name for record in self.records()[KEPT:]]
        for folder in old:
            if folder != current:
                shutil.rmtree(folder, ignore_errors=True)

    def _owner(self) -> tuple[int, int] | None:
        if os.geteuid() != 0:
            return None
        found = self.state.stat()
        return found.st_uid, found.st_gid

    def _own(self, path: Path) -> None:
        owner = self._owner()
        if owner is not None:
            os.chown(path, *owner)
