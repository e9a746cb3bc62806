"""`hactl connections`: what is printed, and what is asked of the other node."""

import json
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest

from hadaemon.cli.failure import Exit
from hadaemon.cli.main import main
from hadaemon.conntrack.connection import Connection, to_json
from hadaemon.io.errors import NetlinkError
from hadaemon.operations import connections
from hadaemon.sync.errors import SyncError
from tests.unit.conntrack.test_connection import ASKED, IN, OUT, End, connection

OWN = connection(source=End(ip_address("192.168.12.141"), 22))
NODE = (
    'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n'
    'addresses = ["192.168.12.141/24"]\n[ports.hotwire]\nmac = "52:54:00:48:0a:03"\n'
)
CLUSTER = (
    'schema = 1\nname = "office"\nmaster = "alpha"\n[hotwire]\nport = "hotwire"\n'
    '[[ha_interfaces]]\nport = "lan"\nvirtual_addresses = ["192.168.12.1/24"]\n'
)


class Table:
    """The kernel's table of connections."""

    entries: tuple[Connection, ...] = (OUT, ASKED, OWN)

    def __enter__(self) -> "Table":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def connections(self) -> tuple[Connection, ...]:
        return self.entries


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node of a pair."""
    (tmp_path / "node.toml").write_text(NODE)
    (tmp_path / "cluster.toml").write_text(CLUSTER)
    monkeypatch.setattr(connections, "ConnectionTable", Table)
    return tmp_path


def peer(monkeypatch: pytest.MonkeyPatch, out: str, code: int = 0, errors: str = "") -> list[list[str]]:
    asked: list[list[str]] = []

    def run(words: list[str]) -> SimpleNamespace:
        asked.append(words)
        return SimpleNamespace(code=code, out=out, errors=errors)

    @contextmanager
    def opened(_: Path):
        yield SimpleNamespace(hactl=run)

    monkeypatch.setattr(connections, "peer_of", opened)
    return asked


def answer(*listed: tuple[Connection, str], here: int | None = None) -> str:
    shown = [{**to_json(each), "where": where} for each, where in listed]
    return json.dumps({"schema": 1, "here": len(listed) if here is None else here, "connections": shown})


def hactl(state: Path, *words: str) -> int:
    return main(["connections", *words, "--state", str(state)])


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_both_nodes(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    asked = peer(monkeypatch, answer((OUT, "here"), (IN, "here")))
    assert hactl(state) == 0
    assert asked == [["connections", "--limit", "50", "--json"]]
    assert lines(capsys) == [
        "protocol state connection translated for on",
        "tcp established 192.168.12.5:4000 → 203.0.113.9:443 from 198.51.100.1:1024 1 h 0 min both nodes",
        "tcp established 192.168.12.141:22 → 203.0.113.9:443 1 h 0 min this node's own",
        "tcp established 203.0.113.9:443 → 198.51.100.1:443 to 192.168.12.80:8443 1 h 0 min the other node",
        "udp unreplied 192.168.12.5:4000 → [2001:db8::1]:53 1 h 0 min this node",
        "connections: 3 here, 2 on the other node",
    ]


def test_the_filter_and_the_limit_count_for_both(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked = peer(monkeypatch, answer((OUT, "here"), here=9))
    assert hactl(state, "tcp", "port", "443", "--limit", "1") == 0
    assert asked == [["connections", "tcp", "port", "443", "--limit", "1", "--json"]]
    assert lines(capsys)[1:] == [
        "tcp established 192.168.12.5:4000 → 203.0.113.9:443 from 198.51.100.1:1024 1 h 0 min both nodes",
        "… and 8 more",
        "connections: 2 here, 9 on the other node",
    ]


def test_this_node_alone(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    asked = peer(monkeypatch, "")
    assert hactl(state, "udp", "--here") == 0
    assert lines(capsys) == [
        "protocol state connection translated for",
        "udp unreplied 192.168.12.5:4000 → [2001:db8::1]:53 1 h 0 min",
        "1 connection here",
    ]
    assert asked == []


def test_counts(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    asked = peer(monkeypatch, answer(here=7))
    assert hactl(state, "--count") == 0
    assert lines(capsys) == ["connections: 3 here, 7 on the other node"]
    assert asked == [["connections", "--limit", "0", "--json"]]


def test_for_programs(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    peer(monkeypatch, answer((OUT, "here")))
    assert hactl(state, "nat", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["here"], told["there"], told["not_asked"]) == (1, 1, 1, "")
    assert told["connections"] == [{**to_json(OUT), "where": "both"}]


@pytest.mark.parametrize(
    "out,code,errors,why",
    [
        ("", 1, "hactl: only commands that read can be run on the peer", "only commands that read"),
        ("nonsense", 0, "", "its answer cannot be understood"),
        ("[]", 0, "", "its answer cannot be understood"),
        ('{"here": 1}', 0, "", "its answer cannot be understood"),
        ('{"here": "x", "connections": []}', 0, "", "its answer cannot be understood"),
        ('{"here": 1, "connections": [{}]}', 0, "", "its answer cannot be understood"),
        (answer(*[(OUT, "here")] * 51), 0, "", "its answer cannot be understood"),
        (answer((OUT, "nowhere")), 0, "", "its answer cannot be understood"),
    ],
)
def test_a_peer_whose_answer_is_none(
    out: str,
    code: int,
    errors: str,
    why: str,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    peer(monkeypatch, out, code, errors)
    assert hactl(state) == 0
    last = lines(capsys)[-2:]
    assert last[0] == "3 connections here"
    assert last[1].startswith(f"the other node cannot be asked: {why}")


def test_a_peer_that_is_not_there(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def gone(_: Path) -> None:
        raise SyncError("the other node is not reached")

    monkeypatch.setattr(connections, "peer_of", gone)
    assert hactl(state, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["there"], told["not_asked"]) == (None, "the other node is not reached")


def test_a_node_that_stands_alone_asks_nobody(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (state / "cluster.toml").unlink()
    asked = peer(monkeypatch, "")
    assert hactl(state) == 0
    assert lines(capsys)[-1] == "3 connections here"
    assert asked == []


@pytest.mark.parametrize(
    "words,told",
    [
        ("tpc", 'connections: error: "tpc" is no protocol, state, address or network: did you mean tcp?'),
        ("establishd", "did you mean established?"),
        ("port ssh", 'port: "ssh" is no number from 0 to 65535'),
        ("10.0.0.1/8", 'write "10.0.0.0/8"'),
    ],
)
def test_a_wrong_filter_is_refused_in_words(
    words: str, told: str, state: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        hactl(state, *words.split())
    assert ended.value.code == Exit.USAGE
    assert told in capsys.readouterr().err


def test_without_the_right_to_look(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    class Closed(Table):
        def connections(self) -> tuple[Connection, ...]:
            raise NetlinkError("list connections", 1, "Operation not permitted") from PermissionError(1, "no")

    monkeypatch.setattr(connections, "ConnectionTable", Closed)
    assert hactl(state) == Exit.NO_PERMISSION
    assert capsys.readouterr().err == (
        "hactl: list connections: Operation not permitted: be root (`sudo hactl …`)\n"
    )
