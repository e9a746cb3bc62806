"""The ways into the image builder: `build_image` makes what is shipped, `build_disk` a disk to boot."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from firmware import paths
from firmware.build import sandbox
from firmware.build.board import load_board
from firmware.build.checkout import last_commit
from firmware.build.inputs import fingerprint, forget, is_unchanged, remember
from firmware.build.keys import SigningKeys, check_release_keys, secret_places, signing_keys, trusted
from firmware.build.options import BuildOptions, BuildResult
from firmware.build.publish import forget_unfinished, raw_disk
from firmware.build.trust import Trust
from firmware.errors import FirmwareError

__all__ = ["BuildOptions", "BuildResult", "build_disk", "build_image", "clean_cache"]

CACHED = ("bench", "disks", "lab", "layers", "logs", "work")
"""Folders of the cache that can be made anew from the downloads."""

DOWNLOADED = ("packages",)

SPACE_NEEDED = 3 << 30
"""Bytes that a build without any cache takes: layers, tools, packages, disk and results."""


def build_image(options: BuildOptions) -> BuildResult:
    """Build the disk image, the update bundle and the manifest of one board.

    Results appear in `images/<board>/` all at once at the end, or not at all.
    Raises `FirmwareError` for every input or machine that does not allow it.
    """
    begin = time.monotonic()
    check(options)
    named = signing_keys(options, paths.CACHE) if options.key else None  # asks before it waits
    with exclusive(paths.CACHE):
        results = run("build", options, named or signing_keys(options, paths.CACHE))
    return BuildResult(options.board, options.version, seconds=time.monotonic() - begin, **results)


def build_disk(options: BuildOptions) -> Path:
    """The raw disk of one board, for those who boot it: no bundle is made and nothing compressed.

    One that was made of the same inputs is taken as it is, in a fraction of a second.
    Raises `FirmwareError` as `build_image` does.
    """
    check(options)
    with exclusive(paths.CACHE):
        disk = raw_disk(paths.CACHE, options)
        if not is_unchanged(disk, fingerprint(options, paths.ROOT), options, paths.CACHE):
            run("disk", options)
    return disk


def check(options: BuildOptions) -> None:
    """Raise for options that no image can be built with."""
    load_board(paths.ROOT / "board", options.board)
    check_release_keys(options)
    check_overlay(options)


def run(verb: str, options: BuildOptions, keys: SigningKeys | None = None) -> dict[str, Path]:
    """Let the child build, and note what the raw disk was made of; what it did not finish is gone.

    The child has no key: what it wants signed is signed here, by `keys`.
    """
    sandbox.require_host_programs()
    check_space(paths.CACHE)
    commit = last_commit(paths.ROOT)
    overlay = options.overlay.resolve() if options.overlay else None
    pinned = replace(options, overlay=overlay, source_date_epoch=options.source_date_epoch or commit.time)
    trust = keys.trust if keys else trusted(options, paths.CACHE)
    if trust.note:
        print(trust.note, flush=True)
    disk, inputs = raw_disk(paths.CACHE, options), fingerprint(options, paths.ROOT)
    forget(disk)
    try:
        asked = request(verb, pinned, commit.id, trust)
        answer = sandbox.run_in_namespaces(asked, keys.sign if keys else None)
    except BaseException:
        sandbox.run_in_namespaces(removal(["work"]))
        forget_unfinished(paths.IMAGES / options.board)
        raise
    remember(disk, inputs, options, paths.CACHE)
    return {name: Path(value) for name, value in answer.items()}


def build_plain_disk(board: str) -> Path:
    """The raw disk image of a plain Debian with the kernel of a board: what boots are measured beside.

    Raises `FirmwareError` for every machine that does not allow it.
    """
    sandbox.require_host_programs()
    options = BuildOptions(board=board, source_date_epoch=last_commit(paths.ROOT).time)
    with exclusive(paths.CACHE):
        check_space(paths.CACHE)
        trust = trusted(options, paths.CACHE)
        answer = sandbox.run_in_namespaces(request("plain", options, "", trust))
    return Path(answer["disk"])


def clean_cache(*, downloads: bool = False) -> list[Path]:
    """Remove every cached layer and what else builds left in the cache; with `downloads` the packages too.

    Also files of subordinate users, which the user himself could not remove. The keys stay, and so does what
    is not Hotspare's: the cache may be a folder that the user shares. Returns what was removed.
    Raises `FirmwareError` for what this user may not remove.
    """
    names = (*CACHED, *DOWNLOADED) if downloads else CACHED
    found = [paths.CACHE / name for name in names if (paths.CACHE / name).exists()]
    if found:
        with exclusive(paths.CACHE):
            sandbox.run_in_namespaces(removal([path.name for path in found]))
    if left := [path for path in found if path.exists()]:
        raise FirmwareError(
            f"could not remove {', '.join(path.name for path in left)}",
            where=str(paths.CACHE),
            todo="an earlier build ran as another user, such as root: remove it as that one",
        )
    return found


def removal(names: list[str]) -> dict[str, object]:
    """The message that lets the child remove folders of the cache."""
    return {"verb": "clean", "cache": str(paths.CACHE), "names": names}


def request(verb: str, options: BuildOptions, build_id: str, trust: Trust) -> dict[str, object]:
    """The message that lets the child build; nothing in it depends on the child's own surroundings.

    It names what the child is to hide from all that it starts, and does not say where a key is.
    """
    public = replace(options, key="", cert=None, keyring=(), passphrase=None)
    values = {name: str(value) if isinstance(value, Path) else value for name, value in vars(public).items()}
    where = {"root": str(paths.ROOT), "cache": str(paths.CACHE), "images": str(paths.IMAGES)}
    hidden = [str(path) for path in secret_places(options, paths.CACHE)]
    secret = {"trust": trust.to_message(), "hidden": hidden}
    return {"verb": verb, "options": values, "build_id": build_id, **secret, **where}


def check_space(cache: Path) -> None:
    """Raise before anything is written when the disk is too full to finish."""
    free = shutil.disk_usage(cache).free
    if free < SPACE_NEEDED:
        raise FirmwareError(
            f"there is too little space: {free >> 20} MiB are free, a build needs {SPACE_NEEDED >> 20} MiB",
            where=str(cache),
            todo="free some space, or move the cache to a larger disk with HOTSPARE_CACHE",
        )


def check_overlay(options: BuildOptions) -> None:
    """Raise when the overlay is no folder."""
    if options.overlay and not options.overlay.is_dir():
        raise FirmwareError(
            f"there is no folder {options.overlay}", where="--overlay", todo="name a folder of files"
        )


@contextmanager
def exclusive(cache: Path) -> Iterator[None]:
    """Hold the cache alone: builds of one checkout share its layers, so they take turns."""
    with opened_lock(cache) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build is using the cache; waiting for it to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), False)
        yield


def opened_lock(cache: Path) -> IO[str]:
    """The lock file, open. Raises when the cache is another user's."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return (cache / "lock").open("a")
    except PermissionError as error:
        raise FirmwareError(
            f"the cache cannot be written: {error.strerror}",
            where=str(error.filename),
            todo="build as the user who owns it, or use a cache of your own with HOTSPARE_CACHE",
        ) from error
