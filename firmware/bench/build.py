"""`bench build`: how long builds take and how large the results are, beside mkosi."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from firmware import paths
from firmware.bench.measure import Figure, Row, machine, say, seconds_of, table
from firmware.bench.peer import Mkosi
from firmware.build.board import load_board
from firmware.build.mirror import find_mirror
from firmware.build.options import DEFAULT_BOARD
from firmware.errors import FirmwareError

PAGE = paths.ROOT / "docs/benchmarks-build.md"
MEGABYTE = 1e6

_BUILD = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from firmware.build.image import BuildOptions, build_image
from firmware.errors import FirmwareError
try:
    options = json.loads(sys.argv[2])
    options |= {name: Path(options[name]) for name in ("cert", "passphrase") if name in options}
    result = build_image(BuildOptions(**options))
except FirmwareError as error:
    sys.exit(str(error))
print(json.dumps({name: str(value) for name, value in vars(result).items()}))
"""

_EXCLUDED = shutil.ignore_patterns(".venv", ".cache", "test-artifacts", "__pycache__", ".*_cache", "images")

INTRODUCTION = """\
# Benchmark: building

Made by `python3 invoke.py bench build` on {machine}. Each figure is the median of {runs} runs, with the
least and the most in brackets. The peer is mkosi of Debian 13 with the same packages, in turns with
ours. Its image is a plain one: no second slot, no verity tree, no update bundle and no boot loader.

- *cold*: packages and tools are in the cache, nothing else is;
- *unchanged*: everything is in the cache;
- *after an edit*: a file of hadaemon changed.

"""


def bench_build(runs: int) -> None:
    """Measure, print the table and write docs/benchmarks-build.md."""
    folder = paths.CACHE / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    ours = Ours(folder)
    board = load_board(paths.BOARD, DEFAULT_BOARD)
    peer = Mkosi(folder, paths.CACHE / "packages", find_mirror(None))
    say("preparing both (downloads, tools trees)")
    ours.build()
    peer.prepare(board, paths.ROOT / "hadaemon")
    peer.build(cold=False)
    cold = in_turns(runs, "cold", lambda: ours.build(fresh=True), lambda: peer.build(cold=True))
    unchanged = in_turns(runs, "unchanged", ours.build, lambda: peer.build(cold=False))
    edited = in_turns(runs, "after an edit", ours.build_edited, lambda: edit_and_build(peer))
    rows = [
        Row("cold", *cold, "60 s"),
        Row("unchanged", *unchanged),
        Row("after an edit", *edited, "10 s"),
        *sizes(ours, peer, folder),
    ]
    text = INTRODUCTION.format(machine=machine(), runs=runs)
    text += table(("what", "hotspare", "mkosi", "ratio", "to reach"), rows)
    print(text)
    PAGE.write_text(text)
    ours.forget()


class Ours:
    """Builds of a copy of this checkout, so that edits in it are nobody's; the cache is the usual one."""

    def __init__(self, folder: Path) -> None:
        self._checkout = folder / "checkout"
        shutil.rmtree(self._checkout, ignore_errors=True)
        shutil.copytree(paths.ROOT, self._checkout, ignore=_EXCLUDED, symlinks=True)
        self.result: dict[str, Path] = {}

    def build(self, **options: object) -> None:
        """One build as a user starts it: a process of its own."""
        done = subprocess.run(
            [
                sys.executable,
                "-P",
                "-c",
                _BUILD,
                str(self._checkout),
                json.dumps({"version": "bench", **options}),
            ],
            env={**os.environ, "HOTSPARE_CACHE": str(paths.CACHE)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise FirmwareError("the build failed", where="bench", todo=done.stderr)
        answer = json.loads(done.stdout.splitlines()[-1])
        self.result = {name: Path(value) for name, value in answer.items() if value.startswith("/")}

    def build_edited(self) -> None:
        """Change a file of hadaemon, as a developer does, and build."""
        with (self._checkout / "hadaemon/errors.py").open("a") as file:
            file.write("# edited\n")
        self.build()

    def forget(self) -> None:
        """Remove the large results."""
        self.result["raw_image"].unlink(missing_ok=True)
        shutil.rmtree(self._checkout)

    def release(self) -> None:
        """Build a release, with a key made for it."""
        key, cert = (self._checkout.with_name(f"release.{kind}.pem") for kind in ("key", "cert"))
        subprocess.run(
            [
                *(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "rsa:3072",
                    "-nodes",
                    "-days",
                    "1",
                    "-subj",
                    "/CN=bench",
                ),
                *("-keyout", str(key), "-out", str(cert)),
            ],
            check=True,
            capture_output=True,
        )
        self.build(release=True, key=str(key), cert=str(cert))


def in_turns(
    runs: int, what: str, ours: Callable[[], object], peer: Callable[[], object]
) -> tuple[Figure, Figure]:
    """Measure both in turns, so that what else the machine does falls on both."""
    pairs = []
    for number in range(1, runs + 1):
        pair = seconds_of(ours), seconds_of(peer)
        say(f"{what}, run {number} of {runs}: hotspare {pair[0]:.1f} s, mkosi {pair[1]:.1f} s")
        pairs.append(pair)
    first, second = zip(*pairs, strict=True)
    return Figure(first), Figure(second)


def edit_and_build(peer: Mkosi) -> None:
    """The same edit for the peer."""
    with (peer.extra / "hadaemon/errors.py").open("a") as file:
        file.write("# edited\n")
    peer.build(cold=False)


def sizes(ours: Ours, peer: Mkosi, folder: Path) -> list[Row]:
    """The compressed disks and what a release is like."""
    development = megabytes(ours.result["image"])
    fast = compressed(peer.image, folder)
    say("release build")
    seconds = seconds_of(ours.release)
    return [
        Row("disk, compressed (development)", development, fast),
        Row("disk, compressed (release)", megabytes(ours.result["image"]), target="120 MB"),
        Row("update bundle (release)", megabytes(ours.result["bundle"])),
        Row("release build, cold", Figure((seconds,))),
    ]


def megabytes(path: Path) -> Figure:
    """The size of a file, in units of 10⁶ bytes."""
    return Figure((path.stat().st_size / MEGABYTE,), "MB")


def compressed(image: Path, folder: Path) -> Figure:
    """The size of an image after zstd -3."""
    target = folder / "peer.zst"
    subprocess.run(["zstd", "-q", "-f", "-T0", "-3", str(image), "-o", str(target)], check=True)
    return megabytes(target)
