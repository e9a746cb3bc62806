"""`python3 invoke.py check`, typed."""

import json
import os
from pathlib import Path

import pytest

from firmware.check import _PAGE
from tests.unit.firmware.test_options import ROOT, launch
from tests.unit.operations.test_check_folder import ALPHA, BETA, GOOD, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "site", GOOD)
    return tmp_path / "site"


def test_good_files(folder: Path) -> None:
    done = launch("check", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "good: alpha and beta"


@pytest.mark.parametrize("words", [("--json",), ("--json", "--folder")])
def test_as_json(words: tuple[str, ...], folder: Path) -> None:
    done = launch("check", *words, str(folder))
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["schema"], told["good"], told["nodes"]) == (1, True, ["alpha", "beta"])
    assert told["problems"] == []


def test_what_is_wrong_is_told_with_its_place_and_ends_with_1(folder: Path) -> None:
    (folder / "beta/node.toml").write_text(BETA.replace("12.143", "12.999"))
    (folder / "cluster.toml").write_text("name = office\n")
    for words in ((), ("--json",)):
        done = launch("check", str(folder), *words)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert f"! {folder}/beta/node.toml: ports.lan.addresses[0]: " in done.stderr
        assert f"! {folder}/cluster.toml: line 1, column 8: is not TOML" in done.stderr
    assert len(json.loads(done.stdout)["problems"]) == 2


def test_where_no_cluster_is(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "node.toml").write_text(ALPHA)
    for place, problem in (
        ("none", "there is no such folder"),
        ("empty", "there is nothing to check in it"),
        ("node.toml", "is no folder"),
    ):
        done = launch("check", str(tmp_path / place))
        assert done.returncode == 1
        assert f"{tmp_path / place}: {problem}" in done.stderr
        assert "what to do: " in done.stderr
        assert "Traceback" not in done.stderr


def test_a_folder_that_nobody_may_read_is_no_traceback(folder: Path) -> None:
    (folder / "alpha/node.toml").unlink()
    os.mkfifo(folder / "alpha/node.toml")
    done = launch("check", str(folder))
    assert done.returncode == 1
    assert f"{folder}/alpha/node.toml: is not a file" in done.stderr


def test_without_a_folder_it_says_what_to_do() -> None:
    done = launch("check")
    assert done.returncode == 1
    assert "FOLDER is missing" in done.stderr
    assert "python3 invoke.py --help check" in done.stderr


def test_the_page_that_it_names_is_there() -> None:
    file, _, anchor = _PAGE.partition("#")
    assert f"\n## {anchor.replace('-', ' ').capitalize()}\n" in (ROOT / file).read_text(encoding="utf-8")
