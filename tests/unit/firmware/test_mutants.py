"""Mutants: each is the code with one thing changed, and no other."""

import ast
from pathlib import Path

import pytest

from firmware.errors import FirmwareError
from firmware.mutants import known
from firmware.mutants.generated import mutants_in, mutants_of
from firmware.mutants.known import check_survivors
from firmware.mutants.made import made_mutants
from firmware.mutants.mutant import CODE, PACKAGES, Mutant
from firmware.mutants.options import MutantOptions
from firmware.mutants.run import report, run_mutants

TEXT = '''
class Patience:
    def due(self, now, deadline, tries):
        """Text stays."""
        if now >= deadline and not tries:
            forget(deadline)
            return now + 2
        return True
'''


def changes(text: str = TEXT) -> dict[str, Mutant]:
    return {mutant.change: mutant for mutant in mutants_of(text, Path("cluster/x.py"))}


def test_every_kind_of_change_is_made_once():
    told = set(changes())
    assert "now >= deadline -> now > deadline" in told
    assert "now >= deadline and (not tries) -> now >= deadline or not tries" in told
    assert "not tries -> not not tries" in told
    assert "now + 2 -> now - 2" in told
    assert "now + 2 -> now + 4" in told
    assert "return True -> return False" in told
    assert "forget(deadline) -> None" in told
    assert any(change.startswith("if now >= deadline and (not tries): -> if not") for change in told)


def test_a_condition_with_not_is_turned_over_once():
    assert list(changes("if not late:\n    wait()\n")) == ["not late -> not not late", "wait() -> None"]


def test_a_change_says_where_it_is_and_is_told_from_the_like():
    mutants = list(mutants_of(TEXT + "        return True\n", Path("cluster/x.py")))
    first, second = (mutant for mutant in mutants if "return True" in mutant.change)
    assert str(first) == "hadaemon/cluster/x.py:8 in Patience.due: return True -> return False"
    assert str(second) == "hadaemon/cluster/x.py:9 in Patience.due: return True -> return False (number 2)"


def test_what_kind_of_class_it_is_decides_nothing():
    code = "@dataclass(frozen=True)\nclass Limit:\n    seconds: int = 3\n"
    assert list(changes(code)) == ["seconds: int = 3 -> seconds: int = 6"]


def test_which_side_an_instant_belongs_to_is_moot():
    moot = {change for change, mutant in changes().items() if mutant.moot}
    assert moot == {"now >= deadline -> now > deadline"}


def test_only_one_thing_differs_and_the_code_is_still_code():
    original = ast.unparse(ast.parse(TEXT)).splitlines()
    for change, mutant in changes().items():
        ast.parse(mutant.source)
        lines = mutant.source.splitlines()
        assert len(lines) == len(original)
        assert sum(old != new for old, new in zip(original, lines, strict=True)) == 1, change


@pytest.mark.parametrize("package", PACKAGES)
def test_there_are_some_in_each_package(package: str):
    file = max((CODE / package).glob("*.py"), key=lambda path: path.stat().st_size)
    assert next(mutants_in(file.relative_to(CODE)))


def test_what_was_made_by_hand_still_fits_the_code():
    made = list(made_mutants())
    assert len({mutant.change for mutant in made}) == len(made) >= 50
    for mutant in made:
        ast.parse(mutant.source)
        assert mutant.file.parts[0] in PACKAGES


def test_the_known_survivors_still_fit_the_code():
    check_survivors()


@pytest.fixture
def survivors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of survivors with one in it."""
    mutant = next(mutants_in(Path("cluster/damping.py")))
    path = tmp_path / "survivors.toml"
    path.write_text(
        f'[[survivor]]\nfile = "{mutant.file}"\nscope = "{mutant.scope}"\n'
        f'change = "{mutant.change}"\nreason = "nobody asks"\n'
    )
    monkeypatch.setattr(known, "SURVIVORS", path)
    return path


def test_a_survivor_that_the_code_no_longer_has_is_an_error(survivors: Path):
    check_survivors()
    survivors.write_text(survivors.read_text().replace(" -> ", " => "))
    with pytest.raises(FirmwareError, match="no such mutant any more"):
        check_survivors()


@pytest.mark.usefixtures("survivors")
def test_known_survivors_are_counted_apart_and_others_are_an_error(capsys: pytest.CaptureFixture[str]):
    first, second, *_ = mutants_in(Path("cluster/damping.py"))
    assert report([first], 48) == "1 of 48 survive; 1 of them are known"
    assert "known: nobody asks" in capsys.readouterr().out
    with pytest.raises(FirmwareError, match="2 of 48 survive; 1 of them are known") as error:
        report([first, second], 48)
    assert str(second) in str(error.value)
    assert str(first) not in str(error.value)


def test_a_file_that_is_none_is_said_before_any_test_runs():
    with pytest.raises(FirmwareError, match="no file has that in its name") as error:
        run_mutants(MutantOptions(only=("cluster/node", "cluster/nodes")))
    assert "--only cluster/nodes" in str(error.value)
