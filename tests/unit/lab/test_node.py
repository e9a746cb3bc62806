"""Waiting for a node: for as long as it moves, and what it was at when it does not any more."""

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from firmware.lab.command import MachineSpec, Sockets
from firmware.lab.errors import DeadlineExceeded, LabError
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR

LOADED = "Booting `Hotspare, slot A'\r\n"
SETUP = f"{LOADED}Welcome to Hotspare\r\n         Starting hotspare-setup.service - Configuration...\r\n"


class Site:
    """A node whose machine does what happens at each moment, in seconds from its start."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.up_at = float("inf")
        self.off_at = float("inf")
        self.reads_until = 0.0
        self.says: dict[int, str] = {}
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.sleep", self.pass_time)
        monkeypatch.delenv("HOTSPARE_TIMEOUT_MULTIPLIER", raising=False)
        self.log = folder / "serial.log"
        sockets = Sockets(folder / "qmp", folder / "serial", folder / "console", folder / "vnc")
        spec = MachineSpec("alpha", folder / "disk", (), sockets, self.log, folder / "console.log")
        self.node: Any = Node(STANDARD_PAIR.node("alpha"), spec, "password", MagicMock())
        machine = MagicMock()
        type(machine).running = property(lambda _: self.now < self.off_at)
        machine.qmp.disk_transfers.side_effect = lambda: min(self.now, self.reads_until)
        self.node._machine = machine
        session = MagicMock(last_words="''")
        session.advance_login.side_effect = self.advance_login
        type(session).logged_in = property(lambda _: self.now >= self.up_at)
        self.node._session = session

    def pass_time(self, seconds: float) -> None:
        self.now += max(seconds, 0.1)

    def advance_login(self) -> bool:
        self.pass_time(10)
        said = "".join(text for when, text in self.says.items() if when <= self.now)
        self.log.write_text(said)
        return self.now >= self.up_at


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


def test_a_boot_that_moves_takes_as_long_as_it_takes(site: Site) -> None:
    site.says = {when: f"line {when}\r\n" for when in range(0, 900, 100)}
    site.up_at = 900
    site.node.wait_for_boot()
    assert site.now == 900


def test_a_disk_that_is_read_is_movement_too(site: Site) -> None:
    site.reads_until, site.up_at = 500, 600
    site.node.wait_for_boot()
    assert site.now == 600


def test_a_boot_that_stands_still_is_given_up_and_it_is_said_where(site: Site) -> None:
    site.says = {30: SETUP}
    with pytest.raises(DeadlineExceeded, match="nothing has moved for 120 s") as caught:
        site.node.wait_for_boot()
    assert 150 <= site.now <= 170
    assert caught.value.where == "alpha"
    assert "It was at: hotspare-setup, 1" in caught.value.todo


def test_a_node_that_switches_itself_off_is_told_at_once(site: Site) -> None:
    site.off_at = 50
    with pytest.raises(LabError, match="the node is off"):
        site.node.wait_for_boot()
    assert site.now <= 60


def test_a_state_is_waited_for_from_the_last_word_of_the_console_on(site: Site) -> None:
    site.up_at = 400
    site.says = {when: f"line {when}\r\n" for when in range(0, 400, 100)}
    site.node.status = lambda: {"status": {"state": "fault"}}
    with pytest.raises(DeadlineExceeded, match="state active did not happen, and nothing has moved for 60 s"):
        site.node.wait_for_state("active", 60)
    assert 460 <= site.now <= 470
