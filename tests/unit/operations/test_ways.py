"""Do the ways out work: each answer of the programs is a finding."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from hadaemon.io.programs.run import ProgramError
from hadaemon.operations import ways
from hadaemon.operations.asking import understood_status
from hadaemon.status.status import Status
from tests.unit.cli.answers import pair

ROUTE = [{"dst": "default", "gateway": "192.168.175.1", "dev": "enp2s0"}]
ANSWER = "3 packets transmitted\nrtt min/avg/max/mdev = 0.100/0.400/0.700/0.2 ms\n"


def status(**changes: object) -> Status:
    return understood_status(pair(**changes)).node


class World:
    """What the programs say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **said: object) -> None:
        self.said: Mapping[str, object] = {
            "ip": json.dumps(ROUTE),
            "ping": ANSWER,
            "getent": "192.0.2.7 STREAM example.com\n192.0.2.7 DGRAM\n",
        } | said
        self.asked: list[tuple[str, ...]] = []
        monkeypatch.setattr(ways, "run_program", self)
        monkeypatch.setattr(ways, "read_text", lambda _: "# made\nnameserver 9.9.9.9\n")

    def __call__(self, *command: str, timeout: float) -> str:
        self.asked.append(command)
        said = self.said[command[0]]
        if callable(said):
            said = said(command)
        if isinstance(said, Exception):
            raise said
        return str(said)


def found(status: Status) -> dict[str, tuple[bool | None, str]]:
    return {each.what: (each.good, each.text) for each in ways.try_ways(status, "example.com")}


def silent(*targets: str) -> object:
    """Nobody answers there."""
    return lambda command: ProgramError("ping", 1) if command[-1] in targets else ANSWER


def test_everything_answers(monkeypatch: pytest.MonkeyPatch):
    World(monkeypatch)
    assert found(status()) == {
        "gateway 192.168.175.1": (True, "answers in 0.400 ms"),
        "name server 9.9.9.9": (True, "answers in 0.400 ms"),
        "name example.com": (True, "192.0.2.7"),
        "ping example.com": (True, "answers in 0.400 ms"),
        "ping example.com as 192.168.175.101": (True, "answers in 0.400 ms"),
    }


@pytest.mark.parametrize("addresses_on, asked", [("wan", True), ("lan", False)])
def test_an_address_is_tried_where_it_is_and_not_where_it_is_advertised(
    addresses_on: str, asked: bool, monkeypatch: pytest.MonkeyPatch
):
    World(monkeypatch)
    answer = status()
    (wan,) = (port.port for port in answer.ports if port.interface == "enp2s0")
    shown = answer.status.interfaces[-1]
    moved = replace(shown, port="lan", addresses_on={"wan": wan}.get(addresses_on, addresses_on))
    known = replace(answer, status=replace(answer.status, interfaces=(moved,)))
    address = shown.virtual_addresses[0].partition("/")[0]
    assert (f"ping example.com as {address}" in found(known)) is asked


def test_the_backup_has_no_address_of_the_pair(monkeypatch: pytest.MonkeyPatch):
    world = World(monkeypatch)
    assert "ping example.com as 192.168.175.101" not in found(status(state="backup"))
    assert all("-I" not in command for command in world.asked)


def test_who_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch):
    World(monkeypatch, ping=silent("192.168.175.1", "192.0.2.7", "9.9.9.9"))
    told = found(status())
    assert told["gateway 192.168.175.1"] == (False, "no answer")
    assert told["ping example.com"] == (False, "no answer")
    assert told["name server 9.9.9.9"] == (None, "no answer to pings"), "the name tells whether it works"


def test_a_name_that_nobody_knows_ends_it_there(monkeypatch: pytest.MonkeyPatch):
    World(monkeypatch, getent=ProgramError("getent", 2))
    told = found(status())
    assert told["name example.com"][0] is False
    assert "ping example.com" not in told


@pytest.mark.parametrize("state,good", [("active", False), ("backup", None)])
def test_without_a_default_route(state: str, good: bool | None, monkeypatch: pytest.MonkeyPatch):
    """A dial-in's comes with the active node."""
    World(monkeypatch, ip="[]")
    assert found(status(state=state))["gateway"][0] is good


def test_a_dial_in_is_a_way_out(monkeypatch: pytest.MonkeyPatch):
    World(monkeypatch, ip=json.dumps([{"dst": "default", "dev": "wan0"}]))
    assert found(status())["gateway"] == (True, "everything goes out by wan0")


def test_a_program_that_says_nonsense_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    World(monkeypatch, ip="nonsense", ping="", getent="192.0.2.7 STREAM")
    assert found(status())["ping example.com"] == (True, "answers")


def test_the_verdict_is_a_finding():
    raw = pair()
    assert ways.pair_finding(understood_status(raw).node).good is True
    raw["verdict"] = {"redundancy": "degraded", "reasons": ["beta has lost a link"]}
    finding = ways.pair_finding(understood_status(raw).node)
    assert (finding.good, finding.text) == (False, "degraded: beta has lost a link")
    raw["verdict"] = None
    assert ways.pair_finding(understood_status(raw).node).good is None
