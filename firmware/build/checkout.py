"""What git says about the checkout: when and what was committed last."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

UNVERSIONED_TIME = 1_767_225_600
"""Seconds since 1970 (2026-01-01): the time of a source tree that came without git."""

INPUTS = ("hadaemon", "board", "rootfs-overlay", "firmware/build", "requirements", "docs/setups")
"""What an image is made of."""


@dataclass(frozen=True)
class Commit:
    """`time` in seconds since 1970; `id` abbreviated, with a mark when the tree differs from it."""

    time: int
    id: str


def last_commit(root: Path) -> Commit:
    """The last commit of the checkout at `root`, or fixed values where there is no git."""
    git = ["git", "-c", f"safe.directory={root}", "-C", str(root)]
    try:
        show = subprocess.run(
            [*git, "log", "-1", "--format=%ct %h"], capture_output=True, text=True, check=False
        )
        status = subprocess.run(
            [*git, "status", "--porcelain", "--", *INPUTS],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return Commit(UNVERSIONED_TIME, "unversioned")
    if show.returncode != 0 or not show.stdout.strip():
        return Commit(UNVERSIONED_TIME, "unversioned")
    seconds, name = show.stdout.split()
    return Commit(int(seconds), f"{name}-edited" if status.stdout.strip() else name)
