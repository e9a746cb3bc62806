"""Mutants: each is the code with one thing changed, and no other."""

import ast
from pathlib import Path

import pytest

from firmware.mutants import PACKAGES, made_mutants, mutants_of
from firmware.paths import ROOT

CODE = '''
def due(now, deadline, tries):
    """Text stays."""
    if now >= deadline and not tries:
        forget(deadline)
        return now + 2
    return True
'''


def changes() -> dict[str, str]:
    return {mutant.change: mutant.source for mutant in mutants_of(CODE, Path("cluster/x.py"))}


def test_every_kind_of_change_is_made_once():
    told = set(changes())
    assert "now >= deadline -> now > deadline" in told
    assert "now >= deadline and (not tries) -> now >= deadline or not tries" in told
    assert "not tries -> not not tries" in told
    assert "now + 2 -> now - 2" in told
    assert "2 -> 4" in told
    assert "True -> False" in told
    assert "forget(deadline) -> None" in told
    assert any(change.startswith("if now >= deadline and (not tries): -> if not") for change in told)


def test_what_kind_of_class_it_is_decides_nothing():
    code = "@dataclass(frozen=True)\nclass Limit:\n    seconds: int = 3\n"
    assert [mutant.change for mutant in mutants_of(code, Path("cluster/x.py"))] == ["3 -> 6"]


def test_only_one_thing_differs_and_the_code_is_still_code():
    original = ast.unparse(ast.parse(CODE)).splitlines()
    for change, source in changes().items():
        ast.parse(source)
        lines = source.splitlines()
        assert len(lines) == len(original)
        assert sum(old != new for old, new in zip(original, lines, strict=True)) == 1, change


@pytest.mark.parametrize("package", PACKAGES)
def test_there_are_some_in_each_package(package: str):
    file = max((ROOT / "hadaemon" / package).glob("*.py"), key=lambda path: path.stat().st_size)
    assert next(mutants_of(file.read_text(), file))


def test_what_was_made_by_hand_still_fits_the_code():
    made = list(made_mutants())
    assert len({mutant.change for mutant in made}) == len(made) >= 50
    for mutant in made:
        ast.parse(mutant.source)
        assert mutant.file.parts[0] in PACKAGES
