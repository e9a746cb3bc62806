"""Each ready configuration has a file of claims, and each claim is a sentence."""

import ast
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.check import as_a_node_would
from firmware.lab.setups import SETUPS, setup_names
from firmware.paths import ROOT
from tests.setups.test_external_router import WEB_FILES, with_application, with_own_address
from tests.setups.test_test_case import without_tracking

FOLDER = ROOT / "tests/setups"
COMMON = "test_each.py"


def test_each_setup_has_its_file():
    wanted = {f"test_{name.replace('-', '_')}.py": name for name in setup_names()}
    files = {path.name for path in FOLDER.glob("test_*.py")}
    assert files == {*wanted, COMMON}
    for file, name in wanted.items():
        assert f'\nSETUP = "{name}"\n' in (FOLDER / file).read_text()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("test_*.py")), ids=lambda path: path.stem)
def test_each_claim_is_a_sentence_of_its_own(path: Path):
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


@pytest.mark.parametrize(
    "name,changed,files",
    [
        ("test-case", without_tracking, {}),
        ("external-router", with_own_address, {}),
        ("external-router", with_application, WEB_FILES),
    ],
)
def test_the_nodes_would_take_what_claims_change(
    name: str, changed: Callable[[str], str], files: dict[str, str], tmp_path: Path
):
    folder = tmp_path / name
    shutil.copytree(SETUPS / name, folder, ignore=shutil.ignore_patterns("lab.toml", "README.md"))
    text = (folder / "cluster.toml").read_text()
    assert changed(text) != text
    for file, content in {"cluster.toml": changed(text), **files}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(content)
    assert as_a_node_would("hadaemon.cli.folder", str(folder))["problems"] == []
