"""Asks the tests about a mutant. Nothing in the checkout is touched: a copy of hadaemon is changed, and the
tests of the checkout run against it.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.mutants.mutant import CODE, Mutant
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
PATIENCE = 3
"""Times that the tests take of the code as it is: a mutant that makes them never end is noticed."""
_OF_THE_RUN = ("HOTSPARE_SEED", "HOTSPARE_SHARD")
"""What a run of all tests says to each: these are always the same tests, and all of them."""


class Jury:
    """The tests, and a copy of the code that they judge."""

    def __init__(self, tests: str, folder: Path) -> None:
        """`tests`: one of TESTS. Raises FirmwareError: they fail without any change."""
        self._tests = tests
        self._package = folder / CODE.name
        shutil.copytree(CODE, self._package, ignore=shutil.ignore_patterns("__pycache__"))
        began = time.monotonic()
        if not self._pass(_in_order(tests, Path()), None):
            raise FirmwareError("the tests fail without any change", "tests", "mend that first")
        self._patience = PATIENCE * (time.monotonic() - began)

    def lets_live(self, mutant: Mutant) -> bool:
        """Whether all tests pass."""
        place = self._package / mutant.file
        original = place.read_text(encoding="utf-8")
        place.write_text(mutant.source, encoding="utf-8")
        try:
            return self._pass(_in_order(self._tests, mutant.file), self._patience)
        finally:
            place.write_text(original, encoding="utf-8")

    def _pass(self, files: list[Path], patience: float | None) -> bool:
        """`patience`: seconds until they count as failed."""
        environment = {name: value for name, value in os.environ.items() if name not in _OF_THE_RUN}
        environment |= {"PYTHONPATH": str(self._package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        options = ("-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=mutants")
        command = [sys.executable, "-P", "-m", "pytest", *map(str, files), *options]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, timeout=patience, capture_output=True, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def _in_order(tests: str, file: Path) -> list[Path]:
    """First the tests that name what is changed. Last those of the world, which take the longest: its rules,
    then its random histories."""
    found = [path for pattern in TESTS[tests] for path in sorted((ROOT / "tests").glob(pattern))]

    def place(path: Path) -> tuple[bool, bool, bool]:
        near = file.parent.name in path.parts or file.stem in path.read_text(encoding="utf-8")
        return path.name.startswith("test_world"), path.stem == "test_world", not near

    return sorted(found, key=place)
