"""What answers at a node's address may be something else than a node."""

import json
from pathlib import Path

import pytest

from firmware.deploy import deploy, reach
from firmware.deploy.options import DeployOptions
from firmware.errors import FirmwareError
from tests.unit.deploy.test_plan import FOUND


@pytest.mark.parametrize("said", ["", "Welcome!", "[]", "{}", '{"values": 1}', '{"values":' + "[" * 5000])
def test_another_machine_is_told_and_left_alone(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked = []

    def answer(self: reach.Reach, *arguments: str, **_: object) -> reach.Done:
        asked.append(arguments[:2])
        return reach.Done(0, said, "")

    monkeypatch.setattr(deploy, "as_a_node_would", lambda *_: {"good": True, "notes": [], **FOUND})
    monkeypatch.setattr(reach.Reach, "hactl", answer)
    with pytest.raises(FirmwareError, match="not everything was deployed: office"):
        deploy.deploy(DeployOptions((str(tmp_path),), yes=True))
    assert "office: FAILED: beta does not answer as a node of this firmware" in capsys.readouterr().out
    assert asked == [("config", "show")]


def test_one_pair_that_fails_does_not_keep_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def answer(self: reach.Reach, *arguments: str, **_: object) -> reach.Done:
        if self.target.endswith("192.0.2.66"):
            raise reach.Lost(f"{self.name} cannot be reached", self.target)
        values = {"values": {"name": self.name}, "lines": []}
        return reach.Done(0, json.dumps(values), "")

    def found(_: str, folder: str) -> dict[str, object]:
        name = Path(folder).name
        logins = {each: ["192.0.2.66 22" if name == "away" else "192.0.2.1 22"] for each in FOUND["nodes"]}
        return {"good": True, "notes": [], **FOUND, "cluster": name, "logins": logins}

    monkeypatch.setattr(deploy, "as_a_node_would", found)
    monkeypatch.setattr(reach.Reach, "hactl", answer)
    with pytest.raises(FirmwareError, match="not everything was deployed: away"):
        deploy.deploy(DeployOptions((str(tmp_path / "away"), str(tmp_path / "near")), yes=True))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "away: FAILED: beta cannot be reached",
        "near: nothing to do: the nodes have this configuration",
    ]
