"""`build_image`: the one entry to the image builder."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from firmware import paths
from firmware.build import sandbox
from firmware.build.board import load_board
from firmware.build.checkout import last_commit
from firmware.build.keys import check_release_keys
from firmware.build.options import BuildOptions, BuildResult
from firmware.errors import FirmwareError

__all__ = ["BuildOptions", "BuildResult", "build_image", "clean_cache"]

SPACE_NEEDED = 3 << 30
"""Bytes that a build without any cache takes: layers, tools, packages, disk and results."""


def build_image(options: BuildOptions) -> BuildResult:
    """Build the disk image, the update bundle and the manifest of one board.

    Results appear in `images/<board>/` all at once at the end, or not at all.
    Raises `FirmwareError` for every input or machine that does not allow it.
    """
    begin = time.monotonic()
    load_board(paths.ROOT / "board", options.board)
    check_release_keys(options)
    check_space(paths.CACHE)
    commit = last_commit(paths.ROOT)
    pinned = replace(options, source_date_epoch=options.source_date_epoch or commit.time)
    with exclusive(paths.CACHE):
        try:
            answer = sandbox.run_in_namespaces(request("build", pinned, commit.id))
        except BaseException:
            sandbox.run_in_namespaces(request("clean", options, ""))
            raise
    results = {name: Path(value) for name, value in answer.items()}
    return BuildResult(options.board, options.image_version, seconds=time.monotonic() - begin, **results)


def clean_cache() -> None:
    """Remove every cached layer; also files of subordinate users, which the user himself could not remove."""
    with exclusive(paths.CACHE):
        sandbox.run_in_namespaces(request("clean", BuildOptions(), "") | {"all": True})


def request(verb: str, options: BuildOptions, build_id: str) -> dict[str, object]:
    """The message that tells the child what to do; nothing in it depends on the child's own surroundings."""
    values = {name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()}
    where = {"root": str(paths.ROOT), "cache": str(paths.CACHE), "images": str(paths.IMAGES)}
    return {"verb": verb, "options": values, "build_id": build_id, **where}


def check_space(cache: Path) -> None:
    """Raise before anything is written when the disk is too full to finish."""
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if free < SPACE_NEEDED:
        raise FirmwareError(
            f"there is too little space: {free >> 20} MiB are free, a build needs {SPACE_NEEDED >> 20} MiB",
            where=str(cache),
            todo="free some space, or move the cache to a larger disk with HOTSPARE_CACHE",
        )


@contextmanager
def exclusive(cache: Path) -> Iterator[None]:
    """Hold the cache alone: builds of one checkout share its layers, so they take turns."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build is using the cache; waiting for it to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), False)
        yield
