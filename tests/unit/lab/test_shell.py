"""The prompt of `pair`: what is typed becomes a verb of the lab, and mistakes are told."""

import io
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from firmware.lab.board import Board, NodeView
from firmware.lab.deadline import MULTIPLIER_VARIABLE
from firmware.lab.errors import DeadlineExceeded, LabError
from firmware.lab.shell import HELP, Shell, virtual_address
from firmware.lab.switch import Quality
from firmware.lab.topology import STANDARD_PAIR


class FakeScreen:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def lab() -> Any:
    """A lab whose nodes only note what is asked of them."""
    nodes = {node.name: MagicMock(data=node) for node in STANDARD_PAIR.nodes}
    for name, node in nodes.items():
        node.name = name
    switch = MagicMock(port_names=("alpha.lan", "client"))
    fake = MagicMock(topology=STANDARD_PAIR, nodes=nodes)
    fake.node.side_effect = lambda name: nodes[STANDARD_PAIR.node(name).name]
    fake.switch.return_value = switch
    return fake


@pytest.fixture
def shell(lab: Any, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell that reads a script."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    watch = MagicMock(address=IPv4Address("192.168.12.1"))
    client = MagicMock(data=STANDARD_PAIR.clients[0])
    return Shell(lab, MagicMock(), watch, client, FakeScreen())


@pytest.mark.parametrize(
    "line, node, call",
    [
        ("kill alpha", "alpha", "power_off()"),
        ("start beta", "beta", "power_on()"),
        ("reset alpha # with a comment", "alpha", "reset()"),
        ("shutdown beta", "beta", "shutdown()"),
        ("pull alpha.lan", "alpha", "pull('lan')"),
        ("plug beta.hotwire", "beta", "plug('hotwire')"),
    ],
)
def test_a_command_becomes_a_verb_of_a_node(shell: Shell, lab: Any, line: str, node: str, call: str) -> None:
    assert shell.onecmd(line) is False
    assert [str(made) for made in lab.nodes[node].mock_calls] == [f"call.{call}"]


def test_networks_are_cut_healed_and_spoiled(shell: Shell, lab: Any) -> None:
    shell.onecmd("cut hotwire")
    lab.cut.assert_called_once_with("hotwire")
    shell.onecmd("heal hotwire")
    lab.heal.assert_called_once_with("hotwire")
    shell.onecmd("loss lan 20")
    lab.switch.return_value.set_quality.assert_any_call("client", Quality(loss=0.2))
    shell.onecmd("delay lan 50")
    lab.switch.return_value.set_quality.assert_any_call("alpha.lan", Quality(delay=0.05))


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("kill gamma", "no node 'gamma'"),
        ("kill", "no node ''"),
        ("pull alpha", "no port ''"),
        ("pull alpha.dmz", "no port 'dmz'"),
        ("explode", "no command 'explode'"),
        ("loss lan", "not a network and a number"),
        ("loss lan 101", "more than all frames"),
        ("loss lan -1", "not a network and a number"),
        ("wait", "cannot wait for ''"),
        ("wait alpha happy", "cannot wait for 'alpha happy'"),
    ],
)
def test_a_mistake_in_a_script_ends_it(shell: Shell, line: str, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        shell.onecmd(line)


def test_a_mistake_at_the_prompt_is_told_and_forgotten(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    screen = FakeScreen()
    shell = Shell(lab, MagicMock(), MagicMock(), MagicMock(), screen)
    assert shell.onecmd("kill gamma") is False
    assert "no node 'gamma'" in screen.said[-1]


def test_a_command_that_fails_in_a_node_is_a_failure(shell: Shell, lab: Any) -> None:
    lab.nodes["alpha"].run.return_value = SimpleNamespace(status=2, output="no such file\n")
    with pytest.raises(LabError, match="ended with status 2"):
        shell.onecmd("run alpha ls /nowhere")
    lab.nodes["alpha"].run.assert_called_once_with("ls /nowhere", check=False)


@pytest.mark.parametrize("line", ["quit", "EOF"])
def test_the_end(shell: Shell, line: str) -> None:
    assert shell.onecmd(line) is True


def test_every_command_has_a_line_of_help() -> None:
    commands = {name.removeprefix("do_") for name in dir(Shell) if name.startswith("do_")} - {"help"}
    assert {line.split()[0] for line in HELP.splitlines()} == commands


def test_the_virtual_address_of_a_network() -> None:
    lab: Any = SimpleNamespace(topology=STANDARD_PAIR)
    assert virtual_address(lab, "wan") == IPv4Address("192.168.175.101")
    with pytest.raises(LabError, match="no virtual address"):
        virtual_address(lab, "hotwire")


def board(owner: str | None, **states: str) -> Board:
    """A board that has just looked."""
    board = Board.__new__(Board)
    board._nodes = tuple(MagicMock(data=STANDARD_PAIR.node(name)) for name in states)
    for node, name in zip(board._nodes, states, strict=True):
        node.name = name
    board._views = {name: NodeView(name, state) for name, state in states.items()}
    mac = STANDARD_PAIR.node(owner).port("lan").mac if owner else None
    board._watch = MagicMock(owner=mac, address=IPv4Address("192.168.12.1"))
    return board


def test_waiting_without_a_time_lasts_as_long_as_something_moves(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A boot of ten minutes, and then nothing more: what it was at is told."""
    now = [0.0]
    monkeypatch.setenv(MULTIPLIER_VARIABLE, "1")
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda _: now.__setitem__(0, now[0] + 10))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    slow = MagicMock(ready=False)
    slow.movement.side_effect = lambda: min(now[0], 600)
    slow.explain.return_value = "beta: booting, hotspare-setup, 720 s"
    shell = Shell(lab, slow, MagicMock(), MagicMock(), FakeScreen())
    with pytest.raises(DeadlineExceeded, match="nothing has moved for 120 s") as caught:
        shell.onecmd("wait ready")
    assert 720 <= now[0] <= 750
    assert "hotspare-setup" in str(caught.value)


def test_what_a_booting_node_is_at_is_in_the_status_line() -> None:
    seen = board(None, alpha="active", beta="booting")
    seen._views["beta"] = NodeView("beta", "booting", doing="hotspare-setup, 140 s")
    assert "beta: booting, hotspare-setup, 140 s  |" in seen.line


def test_a_pair_is_ready_when_one_answers_and_the_other_waits() -> None:
    assert board("alpha", alpha="active", beta="backup").ready
    assert board("beta", alpha="backup", beta="active").ready
    assert not board("beta", alpha="active", beta="backup").ready, "the wrong one answers"
    assert not board(None, alpha="active", beta="backup").ready, "nobody answers"
    assert not board("alpha", alpha="active", beta="active").ready
    assert not board("alpha", alpha="active", beta="booting").ready


def test_the_status_line_names_states_cables_and_the_owner() -> None:
    seen = board("beta", alpha="fault", beta="active")
    seen._views["alpha"] = NodeView("alpha", "fault", "master", pulled=("lan",))
    assert seen.line == "alpha: fault (master) [pulled: lan]  |  beta: active  |  192.168.12.1 is at: beta"
