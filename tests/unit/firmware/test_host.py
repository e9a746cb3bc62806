"""Host packages: what the list says, what is told when something is missing, who may install."""

import os
from pathlib import Path

import pytest

from firmware import host
from firmware.errors import FirmwareError


@pytest.fixture
def needs_a_ghost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list with one package that is there and one that is not."""
    there = tmp_path / "there"
    there.touch()
    (tmp_path / "list").write_text(f"# names\nsolid {there} image\nghost {tmp_path}/ghost image # why\n")
    monkeypatch.setattr(host, "LIST", tmp_path / "list")
    monkeypatch.setattr(host, "LOGS", tmp_path)


def test_the_committed_list_parses_and_names_absolute_paths():
    packages = host.listed(host.LIST.read_text())
    assert {"image", "pair", "venv", "netns"} <= {package.need for package in packages}
    assert all(package.found_by == "-" or package.found_by.startswith("/") for package in packages)


@pytest.mark.usefixtures("needs_a_ghost")
def test_only_what_is_missing_for_the_need_is_reported():
    assert [package.name for package in host.missing("image")] == ["ghost"]
    assert host.missing("pair") == ()


@pytest.mark.usefixtures("needs_a_ghost")
def test_an_ordinary_user_without_a_terminal_gets_the_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(FirmwareError) as caught:
        host.ensure("image")
    assert "ghost" in caught.value.what
    assert caught.value.todo.startswith("sudo apt-get update && sudo apt-get install")
    assert caught.value.todo.endswith(" ghost")


@pytest.mark.usefixtures("needs_a_ghost")
def test_root_installs_at_once_and_a_package_that_brings_nothing_is_told(monkeypatch: pytest.MonkeyPatch):
    asked: list[list[str]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(host, "_install", lambda prefix, names: asked.append([*prefix, *names]))
    with pytest.raises(FirmwareError, match="still not found: ghost"):
        host.ensure("image")
    assert asked == [["ghost"]]


@pytest.mark.parametrize("systemd", [True, False])
def test_a_service_that_a_package_brings_is_masked_before_apt_could_start_it(
    systemd: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(host, "_SYSTEMD", tmp_path if systemd else tmp_path / "none")
    steps = host._steps(["frr", "tshark"])
    mask = [["systemctl", "mask", "frr.service"]] if systemd else []
    install = ["apt-get", "install", "-y", "--no-install-recommends", "frr", "tshark"]
    assert steps == [*mask, ["apt-get", "update"], install]


def test_a_message_has_its_three_parts():
    assert str(FirmwareError("it broke", where="file: line", todo="mend it")).splitlines() == [
        "error: it broke",
        "  where: file: line",
        "  what to do: mend it",
    ]
