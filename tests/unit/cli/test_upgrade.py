"""`hactl firmware` as an administrator sees it."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hadaemon.cli import firmware as cli
from hadaemon.cli.failure import CommandFailed
from hadaemon.cli.main import main
from hadaemon.cli.upgrade import follow
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.control.status import StatusAnswer
from hadaemon.io.store.plan_file import PlanFile
from hadaemon.operations.asking import understood_status
from hadaemon.state import release
from hadaemon.state.places import own_folder
from hadaemon.status.parts import UpgradeStatus
from hadaemon.upgrade.plan import Plan, Verdict
from hadaemon.upgrade.rolling import NodeView, UpgradeStep
from tests.lab.fake_rauc import PROGRAM
from tests.unit.cli.answers import alone, shown
from tests.unit.upgrade.node import FirmwareNode, make_bundle


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FirmwareNode:
    """Its RAUC is a program, its slot is on a command line, its version in a file."""
    made = FirmwareNode(tmp_path)
    program = tmp_path / "rauc"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P {PROGRAM} {tmp_path} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "cmdline").write_text("quiet rauc.slot=A\n")
    (tmp_path / "os-release").write_text("IMAGE_VERSION=1.0\n")
    monkeypatch.setattr(release, "KERNEL_COMMAND_LINE", tmp_path / "cmdline")
    monkeypatch.setattr(release, "OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr("hadaemon.io.programs.services.failed_units", tuple)
    return made


def hactl(node: FirmwareNode, *arguments: str) -> int:
    places = ("--state", node.places.state, "--run", node.places.run, "--bundles", node.places.bundles)
    given = [
        "--socket",
        node.folder / "none",
        "firmware",
        *arguments,
        *places,
        "--rauc",
        node.folder / "rauc",
    ]
    return main([str(each) for each in given])


def test_an_update_from_install_to_being_called_off(
    node: FirmwareNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert hactl(node, "status") == 0
    assert capsys.readouterr().out.splitlines() == [
        "slot A: 1.0: running",
        "slot B: as it was flashed: good",
        "the bundle of 1.0 is not on this node: `hactl firmware keep FILE`",
    ]
    assert hactl(node, "install", str(make_bundle(tmp_path / "new.raucb"))) == 0
    said = capsys.readouterr()
    assert said.out.startswith("firmware 2.0 is in slot B, and verified\n")
    assert said.err.split() == ["copying", "installing", "verifying"], "no terminal: a line each"
    assert hactl(node, "status") == 0
    assert "slot B: 2.0: on trial at the next restart" in capsys.readouterr().out
    assert hactl(node, "rollback") == 0
    assert "the next restart takes 1.0" in capsys.readouterr().out


def test_status_for_programs(node: FirmwareNode, capsys: pytest.CaptureFixture[str]):
    assert hactl(node, "status", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["next"], found["trial"]) == (1, "A", "none")
    assert [slot["running"] for slot in found["slots"]] == [True, False]


def test_a_refusal_is_one_line_and_exit_code_1(
    node: FirmwareNode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert hactl(node, "install", str(make_bundle(tmp_path / "old.raucb", version="0.9"))) == 1
    said = capsys.readouterr().err
    assert said.startswith("hactl: ")
    assert said.count("\n") == 1
    assert "give --allow-downgrade if that is wanted" in said


def test_the_bar_moves_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar = cli.ProgressBar()
    for percent in (0, 50, 50, 100):
        bar.show("copying", percent)
    bar.close()
    shown = capsys.readouterr().err.split("\r")
    assert shown[-1] == f"copying    [{'#' * 40}] 100 %\n"
    assert len(shown) == 4, "nothing is drawn twice"


def test_status_tells_a_trial_and_whether_both_nodes_run_the_same():
    answer = alone()
    answer["firmware"] = {
        "version": "2.0",
        "slot": "B",
        "failing": {},
        "on_trial": True,
        "pair": {"state": "pending", "reason": "this node runs 2.0, the other one 1.0"},
    }
    text = shown(answer)
    assert "  firmware 2.0, slot B, ON TRIAL\n" in text
    assert "firmware: pending: this node runs 2.0, the other one 1.0" in text


# the upgrade of the pair

PLAN = Plan(3, "beta", "alpha", "1.0", "2.0")
UPGRADE = UpgradeStatus(
    PLAN,
    UpgradeStep.INSTALL,
    "2.0 into the other slot",
    "verifying",
    NodeView("beta", "1.0", healthy=True, active=True),
)


def test_an_upgrade_that_is_under_way_is_told():
    assert list(upgrade_lines(UPGRADE)) == [
        "upgrade 3 from 1.0 to 2.0: UNDER WAY: beta first, then alpha; preemption is frozen",
        "  here: install: 2.0 into the other slot (verifying)",
        "  other node: runs 1.0, well, active",
    ]
    assert list(upgrade_lines(replace(UPGRADE, peer=None)))[-1] == "  other node: not heard"
    plan = replace(PLAN, closed=True, verdict=Verdict.ABORTED, reason="beta: it is sick")
    assert list(upgrade_lines(replace(UPGRADE, plan=plan))) == [
        "upgrade 3 from 1.0 to 2.0: aborted: beta: it is sick"
    ]
    assert list(upgrade_lines(None)) == []


def test_the_command_follows_until_the_end_or_a_restart(
    node: FirmwareNode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    over = replace(PLAN, closed=True, verdict=Verdict.COMMITTED, reason="both nodes run 2.0")
    answers = [UPGRADE, UPGRADE, replace(UPGRADE, plan=over)]

    def ask(_: Path) -> StatusAnswer:
        answer = understood_status(alone())
        return replace(answer, node=replace(answer.node, upgrade=answers.pop(0)))

    monkeypatch.setattr("hadaemon.cli.upgrade.ask_status", ask)
    follow(node.folder, lambda _: None)
    said = capsys.readouterr().out
    assert said.count("UNDER WAY") == 1, "what was shown is not shown again"
    assert said.endswith("committed: both nodes run 2.0\n")
    answers = [replace(UPGRADE, plan=replace(over, verdict=Verdict.ABORTED, reason="beta is sick"))]
    with pytest.raises(CommandFailed, match=r"both nodes are on 1\.0: beta is sick"):
        follow(node.folder, lambda _: None)


def test_a_restart_ends_the_command_not_the_upgrade(node: FirmwareNode, capsys: pytest.CaptureFixture[str]):
    follow(node.folder / "no-daemon", lambda _: None)
    assert "this node restarts" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments,code,message",
    [
        (("upgrade", "--call-off"), 3, "the daemon does not answer"),
        (("upgrade", "some.raucb"), 3, "the daemon does not answer"),
        (("upgrade",), 1, "which bundle? give a FILE or an URL, or --call-off"),
    ],
)
def test_without_a_daemon_or_a_bundle_nothing_begins(
    node: FirmwareNode,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    message: str,
):
    assert hactl(node, *arguments) == code
    assert message in capsys.readouterr().err
    assert node.rauc["calls"] == []


@pytest.mark.parametrize("arguments", [("install", "x.raucb"), ("rollback",), ("mark-good",)])
def test_other_updates_wait_for_the_end_of_an_upgrade(
    node: FirmwareNode, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
):
    plan = Plan(3, "beta", "alpha", "1.0", "2.0")
    PlanFile(own_folder(node.places.state)).store(plan)
    assert hactl(node, *arguments) == 1
    assert "an upgrade of the pair is under way" in capsys.readouterr().err
    PlanFile(own_folder(node.places.state)).store(replace(plan, closed=True))
    assert hactl(node, *arguments) in (0, 1)
    assert "is under way" not in capsys.readouterr().err
