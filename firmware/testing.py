"""The test command: which suites there are, how each is started, and the one table at the end."""

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree

from firmware import host
from firmware.errors import FirmwareError
from firmware.interruption import run_to_its_end
from firmware.lab.deadline import MULTIPLIER_VARIABLE
from firmware.options import Check, Options, option
from firmware.pace import measured_multiplier
from firmware.paths import ARTIFACTS, ROOT


class Suite(StrEnum):
    """The suites in the order in which they run: what fails fastest comes first. The build tests come last:
    they start with the layers that the image of the other tests has left in the cache.
    """

    LINT = "lint"
    UNIT = "unit"
    NETNS = "netns"
    CONTAINER = "container"
    QEMU = "qemu"
    SETUPS = "setups"
    BUILD = "build"


NEEDS: dict[Suite, tuple[str, ...]] = {
    Suite.UNIT: ("unit", "disks"),
    Suite.NETNS: ("netns",),
    Suite.CONTAINER: ("image", "container"),
    Suite.QEMU: ("image", "pair", "hosts", "flash", "disks"),
    Suite.SETUPS: ("image", "pair", "hosts", "mail", "tunnel"),
    Suite.BUILD: ("image", "flash"),
}


_PROCESSORS = os.cpu_count() or 1
PROCESSES = {Suite.UNIT: _PROCESSORS + 1, Suite.NETNS: _PROCESSORS + 2, Suite.QEMU: 2, Suite.BUILD: 2}
"""How many tests run at once: more than there are processors, because some wait, and in namespaces most; a
build uses one of them most of the time, and so does a pair of which one node starts. The tests of the other
suites have the machine alone: what those of the setups measure is not to be another pair's work.
"""
LONG = frozenset({Suite.SETUPS})
"""They run with the long tests only, unless they are named; then all of their tests do."""
DISTRIBUTION = {Suite.BUILD: "loadfile"}
"""How they are spread if not one by one: builds of one file share a cache."""


def _is_shard(text: str) -> bool:
    return not text or re.fullmatch(r"[1-9]\d*/[1-9]\d*", text) is not None


@dataclass(frozen=True, slots=True)
class Selection(Options):
    """What the test command was asked for. `shard` is "k/n" or empty; `seed` 0 is another one each time."""

    lint: bool = option("only formatting, linting and type checks", False)
    unit: bool = option("only the unit tests", False)
    netns: bool = option("only the network-namespace tests", False)
    container: bool = option("only the tests in containers of the image", False)
    build: bool = option("only the tests that build images", False)
    qemu: bool = option("only the tests that boot images in QEMU", False)
    setups: bool = option("only the claims of docs/setups, each tried on a booted pair, with a report", False)
    nightly: bool = option("the long tests too", False)
    shard: str = option(
        "run one part of the tests, e.g. 2/4 is the second of four",
        "",
        Check(_is_shard, "{!r} is no shard", "write it like 2/4"),
    )
    seed: int = option("seed of the randomized tests (default: another one each time; it is printed)", 0)
    allow_skip: bool = option("a missing capability is a skip that is counted, not a failure", False)
    only: str = option("pytest's -k: run the tests whose names match", "")

    @property
    def suites(self) -> tuple[Suite, ...]:
        """Those that were named, or all of them; the long ones only at night."""
        named = tuple(suite for suite in Suite if getattr(self, suite))
        return named or tuple(suite for suite in Suite if self.nightly or suite not in LONG)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the closing table; `seconds` is wall time."""

    suite: Suite
    passed: int
    failed: int
    skipped: int
    seconds: float


def run_tests(options: Selection) -> None:
    """Run the chosen suites and print the table. Raises FirmwareError when anything failed."""
    for suite in options.suites:
        host.ensure(*NEEDS.get(suite, ()))
    ARTIFACTS.mkdir(exist_ok=True)
    outcomes = [_timed(suite, options) for suite in options.suites]
    _print_table(outcomes)
    failed = [outcome.suite for outcome in outcomes if outcome.failed]
    if failed:
        raise FirmwareError(
            f"failed: {', '.join(failed)}",
            where="the output above; logs, journals and captures are in " + ARTIFACTS.name,
            todo="run one suite with `test --" + failed[0] + "`, one test with `--only NAME`",
        )


def _timed(suite: Suite, options: Selection) -> Outcome:
    print(f"\n== {suite} ==", flush=True)
    start = time.monotonic()
    run: Callable[[Suite, Selection], tuple[int, int, int]] = _lint if suite is Suite.LINT else _pytest
    passed, failed, skipped = run(suite, options)
    return Outcome(suite, passed, failed, skipped, time.monotonic() - start)


def _lint(_suite: Suite, _options: Selection) -> tuple[int, int, int]:
    # mypy runs outside the checkout's root, where `invoke` would be invoke.py and not the library.
    checks = (
        (ROOT, ["ruff", "format", "--check", "."]),
        (ROOT, ["ruff", "check", "."]),
        (ARTIFACTS, ["mypy", "--config-file", str(ROOT / "pyproject.toml")]),
    )
    codes = [
        subprocess.run([sys.executable, "-P", "-m", *check], cwd=where, check=False).returncode
        for where, check in checks
    ]
    failed = sum(1 for code in codes if code)
    return len(codes) - failed, failed, 0


def _pytest(suite: Suite, options: Selection) -> tuple[int, int, int]:
    report = ARTIFACTS / f"{suite}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "pytest", f"tests/{suite}", "-q", "--durations=5"]
    command += [f"--junit-xml={report}", *(["-m", ""] if options.nightly or suite in LONG else [])]
    if suite in PROCESSES:
        command += ["-n", str(PROCESSES[suite]), "--dist", DISTRIBUTION.get(suite, "worksteal")]
    if options.only:
        command += ["-k", options.only]
    code = run_to_its_end(command, environment=suite_environment(options))
    passed, failed, skipped = _counts(report) if report.exists() else (0, 0, 0)
    nothing_matched = code == 5 and bool(options.only or options.shard)
    if code and not failed and not nothing_matched:
        failed = 1  # pytest itself could not run: that is no success
    return passed, failed, skipped


def suite_environment(options: Selection) -> dict[str, str]:
    """What the tests are told, printed as the head of their run."""
    seed = options.seed or secrets.randbelow(10**6) + 1
    named = os.environ.get(MULTIPLIER_VARIABLE)
    multiplier = named or f"{measured_multiplier():g}"
    how = f"as {MULTIPLIER_VARIABLE} says" if named else "measured: how slow this machine is now"
    shard = f", shard {options.shard}" if options.shard else ""
    print(f"seed {seed}{shard}, deadlines x {multiplier} ({how})", flush=True)
    return {
        **os.environ,
        MULTIPLIER_VARIABLE: multiplier,
        "HOTSPARE_SEED": str(seed),
        "HOTSPARE_SHARD": options.shard or "1/1",
        "HOTSPARE_ALLOW_SKIP": "1" if options.allow_skip else "",
    }


def _counts(report: os.PathLike[str]) -> tuple[int, int, int]:
    # The report is our own pytest's; nothing foreign is parsed here.
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314
    assert suite is not None, "pytest writes one testsuite element"
    tests, failures, errors, skipped = (
        int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
    )
    return tests - failures - errors - skipped, failures + errors, skipped


def _print_table(outcomes: list[Outcome]) -> None:
    print(f"\n{'suite':10}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for row in outcomes:
        print(f"{row.suite:10}{row.passed:8}{row.failed:8}{row.skipped:9}{row.seconds:9.1f}")
    total = [sum(getattr(row, name) for row in outcomes) for name in ("passed", "failed", "skipped")]
    if total[2]:
        print(f"{total[2]} skipped: each is a gap in what was tested")
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
