"""hactl against a daemon that only answers, and the control socket itself."""

import asyncio
import json
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from firmware.lab.deadline import stretched
from hadaemon.cli.main import main
from hadaemon.io.sockets.control import ControlServer
from hadaemon.io.sockets.control_client import ask
from hadaemon.text.columns import duration
from tests.unit.cli.answers import alone, problem, shown

ANSWER = alone()
ANSWER["status"]["interfaces"][0]["discards"] = {"ttl": 3}


@contextmanager
def serving(path: Path, handler: Any) -> Iterator[None]:
    """The control socket in a thread with a loop of its own."""

    async def answer(request: Any) -> Any:
        return handler(request)

    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        server = ControlServer(path, answer)
        await server.open()
        ready.set()
        await asyncio.to_thread(done.wait)
        await server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(stretched(5))
    try:
        yield
    finally:
        done.set()
        thread.join(stretched(5))
    assert not thread.is_alive()
    assert not path.exists()


def hactl(path: Path, *arguments: str) -> int:
    return main(["--socket", str(path), *arguments])


def test_status_at_a_glance(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with serving(tmp_path / "s", lambda request: ANSWER):
        assert hactl(tmp_path / "s", "status") == 0
    out = capsys.readouterr().out
    assert out.splitlines()[1] == "alpha (master) of cluster office: ACTIVE for 2 h 3 min"
    assert "firmware 0.1.0, slot A" in out
    assert "enp1s0" in out
    assert "192.168.175.101/24 (here)" in out
    assert "no problems" in out
    assert "ttl 3" not in out


def test_ha_interfaces_over_one_port_are_told_apart():
    answer = json.loads(json.dumps(ANSWER))
    first = answer["status"]["interfaces"][0]
    second = {
        **first,
        "vrid": 99,
        "addresses_on": "vlan2",
        "virtual_addresses": ["10.10.2.254/24"],
        "sent": 77,
    }
    answer["status"]["interfaces"] = [first, second]
    answer["ports"].append({**answer["ports"][0], "port": "vlan2", "interface": "vlan2.2"})
    text = shown(answer)
    assert "192.168.175.101/24 (here)" in text
    assert "10.10.2.254/24 (on vlan2, here)" in text
    assert "(VRID 99)" in shown(answer, verbose=True)
    answer["ports"].pop()
    assert "10.10.2.254/24 (on vlan2)" in shown(answer)


def test_verbose_status_shows_what_was_discarded(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with serving(tmp_path / "s", lambda request: ANSWER):
        assert hactl(tmp_path / "s", "status", "--verbose") == 0
    out = capsys.readouterr().out
    assert "ttl 3" in out
    assert "igb" in out


def test_json_is_the_whole_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with serving(tmp_path / "s", lambda request: ANSWER):
        assert hactl(tmp_path / "s", "status", "--json") == 0
    assert json.loads(capsys.readouterr().out) == ANSWER


def test_an_absent_port_is_shown_beside_the_hardware_that_is_there():
    answer = json.loads(json.dumps(ANSWER))
    answer["ports"][0] |= {"interface": None, "driver": "", "carrier": False, "addresses": []}
    answer["status"]["problems"] = [problem("lan: no interface has the MAC address 52:54:00:48:0a:01")]
    answer["unbound"] = [
        {
            "interface": "enp9s0",
            "mac": "52:54:00:48:0a:99",
            "driver": "igb",
            "path": "pci-0000:09:00.0",
            "carrier": True,
        }
    ]
    text = shown(answer)
    assert "  ! lan: no interface" in text
    assert "enp9s0     52:54:00:48:0a:99  igb     pci-0000:09:00.0  carrier" in text


def test_what_a_node_is_in_the_middle_of_is_shown_at_the_top():
    answer = json.loads(json.dumps(ANSWER))
    answer["status"] |= {
        "phase": "releasing",
        "maintenance": True,
        "suspended": "suspended after 6 switches in 10 min",
        "ping_groups": [
            {"name": "isp", "failed": True, "failed_hosts": ["192.0.2.1"]},
            {"name": "lan", "failed": False, "failed_hosts": ["192.0.2.7"]},
            {"name": "dmz", "failed": False, "failed_hosts": []},
        ],
    }
    answer["status"]["score"] |= {"links_down": 2, "failed_groups": 1}
    lines = shown(answer).splitlines()
    assert lines[3] == "  priority 254: 2 links down, 1 ping group failed, preferred"
    assert lines[4].startswith("  hands over")
    assert lines[5] == "  SUSPENDED: suspended after 6 switches in 10 min"
    assert "MAINTENANCE" in lines[6]
    assert "ping group isp: FAILED" in lines
    assert "ping group lan: no answer from 192.0.2.7" in lines
    assert "ping group dmz: answers" in lines


def test_another_schema_is_refused_and_json_still_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with serving(tmp_path / "s", lambda request: ANSWER | {"schema": 3}):
        assert hactl(tmp_path / "s", "status") == 1
        assert hactl(tmp_path / "s", "status", "--json") == 0
    assert "schema 3" in capsys.readouterr().err


def test_an_answer_that_cannot_be_understood_names_the_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    answer = json.loads(json.dumps(ANSWER))
    answer["status"]["interfaces"][0]["vrid"] = "51"
    with serving(tmp_path / "s", lambda request: answer):
        assert hactl(tmp_path / "s", "status") == 1
    assert "answer.status.interfaces[0].vrid: a whole number is wanted" in capsys.readouterr().err


def test_a_refused_reload_lists_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    refused = {"ok": False, "error": "the configuration was refused", "problems": ["a: b", "c: d"]}
    with serving(tmp_path / "s", lambda request: refused):
        assert hactl(tmp_path / "s", "reload") == 1
    assert capsys.readouterr().err.splitlines() == [
        "hactl: the configuration was refused",
        "  ! a: b",
        "  ! c: d",
    ]


def test_switch_tells_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    spans = {"detection": 37.25, "address": 0.8, "announcement": None, "total": 38.1}
    asked: list[Any] = []

    def handler(request: Any) -> Any:
        asked.append(request)
        return {"ok": True, "reason": "beta is active now", "milliseconds": spans}

    with serving(tmp_path / "s", handler):
        assert hactl(tmp_path / "s", "switch", "--force") == 0
        assert hactl(tmp_path / "s", "maintenance", "off") == 0
        assert hactl(tmp_path / "s", "resume") == 0
    assert capsys.readouterr().out.splitlines() == [
        "beta is active now",
        "  detection 37.2 ms, address 0.8 ms, total 38.1 ms",
        "beta is active now",
        "beta is active now",
    ]
    assert asked == [
        {"command": "switch", "force": True},
        {"command": "maintenance", "on": False, "force": False},
        {"command": "resume"},
    ]


def test_a_refused_switch_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with serving(tmp_path / "s", lambda request: {"ok": False, "error": "the peer has lost its link lan"}):
        assert hactl(tmp_path / "s", "switch") == 1
    assert capsys.readouterr().err == "hactl: the peer has lost its link lan\n"


def test_the_daemon_leaves_while_a_client_waits(tmp_path: Path):
    async def scenario() -> None:
        async def never(request: Any) -> Any:
            await asyncio.Event().wait()

        server = ControlServer(tmp_path / "s", never)
        await server.open()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b'{"command": "switch"}\n')
        await asyncio.sleep(0.05)
        await asyncio.wait_for(server.close(), stretched(2))
        assert await reader.read() == b""
        writer.close()

    asyncio.run(scenario())


def test_no_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert hactl(tmp_path / "none", "status") == 3
    assert "the daemon does not answer" in capsys.readouterr().err


def test_no_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert hactl(tmp_path / "s", "status") == 4
    assert "group hadaemon" in capsys.readouterr().err


def test_wrong_usage_is_told_with_the_commands(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["statsu"])
    assert ended.value.code == 2
    assert "status" in capsys.readouterr().err


def test_config_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    node, cluster = tmp_path / "node.toml", tmp_path / "cluster.toml"
    arguments = ["config", "check", "--node", str(node), "--cluster", str(cluster)]
    assert main(arguments) == 1
    node.write_text('schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n')
    assert main(arguments) == 0
    cluster.write_text('schema = 1\nname = "office"\nmaster = "alpha"\n')
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert f"{node}: there is no such file" in captured.err
    assert "stands alone" in captured.out
    assert f"! {cluster}: ha_interfaces" in captured.err


@pytest.mark.parametrize(
    "line,error",
    [
        (b"nonsense\n", "not JSON"),
        (b"[1]\n", "not a JSON object"),
        (b"\xff\n", "not JSON"),
        (b"\n", "not JSON"),
    ],
)
def test_the_socket_answers_nonsense_with_a_refusal(tmp_path: Path, line: bytes, error: str):
    path = tmp_path / "s"
    with serving(path, lambda request: ANSWER), socket.socket(socket.AF_UNIX) as client:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        client.settimeout(stretched(5))
        client.connect(str(path))
        client.sendall(line)
        answer = json.loads(client.makefile("rb").readline())
        assert answer["ok"] is False
        assert error in answer["error"]
        assert ask(path, {"command": "status"}, 5)["ok"], "others are served"


def test_an_endless_line_ends_the_conversation(tmp_path: Path):
    path = tmp_path / "s"
    with serving(path, lambda request: ANSWER), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(stretched(5))
        client.connect(str(path))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.sendall(b"x" * (1 << 26))


def test_too_many_clients_are_turned_away_and_room_is_made_again(tmp_path: Path):
    path = tmp_path / "s"
    with serving(path, lambda request: ANSWER):
        clients = [socket.socket(socket.AF_UNIX) for _ in range(17)]
        for client in clients:
            client.settimeout(stretched(5))
            client.connect(str(path))
        assert clients[-1].recv(1) == b""
        for client in clients:
            client.close()
        assert ask(path, {"command": "status"}, 5)["ok"]


@pytest.mark.parametrize(
    "seconds,text",
    [(0, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (7384, "2 h 3 min"), (90000, "1 d 1 h")],
)
def test_durations(seconds: float, text: str):
    assert duration(seconds) == text
