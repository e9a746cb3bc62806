"""`hactl config example`: the ready configurations that come with the firmware."""

import json

import pytest

from firmware.paths import ROOT
from hadaemon.cli.main import main

FOLDER = str(ROOT / "docs/setups")


def test_which_there_are_and_one_of_them(capsys: pytest.CaptureFixture[str]):
    assert main(["config", "example", "--folder", FOLDER]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "dsl-modem        Two firewalls at one DSL modem: the active one alone dials."
    assert lines[-1] == "`hactl config example NAME` shows one"
    assert main(["config", "example", "test-case", "--folder", FOLDER]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith((ROOT / "docs/setups/test-case/cluster.toml").read_text())
    assert f"# beside it: {FOLDER}/test-case/fw1/node.toml\n" in shown
    assert main(["config", "example", "--json", "--folder", FOLDER]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["examples"][1]["name"] == "dsl-modem"


def test_one_that_there_is_not(capsys: pytest.CaptureFixture[str], tmp_path):
    assert main(["config", "example", "dsl", "--folder", FOLDER]) == 1
    assert 'there is no example "dsl": did you mean dsl-modem?' in capsys.readouterr().err
    assert main(["config", "example", "--folder", str(tmp_path)]) == 1
    assert "there are no examples" in capsys.readouterr().err
