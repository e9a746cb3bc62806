"""`hactl status --check`: one line and an exit code, as monitoring plugins answer."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hadaemon.control.codec import encode
from hadaemon.problems import Problem, Severity, kinds
from tests.unit.cli.answers import pair
from tests.unit.cli.test_hactl import hactl, serving


def answer(redundancy: str | None, *reasons: str, problems: tuple[Problem, ...] = ()) -> dict[str, Any]:
    raw = deepcopy(pair(problems=[encode(problem) for problem in problems]))
    raw["verdict"] = None if redundancy is None else {"redundancy": redundancy, "reasons": list(reasons)}
    return raw


DISK = Problem(kinds.DISK_FULL, "/data", "/data is 90% full", Severity.MINOR)
SOON = Problem(kinds.CERTIFICATE, "a.pem", "a.pem: renew it", Severity.WARNING)
FAULT = Problem(kinds.NODE_FAULT, "", "all ports are gone")


@pytest.mark.parametrize(
    "raw,code,line",
    [
        (answer("redundant"), 0, "alpha: redundant"),
        (answer("redundant", problems=(SOON,)), 0, "alpha: redundant; a.pem: renew it"),
        (answer("redundant", problems=(DISK,)), 1, "alpha: redundant; /data is 90% full"),
        (answer("degraded", "one", "two"), 1, "alpha: degraded: one; two"),
        (answer("no redundancy", "beta is gone"), 2, "alpha: no redundancy: beta is gone"),
        (answer("split", "both are active"), 2, "alpha: split: both are active"),
        (answer("unknown", "no hotwire"), 3, "alpha: unknown: no hotwire"),
        (answer(None), 0, "alpha: cluster: no active node was heard"),
        (answer(None, problems=(FAULT,)), 2, "alpha: cluster: no active node was heard; all ports are gone"),
    ],
)
def test_each_verdict_has_its_code(
    raw: dict[str, Any], code: int, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with serving(tmp_path / "s", lambda request: raw):
        assert hactl(tmp_path / "s", "status", "--check") == code
        assert capsys.readouterr().out == f"{line}\n"
        assert hactl(tmp_path / "s", "status", "--check", "--json") == code
        assert json.loads(capsys.readouterr().out)["verdict"] == raw["verdict"]


def test_a_daemon_that_does_not_answer_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert hactl(tmp_path / "none", "status", "--check") == 3
    assert capsys.readouterr().out.startswith("unknown: the daemon does not answer")


def test_it_looks_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert hactl(tmp_path / "none", "status", "--check", "--watch") == 2
    assert "leave --watch out" in capsys.readouterr().err
