"""Cached layers: folders named by the hash of all that went into them, and overlay mounts of them.

A layer appears under its name only when it is complete. Layers are never changed after that; later stages lay
an overlay over them.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from firmware.errors import FirmwareError

KEPT_PER_NAME = 3
"""How many layers of one name stay in the cache: enough to change between boards without building anew."""


def key_of(*parts: object) -> str:
    """A short hash of values (anything JSON can say)."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def source_of(*modules: ModuleType) -> list[str]:
    """The source text of modules: a layer is only as good as the code that made it."""
    return [Path(module.__file__).read_text() for module in modules if module.__file__]


def tree_hash(folder: Path, *, skip: tuple[str, ...] = ("__pycache__",)) -> str:
    """A hash of the names, modes and contents of all files in a folder; of a missing folder too."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if set(skip) & set(path.parts):
            continue
        digest.update(f"{path.relative_to(folder)}\0{path.lstat().st_mode:o}\0".encode())
        if path.is_symlink():
            digest.update(str(path.readlink()).encode())
        elif path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class LayerCache:
    """The layers under one folder of the cache; `work` is on the same file system."""

    def __init__(self, folder: Path, work: Path, *, fresh: bool = False) -> None:
        self._folder = folder
        self._work = work
        self._fresh = fresh
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str, key: str) -> Path:
        """Where the layer is or will be. Trees of root and of a user's namespace differ in their owners."""
        return self._folder / f"{name}-{key_of(key, _outer_uid())}"

    def ready(self, name: str, key: str) -> Path | None:
        """The layer if it is there."""
        path = self.path(name, key)
        if not path.is_dir() or self._fresh:
            return None
        os.utime(path)
        return path

    def draft(self, name: str) -> Path:
        """A folder to make a layer in."""
        path = self._work / f"layer-{name}"
        path.mkdir(parents=True)
        return path

    def keep(self, draft: Path, name: str, key: str) -> Path:
        """Make the finished draft the layer, and let the oldest ones of its name go."""
        path = self.path(name, key)
        if path.exists():
            shutil.rmtree(path)
        draft.rename(path)
        os.utime(path)
        others = sorted(self._folder.glob(f"{name}-*"), key=lambda other: other.stat().st_mtime, reverse=True)
        for old in others[KEPT_PER_NAME:]:
            shutil.rmtree(old)
        return path


def _outer_uid() -> int:
    """The user outside of the namespace that is root in it."""
    first = Path("/proc/self/uid_map").read_text().split()
    return int(first[1])


@contextmanager
def overlay(lower: Sequence[Path], upper: Path, target: Path) -> Iterator[Path]:
    """Mount an overlay on `target`: `lower` (the topmost first) read-only, changes into `upper`."""
    scratch = upper.with_name(upper.name + ".scratch")
    for folder in (upper, scratch, target):
        folder.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={scratch},userxattr"
    done = subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", options, str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise FirmwareError(
            f"the kernel refuses an overlay mount: {done.stderr.strip()}",
            where=str(upper),
            todo="put the cache on an ordinary file system with HOTSPARE_CACHE, not on another overlay",
        )
    try:
        yield target
    finally:
        unmount(target)
        remove_tree(scratch)


def bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    """Bind a file or a folder over `target`, which is made if it is missing."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    subprocess.run(["mount", "--rbind", str(source), str(target)], check=True)
    if read_only:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(target)], check=False, capture_output=True)


def hide(place: Path) -> None:
    """Lay emptiness over a file or a folder, for this process and all that it will start."""
    if place.is_dir():
        command = ["mount", "-t", "tmpfs", "-o", "ro,size=4k,mode=0755", "tmpfs", str(place)]
    else:
        command = ["mount", "--bind", "/dev/null", str(place)]
    subprocess.run(command, check=True)


def unmount(place: Path) -> None:
    """Detach what is mounted on `place`, if anything, with all that is mounted below it.

    Not umount's own --recursive, which stops half-way at mounts that a user's namespace may not take apart.
    """
    subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)


def remove_tree(folder: Path) -> None:
    """Remove a folder, unless something is still mounted in it: that may be the user's own checkout.

    What stays then goes at the beginning of the next build, in whose namespace nothing is mounted there.
    """
    if not mounts_in(folder, Path("/proc/self/mountinfo").read_text()):
        shutil.rmtree(folder, ignore_errors=True)


def mounts_in(folder: Path, mountinfo: str) -> list[str]:
    """The mount points in a folder, of proc_pid_mountinfo(5), where blanks and the like are octal."""
    points = (
        re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), line.split()[4])
        for line in mountinfo.splitlines()
    )
    return [point for point in points if Path(point).is_relative_to(folder)]


def share_mounts() -> None:
    """Let what is mounted later appear in bind mounts of its place too; the host is cut off already."""
    subprocess.run(["mount", "--make-rshared", "/"], check=True)


@contextmanager
def api_mounts(root: Path) -> Iterator[Path]:
    """Give the programs in a tree /proc, a few devices, /run and /tmp of their own for a while."""
    mounts = [root / name for name in ("proc", "dev", "run", "tmp")]
    subprocess.run(["mount", "-t", "proc", "proc", str(mounts[0])], check=True)
    try:
        for folder in mounts[1:]:
            # Not tmpfs' own 1777: the kernel denies O_CREAT on another user's device in a sticky folder.
            subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(folder)], check=True)
        for name in ("null", "zero", "full", "random", "urandom"):
            bind(Path("/dev") / name, root / "dev" / name)
        yield root
    finally:
        for folder in mounts:
            unmount(folder)
