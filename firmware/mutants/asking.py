"""Asks the tests about a mutant. Nothing in the checkout is touched: a copy of hadaemon is changed, and the
tests of the checkout run against it.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from firmware.errors import FirmwareError
from firmware.mutants import juror
from firmware.mutants.calls import telling
from firmware.mutants.mutant import CODE, PACKAGES, Mutant
from firmware.paths import ROOT

_OF_PACKETS = (
    "daemon/test_beats",
    "daemon/test_hotwire_problems",
    "daemon/test_recordings",
    "daemon/test_refused",
    "daemon/test_sequences",
    "daemon/test_wire",
    "io/test_vrrp_filter",
    "io/test_vrrp_socket",
)
"""What becomes of advertisements between the wire and the node."""
TESTS = {
    "all": (
        *(f"unit/{package}/test_*.py" for package in ("cluster", "config", "vrrp", "hotwire")),
        *(f"unit/{name}.py" for name in _OF_PACKETS),
    ),
    "world": ("unit/cluster/test_world*.py",),
}
"""Which tests are asked. `world`: the simulated world alone, which knows no sentence of the code."""
KILLERS = 8
"""So many tests that killed the last ones of the same file are asked first."""
_OF_THE_RUN = ("HOTSPARE_SEED", "HOTSPARE_SHARD")
"""What a run of all tests says to each: these are always the same tests, and all of them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a juror is asked."""

    file: str
    """In the package hadaemon."""
    module: str
    before: str
    after: str
    """The text of its file as it is, and as the mutant has it."""
    files: list[str]
    """Of the tests, in their order."""
    first: list[str]
    """Tests to begin with: they have killed others of the same file."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant."""

    is_asked: bool
    """False: it changes something outside of functions, so that the tests have to begin anew for it."""
    lives: bool
    """All tests pass."""
    killer: str
    """The test that failed; empty: none did, or it did not end."""


class Jury:
    """The tests, and a copy of the code that they judge. A context: leaving it ends its process."""

    def __init__(self, tests: str, folder: Path) -> None:
        """`tests`: one of TESTS; `folder`: an empty one of its own. Raises FirmwareError: they fail without
        any change."""
        self._tests = tests
        self._folder = folder
        self._package, telling_package = folder / "plain" / CODE.name, folder / "telling" / CODE.name
        for copy in (self._package, telling_package):
            shutil.copytree(CODE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for path in [found for package in PACKAGES for found in (telling_package / package).glob("*.py")]:
            text = path.read_text(encoding="utf-8")
            path.write_text(telling(text, path.relative_to(telling_package)), encoding="utf-8")
        self._killers: dict[Path, list[str]] = {}
        """By the file of the mutants, the last one first."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._juror = subprocess.Popen(
                self._command(_in_order(tests, Path()), "-p", juror.__name__),
                cwd=ROOT,
                env=_environment(telling_package.parent) | {juror.SOCKET: str(theirs.fileno())},
                pass_fds=(theirs.fileno(),),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._line = ours
        self._wire = ours.makefile("rw")
        began = time.monotonic()
        try:
            line = self._wire.readline()
            failing = json.loads(line) if line else "their collection"
            if failing:
                raise FirmwareError("the tests fail without any change", failing, "mend that first")
        except BaseException:
            self.close()
            raise
        self._patience = juror.PATIENCE * (time.monotonic() - began)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends its process, which may be in the middle of something."""
        self._juror.send_signal(signal.SIGINT)
        self._wire.close()
        self._line.close()
        self._juror.wait()

    def lets_live(self, mutant: Mutant) -> bool:
        """Whether all tests pass."""
        verdict = self._ask(mutant)
        if not verdict.is_asked:
            return self._passes_anew(mutant)
        if verdict.killer:
            others = [name for name in self._killers.get(mutant.file, ()) if name != verdict.killer]
            self._killers[mutant.file] = [verdict.killer, *others][:KILLERS]
        return verdict.lives

    def _ask(self, mutant: Mutant) -> Verdict:
        question = Question(
            file=str(mutant.file),
            module=".".join((CODE.name, *mutant.file.with_suffix("").parts)).removesuffix(".__init__"),
            before=(self._package / mutant.file).read_text(encoding="utf-8"),
            after=mutant.source,
            files=[str(path) for path in _in_order(self._tests, mutant.file)],
            first=self._killers.get(mutant.file, []),
        )
        print(json.dumps(asdict(question)), file=self._wire, flush=True)
        return Verdict(**json.loads(self._wire.readline()))

    def _passes_anew(self, mutant: Mutant) -> bool:
        """All tests, by a process that has imported nothing yet."""
        place = self._package / mutant.file
        original = place.read_text(encoding="utf-8")
        place.write_text(mutant.source, encoding="utf-8")
        try:
            done = subprocess.run(
                self._command(_in_order(self._tests, mutant.file), "-x"),
                cwd=ROOT,
                env=_environment(self._package.parent),
                timeout=self._patience,
                capture_output=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        finally:
            place.write_text(original, encoding="utf-8")
        return done.returncode == 0

    def _command(self, files: list[Path], *options: str) -> list[str]:
        always = ("-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutants")
        pytest = (sys.executable, "-P", "-m", "pytest", *map(str, files))
        return [*pytest, *options, *always, f"--basetemp={self._folder / 'tmp'}"]


def _environment(code: Path) -> dict[str, str]:
    """The package hadaemon is found in the folder `code`."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THE_RUN}
    return environment | {"PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"}


def _in_order(tests: str, file: Path) -> list[Path]:
    """First the tests that name what is changed. Last those of the world, which take the longest: its rules,
    then its random histories."""
    found = [path for pattern in TESTS[tests] for path in sorted((ROOT / "tests").glob(pattern))]

    def place(path: Path) -> tuple[bool, bool, bool]:
        near = file.parent.name in path.parts or file.stem in path.read_text(encoding="utf-8")
        return path.name.startswith("test_world"), path.stem == "test_world", not near

    return sorted(found, key=place)
