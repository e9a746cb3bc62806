"""`mutants`: how many small faults in the election's code the tests do not notice.

A mutant is the code with one thing changed: a comparison, a number, a condition, a value. Or, made by hand,
with one rule of the election broken. It is killed when a test fails, and survives when all pass: then a test
is missing, or the code does not matter. Nothing in the checkout is touched: a copy of hadaemon is changed,
and the tests of the checkout run against it.
"""

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.paths import ROOT

PACKAGES = ("cluster", "vrrp", "hotwire")
"""The pure decisions that a pair lives by."""
MADE = ROOT / "tests" / "unit" / "hadaemon" / "mutants.toml"
"""Those that were made by hand."""
TESTS = {
    "all": ("unit/hadaemon/test_*.py", "unit/hotwire/test_*.py"),
    "world": ("unit/hadaemon/test_world*.py",),
}
"""Which tests are asked. `world`: the simulated world alone, which knows no sentence of the code."""
PATIENCE = 6
"""Times that the tests take of the code as it is: a mutant that makes them never end is noticed."""

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
    """In words: what became what, or which rule is broken."""
    source: str
    """The whole file, changed."""
    unseen: str = ""
    """Why the simulated world alone cannot see it; empty: it can."""

    def __str__(self) -> str:
        return f"hadaemon/{self.file}:{self.line}: {self.change}"


def run_mutants(count: int, seed: int, tests: str, made: bool = False) -> None:
    """Try so many mutants, chosen by the seed, and print those that survive and how many.

    `made`: those that were made by hand instead, all that the tests can see.

    Raises:
        FirmwareError: the tests fail without any change, or there is no such set of tests.
    """
    if tests not in TESTS:
        raise FirmwareError(f"there are no tests {tests!r}", "--tests", f"one of {', '.join(TESTS)}")
    chosen = _made(tests) if made else _sample(count, seed or random.SystemRandom().randrange(1, 10**6))
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory(prefix="hotspare-mutants-") as folder:
        package = Path(folder) / "hadaemon"
        shutil.copytree(ROOT / "hadaemon", package, ignore=shutil.ignore_patterns("__pycache__"))
        began = time.monotonic()
        if not _tests_pass(package, _in_order(tests, Path()), None):
            raise FirmwareError("the tests fail without any change", "tests", "mend that first")
        patience = PATIENCE * (time.monotonic() - began)
        for number, mutant in enumerate(chosen, start=1):
            began = time.monotonic()
            survives = _survives(mutant, package, tests, patience)
            survivors += [mutant] if survives else []
            word = "SURVIVES" if survives else "killed"
            print(f"{number:4} {word:9} {time.monotonic() - began:5.0f} s  {mutant}", flush=True)
    print(f"{len(survivors)} of {len(chosen)} survive")
    for mutant in survivors:
        print(f"  {mutant}")


def _sample(count: int, seed: int) -> list[Mutant]:
    everything = list(all_mutants())
    dice = random.Random(seed)  # noqa: S311 (the same seed must make the same choice)
    chosen = dice.sample(everything, min(count, len(everything)))
    packages = ", ".join(PACKAGES)
    print(f"{len(everything)} mutants of {packages}; {len(chosen)} of them, by seed {seed}", flush=True)
    return chosen


def _made(tests: str) -> list[Mutant]:
    everything = list(made_mutants())
    chosen = [mutant for mutant in everything if tests != "world" or not mutant.unseen]
    print(f"{len(everything)} mutants made by hand; {len(chosen)} of them can be seen", flush=True)
    return chosen


def made_mutants() -> Iterator[Mutant]:
    """As they are written in MADE.

    Raises:
        FirmwareError: what one of them changes does not occur just once in its file.
    """
    for made in tomllib.loads(MADE.read_text(encoding="utf-8"))["mutant"]:
        file = Path(made["file"])
        text = (ROOT / "hadaemon" / file).read_text(encoding="utf-8")
        if text.count(made["before"]) != 1:
            where = f"{MADE.name}: {made['rule']}"
            raise FirmwareError(f"`before` does not occur just once in {file}", where, "write it anew")
        line = text[: text.index(made["before"])].count("\n") + 1
        source = text.replace(made["before"], made["after"])
        yield Mutant(file, line, made["rule"], source, made.get("unseen", ""))


def all_mutants() -> Iterator[Mutant]:
    """Every one there is, in the order of files and lines."""
    for package in PACKAGES:
        for path in sorted((ROOT / "hadaemon" / package).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield from mutants_of(text, path.relative_to(ROOT / "hadaemon"))


def mutants_of(text: str, file: Path) -> Iterator[Mutant]:
    """Of one file."""
    count = sum(len(_changes(node)) for node in _deciding(ast.parse(text)))
    for number in range(count):
        tree = ast.parse(text)
        places = [(node, change) for node in _deciding(tree) for change in _changes(node)]
        node, change = places[number]
        before = ast.unparse(node)
        change()
        after = ast.unparse(node)
        if before != after:
            line = getattr(node, "lineno", 0)
            yield Mutant(file, line, f"{_short(before)} -> {_short(after)}", ast.unparse(tree))


def _deciding(tree: ast.AST) -> Iterator[ast.AST]:
    """All but the decorators of classes: whether a data class is frozen or has slots decides nothing."""
    waiting = deque([tree])
    while waiting:
        node = waiting.popleft()
        yield node
        for name, value in ast.iter_fields(node):
            if not (isinstance(node, ast.ClassDef) and name == "decorator_list"):
                children = value if isinstance(value, list) else [value]
                waiting += [child for child in children if isinstance(child, ast.AST)]


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


def _survives(mutant: Mutant, package: Path, tests: str, patience: float) -> bool:
    place = package / mutant.file
    original = place.read_text(encoding="utf-8")
    place.write_text(mutant.source, encoding="utf-8")
    try:
        return _tests_pass(package, _in_order(tests, mutant.file), patience)
    finally:
        place.write_text(original, encoding="utf-8")


def _in_order(tests: str, file: Path) -> list[Path]:
    """First the tests that name what is changed. Last those of the world, which take the longest: its rules,
    then its random histories."""
    found = [path for pattern in TESTS[tests] for path in sorted((ROOT / "tests").glob(pattern))]

    def place(path: Path) -> tuple[bool, bool, bool]:
        near = file.parent.name in path.parts or file.stem in path.read_text(encoding="utf-8")
        return path.name.startswith("test_world"), path.stem == "test_world", not near

    return sorted(found, key=place)


def _tests_pass(package: Path, files: list[Path], patience: float | None) -> bool:
    """Against the package in that folder; `patience`: seconds until they count as failed."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ("-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=mutants")
    command = [sys.executable, "-P", "-m", "pytest", *map(str, files), *options]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, timeout=patience, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
