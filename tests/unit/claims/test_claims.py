"""Each ready configuration has a file of claims, and each claim is a sentence."""

import ast

import pytest

from firmware.lab.setups import setup_names
from firmware.paths import ROOT

FOLDER = ROOT / "tests/setups"
COMMON = "test_each.py"


def test_each_setup_has_its_file():
    wanted = {f"test_{name.replace('-', '_')}.py": name for name in setup_names()}
    files = {path.name for path in FOLDER.glob("test_*.py")}
    assert files == {*wanted, COMMON}
    for file, name in wanted.items():
        assert f'\nSETUP = "{name}"\n' in (FOLDER / file).read_text()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("test_*.py")), ids=lambda path: path.stem)
def test_each_claim_is_a_sentence_of_its_own(path):
    tests = [
        each
        for each in ast.parse(path.read_text()).body
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
    ]
    sentences = [str(ast.get_docstring(each)).partition("\n\n")[0] for each in tests]
    assert len(set(sentences)) == len(tests) > 0
    for sentence in sentences:
        assert not sentence[0].islower() or sentence.startswith("utm1 ")
        assert sentence.endswith(".")
