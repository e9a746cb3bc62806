"""`mutants`: how many small faults in the election's code the tests do not notice.

A mutant is the code with one thing changed: a comparison, a number, a condition, a value. It is killed when a
test fails, and survives when all pass: then a test is missing, or the code does not matter. Nothing in the
checkout is touched: a copy of hadaemon is changed, and the tests of the checkout run against it.
"""

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.paths import ROOT

PACKAGES = ("cluster", "vrrp", "hotwire")
"""The pure decisions that a pair lives by."""
TESTS = {
    "all": ("tests/unit/hadaemon", "tests/unit/hotwire"),
    "world": ("tests/unit/hadaemon/test_world.py",),
}
"""Which tests are asked. `world`: the simulated world alone, which knows no sentence of the code."""
PATIENCE = 240.0
"""Seconds for the tests of one mutant: one that never ends is noticed."""

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_SUMS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_FACTOR = 2


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change."""

    file: Path
    """In the package hadaemon."""
    line: int
    change: str
    """In words: what became what."""
    source: str
    """The whole file, changed."""

    def __str__(self) -> str:
        return f"hadaemon/{self.file}:{self.line}: {self.change}"


def run_mutants(count: int, seed: int, tests: str) -> None:
    """Try so many mutants, chosen by the seed, and print those that survive and how many.

    Raises:
        FirmwareError: the tests fail without any change, or there is no such set of tests.
    """
    if tests not in TESTS:
        raise FirmwareError(f"there are no tests {tests!r}", "--tests", f"one of {', '.join(TESTS)}")
    seed = seed or random.SystemRandom().randrange(1, 10**6)
    everything = list(all_mutants())
    dice = random.Random(seed)  # noqa: S311 (the same seed must make the same choice)
    chosen = dice.sample(everything, min(count, len(everything)))
    packages = ", ".join(PACKAGES)
    print(f"{len(everything)} mutants of {packages}; {len(chosen)} of them, by seed {seed}", flush=True)
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="hotspare-mutants-") as folder:
        package = Path(folder) / "hadaemon"
        shutil.copytree(ROOT / "hadaemon", package, ignore=shutil.ignore_patterns("__pycache__"))
        if not _tests_pass(package, tests):
            raise FirmwareError("the tests fail without any change", "tests", "mend that first")
        for number, mutant in enumerate(chosen, start=1):
            began = time.monotonic()
            survives = _survives(mutant, package, tests)
            survivors += [mutant] if survives else []
            word = "SURVIVES" if survives else "killed"
            print(f"{number:4} {word:9} {time.monotonic() - began:5.0f} s  {mutant}", flush=True)
    print(f"{len(survivors)} of {len(chosen)} survive")
    for mutant in survivors:
        print(f"  {mutant}")


def all_mutants() -> Iterator[Mutant]:
    """Every one there is, in the order of files and lines."""
    for package in PACKAGES:
        for path in sorted((ROOT / "hadaemon" / package).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield from mutants_of(text, path.relative_to(ROOT / "hadaemon"))


def mutants_of(text: str, file: Path) -> Iterator[Mutant]:
    """Of one file."""
    count = sum(len(_changes(node)) for node in ast.walk(ast.parse(text)))
    for number in range(count):
        tree = ast.parse(text)
        places = [(node, change) for node in ast.walk(tree) for change in _changes(node)]
        node, change = places[number]
        before = ast.unparse(node)
        change()
        after = ast.unparse(node)
        if before != after:
            line = getattr(node, "lineno", 0)
            yield Mutant(file, line, f"{_short(before)} -> {_short(after)}", ast.unparse(tree))


def _changes(node: ast.AST) -> list[Callable[[], None]]:
    """What can be changed in place at one node of the tree."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            return [lambda: setattr(node, "ops", [_COMPARISONS[type(op)]()])]
        case ast.BoolOp(op=op):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            return [lambda: setattr(node, "op", other)]
        case ast.BinOp(op=op) if type(op) in _SUMS:
            return [lambda: setattr(node, "op", _SUMS[type(op)]())]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [lambda: setattr(node, "operand", ast.UnaryOp(ast.Not(), operand))]
        case ast.Constant(value=bool() as value):
            return [lambda: setattr(node, "value", not value)]
        case ast.Constant(value=int() | float() as number):
            return [lambda: setattr(node, "value", number * _FACTOR if number else 1)]
        case ast.Expr(value=ast.Call()):
            return [lambda: setattr(node, "value", ast.Constant(None))]
        case ast.If(test=test) | ast.IfExp(test=test):
            return [lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))]
        case _:
            return []


def _short(text: str) -> str:
    """Its first line, as far as one wants to read it."""
    line = text.splitlines()[0]
    return line if len(line) <= 70 else f"{line[:67]}..."


def _survives(mutant: Mutant, package: Path, tests: str) -> bool:
    place = package / mutant.file
    original = place.read_text(encoding="utf-8")
    place.write_text(mutant.source, encoding="utf-8")
    try:
        return _tests_pass(package, tests)
    finally:
        place.write_text(original, encoding="utf-8")


def _tests_pass(package: Path, tests: str) -> bool:
    """Against the package in that folder."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-m", "pytest", *TESTS[tests], "-q", "-x", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, timeout=PATIENCE, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
