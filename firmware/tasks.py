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


@task
@told_plainly
def translate(_context: Context) -> None:
    """Bring the setup menu's catalogs up to date with its texts, and say what is still to be translated."""
    host.ensure()
    from firmware.translate import translate as bring_up_to_date

    missing = bring_up_to_date()
    print("\n".join(missing) or "everything is translated")


@task
@told_plainly
def manual(_context: Context) -> None:
    """Make hactl's man page, bash completion and the JSON Schema of its status: docs/, rootfs-overlay/."""
    host.ensure()
    from firmware.manual import COMPLETION, PAGE, SCHEMA, write_manual

    write_manual()
    print(f"{_shown(PAGE)}\n{_shown(COMPLETION)}\n{_shown(SCHEMA)}")


@task(help={"pair": "boot a pair too, for the screens that only a pair shows; takes some minutes"})
@told_plainly
def screens(_context: Context, pair: bool = False) -> None:
    """Capture the manual's screens from the real programs, and draw the first set-up as a moving picture."""
    host.ensure()
    from firmware.screens import write_screens

    for path in write_screens("generic-x86_64" if pair else ""):
        print(f"wrote {_shown(path)}")


@task(
    help={
        "board": "which board, a folder of board/, e.g. apu2 (default generic-x86_64)",
        "mirror": "address of the Debian mirror, in place of the one that this machine's apt has",
        "version": "version in the image and in the files' names, e.g. 1.4.2 (default dev)",
        "overlay": "a folder laid over every root file system of this build, in place of or beside its files",
        "fresh": "take the newest packages of the mirror: use no cached layer, as a release does always",
        "release": "the strongest compression, and the signing key must be named",
        "key": "private key that signs the bundle, e.g. release.key.pem; needed by --release",
        "cert": "certificate of that key, e.g. release.cert.pem; needed by --release",
    }
)
@told_plainly
def image(
    _context: Context,
    board: str = "generic-x86_64",
    mirror: str = "",
    version: str = "",
    overlay: str = "",
    fresh: bool = False,
    release: bool = False,
    key: str = "",
    cert: str = "",
) -> None:
    """Build a board's disk image and signed update bundle into images/<board>/.

    Examples:
      python3 invoke.py image
      python3 invoke.py image --board apu2 --fresh
      python3 invoke.py image --release --version 1.4.2 --key release.key.pem --cert release.cert.pem
    """
    host.ensure("image")
    from firmware.build.image import BuildOptions, build_image

    result = build_image(
        BuildOptions(
            board=board,
            mirror=mirror,
            version=version,
            overlay=Path(overlay) if overlay else None,
            fresh=fresh,
            release=release,
            key=Path(key) if key else None,
            cert=Path(cert) if cert else None,
        )
    )
    for path in (result.image, result.bmap, result.bundle, result.manifest):
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {_shown(path)}")


@task(
    help={
        "board": "which board's image to boot (default generic-x86_64)",
        "uefi": "boot through UEFI firmware instead of BIOS",
        "cold": "boot both nodes, and do not begin with the snapshot of a pair that is up",
        "keep": "keep the nodes' disks, logs and captures after the end",
    }
)
@told_plainly
def pair(
    _context: Context,
    board: str = "generic-x86_64",
    uefi: bool = False,
    cold: bool = False,
    keep: bool = False,
) -> None:
    """Start two nodes in QEMU with their LAN, WAN and hotwire, and give a prompt to play with them."""
    host.ensure("image", "pair")
    from firmware.lab.pair import PairOptions, run_pair

    run_pair(PairOptions(board=board, uefi=uefi, cold=cold, keep=keep))


@task(
    help={
        "lint": "only formatting, linting and type checks",
        "unit": "only the unit tests",
        "netns": "only the network-namespace tests",
        "container": "only the tests in containers of the image",
        "build": "only the tests that build images",
        "qemu": "only the tests that boot images in QEMU",
        "nightly": "the long tests too",
        "shard": "run one part of the tests, e.g. 2/4 is the second of four",
        "seed": "seed of the randomized tests (default: another one each time; it is printed)",
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
    container: bool = False,
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

    chosen = {
        "lint": lint,
        "unit": unit,
        "netns": netns,
        "container": container,
        "qemu": qemu,
        "build": build,
    }
    run_tests(
        Selection(
            suites=tuple(suite for suite in Suite if chosen[suite]) or tuple(Suite),
            nightly=nightly,
            shard=shard,
            seed=seed,
            allow_skip=allow_skip,
            only=only,
        )
    )


@task(
    help={
        "count": "how many mutants to try (default 50)",
        "seed": "which: the same number is the same choice (default: another one each time)",
        "tests": "which tests are asked: all (default), or world for the simulated world alone",
        "made": "those that were made by hand, each of which breaks one rule; all of them",
    }
)
@told_plainly
def mutants(
    _context: Context, count: int = 50, seed: int = 0, tests: str = "all", made: bool = False
) -> None:
    """Change single things in the code of the election, and see whether a test notices.

    A line for each, then how many survive, and which. About five seconds each; those that survive take
    twenty. A survivor that is not in tests/unit/cluster/survivors.toml, with the reason, is an error.

    Examples:
      python3 invoke.py mutants
      python3 invoke.py mutants --count 300 --seed 7
      python3 invoke.py mutants --made --tests world
    """
    from firmware.mutants import run_mutants

    run_mutants(count, seed, tests, made)


@task(
    help={
        "device": "the whole disk to overwrite, e.g. /dev/sdb; without it, the disks are listed",
        "board": "which board's newest image (default generic-x86_64)",
        "image": "another image, an .img.zst with its .img.bmap beside it",
        "preseed": "a preseed.toml that the node takes at its first boot; it is checked before",
        "yes": "do not ask",
    }
)
@told_plainly
def flash(
    _context: Context,
    device: str = "",
    board: str = "generic-x86_64",
    image: str = "",
    preseed: str = "",
    yes: bool = False,
) -> None:
    """Write an image to a disk, a USB stick or an eMMC, and read it back.

    Examples:
      python3 invoke.py flash --device /dev/sdb
      python3 invoke.py flash --device /dev/mmcblk0 --board apu2 --preseed alpha.toml
    """
    host.ensure("flash")
    from firmware.flash import FlashOptions
    from firmware.flash import flash as flash_image

    flash_image(
        FlashOptions(
            device=Path(device or "no device"),
            board=board,
            image=Path(image) if image else None,
            preseed=Path(preseed) if preseed else None,
            yes=yes,
        )
    )


@task(
    iterable=["port"],
    help={
        "answers": "the file with the answers for each box, e.g. site.toml",
        "port": "a serial port, e.g. /dev/ttyUSB0; again for more of them (default: those of the file)",
        "baud": "speed of the ports (default 115200)",
        "protocol": "file for what was sent and received (default provision-<time>.log)",
        "wait": "seconds that a box may take to show its menu (default 300)",
    },
)
@told_plainly
def provision(
    _context: Context,
    answers: str = "",
    port: tuple[str, ...] = (),
    baud: int = 0,
    protocol: str = "",
    wait: int = 0,
) -> None:
    """Set boxes up over their serial consoles, from a file of answers; see docs/provisioning.md.

    Examples:
      python3 invoke.py provision --port /dev/ttyUSB0 --answers site.toml
      python3 invoke.py provision --port /dev/ttyUSB0 --port /dev/ttyUSB1 --answers site.toml
    """
    from firmware.provision import ProvisionOptions
    from firmware.provision import provision as set_up

    set_up(
        ProvisionOptions(
            answers=Path(answers or "no file"),
            ports=tuple(port),
            protocol=Path(protocol) if protocol else None,
            **({"baud": baud} if baud else {}),
            **({"wait": wait} if wait else {}),
        )
    )


@task(
    positional=["subject"],
    help={
        "subject": "what to measure: build, failover, flood, conntrack, sync, firmware or boot",
        "runs": "how often each is run (default 3 for build, 5 for failover); medians are printed",
        "only": "one part: of failover, e.g. kill, of flood: senders (the page stays); of firmware: install; "
        "of boot: node",
    },
)
@told_plainly
def bench(_context: Context, subject: str, runs: int = 0, only: str = "") -> None:
    """Measure ours and the peer side by side in one run, and write the page in docs/.

    Examples:
      python3 invoke.py bench build
      python3 invoke.py bench failover
      python3 invoke.py bench failover --only kill --runs 2
      python3 invoke.py bench flood
      python3 invoke.py bench flood --only senders --runs 1
      python3 invoke.py bench conntrack
      python3 invoke.py bench firmware --only upgrade --runs 1
      python3 invoke.py bench boot
      python3 invoke.py bench boot --only node --runs 1
    """
    from firmware.bench import run_bench

    run_bench(subject, runs, only)


@task
@told_plainly
def lock(_context: Context) -> None:
    """Lock the Python packages anew from requirements/*.in, with hashes and without registry names."""
    from firmware.lock import lock_requirements

    lock_requirements()


@task(help={"downloads": "the downloaded packages too; the next build fetches them again"})
@told_plainly
def clean(_context: Context, downloads: bool = False) -> None:
    """Remove what builds and tests left: results, cached layers, logs, test artifacts.

    The development signing keys always stay: nodes that run an image trust them.

    Examples:
      python3 invoke.py clean
      python3 invoke.py clean --downloads
    """
    from firmware.clean import clean_checkout

    for path in clean_checkout(downloads=downloads):
        print(f"removed {_shown(path)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
