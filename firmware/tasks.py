"""The tasks of `python3 invoke.py`: each turns its options into one call of the function that does the work.

The work's own modules are imported inside the tasks, so that listing the tasks stays instant.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from firmware import host
from firmware.errors import FirmwareError

P = ParamSpec("P")
R = TypeVar("R")


def told_plainly(body: Callable[P, R]) -> Callable[P, R]:
    """Turn a failure that the user can mend into its message and exit code 1."""

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return body(*args, **kwargs)
        except FirmwareError as error:
            raise Exit(str(error), code=1) from None

    return run


@task(
    help={
        "board": "which board, a folder of board/ (default generic-x86_64)",
        "mirror": "Debian mirror to use instead of the one that this machine's apt has",
        "version": "version of the image (default: from git)",
        "release": "strongest compression, and the signing key must be named",
        "key": "private key that signs the bundle (PEM file); needed by --release",
        "cert": "certificate of that key (PEM file); needed by --release",
    }
)
@told_plainly
def image(
    _context: Context,
    board: str = "generic-x86_64",
    mirror: str = "",
    version: str = "",
    release: bool = False,
    key: str = "",
    cert: str = "",
) -> None:
    """Build a board's disk image and signed update bundle into images/<board>/."""
    host.ensure("image")
    from firmware.build.image import BuildOptions, build_image

    build_image(
        BuildOptions(
            board=board,
            mirror=mirror,
            version=version,
            release=release,
            key=Path(key) if key else None,
            cert=Path(cert) if cert else None,
        )
    )


@task(
    help={
        "board": "which board's image to boot (default generic-x86_64)",
        "uefi": "boot through UEFI firmware instead of BIOS",
        "keep": "keep the nodes' disks, logs and captures after the end",
    }
)
@told_plainly
def pair(_context: Context, board: str = "generic-x86_64", uefi: bool = False, keep: bool = False) -> None:
    """Boot two nodes in QEMU with their LAN, WAN and hotwire, and give a prompt to play with them."""
    host.ensure("image", "pair")
    from firmware.lab.pair import PairOptions, run_pair

    run_pair(PairOptions(board=board, uefi=uefi, keep=keep))


@task(
    help={
        "lint": "only formatting, linting and type checks",
        "unit": "only the unit tests",
        "netns": "only the network-namespace tests",
        "build": "only the tests that build images",
        "qemu": "only the tests that boot images in QEMU",
        "nightly": "the long tests too",
        "shard": "run one part of the tests, e.g. 2/4 is the second of four",
        "seed": "seed of the randomized tests (default: fixed, or the day with --nightly)",
        "allow-skip": "a missing capability is a skip that is counted, not a failure",
        "only": "pytest's -k: run the tests whose names match",
    }
)
@told_plainly
def test(
    _context: Context,
    lint: bool = False,
    unit: bool = False,
    netns: bool = False,
    build: bool = False,
    qemu: bool = False,
    nightly: bool = False,
    shard: str = "",
    seed: int = 0,
    allow_skip: bool = False,
    only: str = "",
) -> None:
    """Run the checks and tests, all of them or a selection, and sum them up in one table."""
    from firmware.testing import Selection, Suite, run_tests

    chosen = {"lint": lint, "unit": unit, "netns": netns, "build": build, "qemu": qemu}
    run_tests(
        Selection(
            suites=tuple(Suite(name) for name, wanted in chosen.items() if wanted) or tuple(Suite),
            nightly=nightly,
            shard=shard,
            seed=seed,
            allow_skip=allow_skip,
            only=only,
        )
    )


@task(
    positional=["subject"],
    help={
        "subject": "what to measure: build",
        "runs": "how often each is run (default 3); medians are printed",
    },
)
@told_plainly
def bench(_context: Context, subject: str, runs: int = 3) -> None:
    """Measure ours and the peer side by side in one run: bench build."""
    host.ensure("image", "pair")
    from firmware.bench import run_bench

    run_bench(subject, runs)


@task
@told_plainly
def lock(_context: Context) -> None:
    """Lock the Python packages anew from requirements/*.in, with hashes and without registry names."""
    from firmware.lock import lock_requirements

    lock_requirements()


@task(help={"cache": "the downloaded packages and the tools tree too"})
@told_plainly
def clean(_context: Context, cache: bool = False) -> None:
    """Remove what builds and tests left: results, build trees, test artifacts."""
    from firmware.clean import clean_checkout

    for path in clean_checkout(everything=cache):
        print(f"removed {_shown(path)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
