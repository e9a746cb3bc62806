"""The keeper's verbs without a network: what a peer that misbehaves gets to hear; nothing comes of it."""

import contextlib
import json
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hadaemon.commands.on_peer import may_run
from hadaemon.helper import keeper as keeper_module
from hadaemon.helper.hactl import Hactl
from hadaemon.helper.keeper import Conversation, _serve
from hadaemon.io.programs.channel import Channel, ChannelError
from hadaemon.io.store.generations import Generations
from hadaemon.operations import peer as peer_module
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.peer import Peer, PeerRefused
from hadaemon.sync.head import Head
from hadaemon.sync.holder import Holder
from hadaemon.sync.messages import PROTOCOL, Message, decode, encode, tree_message
from hadaemon.sync.plan import Side
from hadaemon.sync.public_key import parse_public_key
from hadaemon.sync.server import authorized_keys, failure, known_hosts
from hadaemon.sync.tree import digest
from tests.unit.operations.test_own_configuration import NODE, tree

PROGRAM = (sys.executable, "-P", "-c", "from hadaemon.cli.main import main; raise SystemExit(main())")
HELLO = {"verb": "hello", "protocol": [PROTOCOL, PROTOCOL]}
ID = "1" * 32


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "node.toml").write_text(NODE)
    return folder


@pytest.fixture
def keeper(state: Path) -> Iterator[Conversation]:
    with contextlib.ExitStack() as stack:
        control = state / "no-daemon"
        hactl = Hactl(state, state.parent, control, PROGRAM)
        yield Conversation(OwnConfiguration(state, control), state.parent, hactl, stack)


def say(keeper: Conversation, header: dict[str, object], body: bytes = b"") -> dict[str, object]:
    return dict(keeper.answer(Message(header, body)).header)


def begin(keeper: Conversation) -> None:
    assert say(keeper, HELLO)["ok"]
    assert say(keeper, {"verb": "lock", "holder": "{}"})["ok"]


def test_a_whole_conversation(keeper: Conversation, state: Path):
    begin(keeper)
    assert keeper.answer(tree_message({"verb": "check"}, tree(3))).header["ok"]
    head = Head(ID, 5, digest(tree(3)))
    commit = {"verb": "commit", "head": head.as_json(), "source": "beta", "master": "alpha", "confirm": None}
    answer = say(keeper, commit)
    assert answer["ok"], answer
    assert answer["digest"] == head.digest
    assert Generations(state).head() == head
    assert say(keeper, {"verb": "digest"})["digest"] == head.digest


@pytest.mark.parametrize(
    "header,words",
    [
        ({"verb": "lock"}, "begins with hello"),
        ({"verb": "shell"}, "there is no verb"),
        ({}, "there is no verb"),
        ({"verb": ["hello"]}, "is not a text"),
        ({"verb": "x" * 10_000}, "is not a text"),
        ({"verb": "hello"}, "does not say which versions"),
        ({"verb": "hello", "protocol": [PROTOCOL + 1, PROTOCOL + 2]}, "upgrade the firmware of alpha"),
        (
            {"verb": "hello", "protocol": [PROTOCOL - 2, PROTOCOL - 1]},
            "upgrade the firmware of the node that asks",
        ),
    ],
)
def test_a_bad_begin(keeper: Conversation, header: dict[str, object], words: str):
    answer = say(keeper, header)
    assert not answer["ok"]
    assert words in str(answer["error"])


class Wire:
    """Where a connection would be."""

    def __init__(self, keeper: Conversation) -> None:
        self.ask = keeper.answer


def converse(
    monkeypatch: pytest.MonkeyPatch, keeper: Conversation, asks: tuple[int, int], answers: tuple[int, int]
) -> Peer:
    """The two ends' firmware speaks these versions of the protocol: oldest and newest."""
    for module, (oldest, newest) in ((peer_module, asks), (keeper_module, answers)):
        monkeypatch.setattr(module, "OLDEST", oldest)
        monkeypatch.setattr(module, "PROTOCOL", newest)
    return Peer(Wire(keeper))  # type: ignore[arg-type]


OURS, NEXT = (PROTOCOL, PROTOCOL), (PROTOCOL, PROTOCOL + 1)


@pytest.mark.parametrize("asks,answers", [(NEXT, OURS), (OURS, NEXT)])
def test_the_firmware_before_still_synchronizes(
    monkeypatch: pytest.MonkeyPatch, keeper: Conversation, asks: tuple[int, int], answers: tuple[int, int]
):
    peer = converse(monkeypatch, keeper, asks, answers)
    assert peer.version == PROTOCOL
    peer.lock(Holder("admin", "beta", "2026-03-01T08:00:00+00:00", "hactl config sync"))
    peer.check(tree(3))
    head = Head(ID, 5, digest(tree(3)))
    peer.commit(head, Side("beta", head, "alpha"))
    assert peer.digest() == head.digest


TOO_OLD, TOO_NEW = (PROTOCOL - 1, PROTOCOL - 1), (PROTOCOL + 1, PROTOCOL + 2)


@pytest.mark.parametrize(
    "asks,answers,whose",
    [
        (TOO_OLD, OURS, "the node that asks"),
        (TOO_NEW, OURS, "alpha"),
        (OURS, TOO_OLD, "alpha"),
        (OURS, TOO_NEW, "the node that asks"),
    ],
)
def test_firmware_that_is_too_far_apart_says_at_both_ends_which_one_to_upgrade(
    monkeypatch: pytest.MonkeyPatch,
    keeper: Conversation,
    asks: tuple[int, int],
    answers: tuple[int, int],
    whose: str,
):
    with pytest.raises(PeerRefused, match=f"upgrade the firmware of {whose}$"):
        converse(monkeypatch, keeper, asks, answers)


def test_nothing_is_committed_that_was_not_checked_under_the_lock(keeper: Conversation, state: Path):
    say(keeper, HELLO)
    assert "must be locked" in str(keeper.answer(tree_message({"verb": "check"}, tree(1))).header["error"])
    commit = {"verb": "commit", "head": Head(ID, 1, digest(tree(1))).as_json(), "source": "beta"}
    assert "must be locked" in str(say(keeper, commit)["error"])
    begin(keeper)
    assert "only what was checked" in str(say(keeper, commit)["error"])
    keeper.answer(tree_message({"verb": "check"}, tree(2)))
    assert "only what was checked" in str(say(keeper, commit)["error"])
    assert not (state / "cluster.toml").exists()


def test_the_receiver_itself_refuses_a_fresh_sender(keeper: Conversation, state: Path):
    """Whatever the peer believes: the rule holds here too."""
    begin(keeper)
    keeper.answer(tree_message({"verb": "check"}, tree(1)))
    first = {"verb": "commit", "source": "beta", "master": "alpha"}
    assert say(keeper, {**first, "head": Head(ID, 7, digest(tree(1))).as_json()})["ok"]
    for mistaken in (
        Head("", 0, digest(tree(2))),
        Head("2" * 32, 9, digest(tree(2))),
        Head(ID, 6, digest(tree(2))),
    ):
        keeper.answer(tree_message({"verb": "check"}, tree(2)))
        assert not say(keeper, {**first, "head": mistaken.as_json()})["ok"]
    assert Generations(state).tree() == tree(1)


def test_a_path_that_leaves_the_tree(keeper: Conversation):
    begin(keeper)
    for path in ("../node.toml", "/etc/shadow", "cluster.d/../../x"):
        answer = say(keeper, {"verb": "check", "files": [["cluster.toml", 0], [path, 0]]})
        assert "no place for a file" in str(answer["error"])


def test_commands_that_read(keeper: Conversation, state: Path):
    begin(keeper)
    answer = keeper.answer(Message({"verb": "hactl", "arguments": ["config", "history", "--json"]}))
    assert answer.header["code"] == 0, answer
    assert json.loads(answer.body)["generations"] == []
    assert say(keeper, {"verb": "hactl", "arguments": ["status"]})["code"] == 3
    for forbidden in (
        ["switch"],
        ["config", "apply", "/etc/x"],
        ["--socket", "/x", "status"],
        [],
        ["status", "-h"],
    ):
        assert "only commands that read" in str(
            say(keeper, {"verb": "hactl", "arguments": forbidden})["error"]
        )
    assert may_run(["history", "--last", "50"])
    assert may_run(["alarms", "--json"])
    assert not may_run(["alarms", "--test"])
    assert not may_run(["history", "--last", "-1"])
    assert not may_run(["history", "--last"])


@pytest.mark.parametrize(
    "data", [struct.pack("!II", 0xFFFFFFFF, 0), b"\0" * 4, encode(Message(HELLO))[:-3], b"x" * 99]
)
def test_a_broken_frame_ends_the_conversation(keeper: Conversation, data: bytes):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
        assert _serve(Channel(theirs.fileno(), theirs.fileno(), "the peer", 2.0), keeper) == 1


def test_a_silent_peer_ends_the_conversation():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(ChannelError, match="stopped answering"):
        Channel(theirs.fileno(), theirs.fileno(), "the peer", 0.05).receive()


def test_a_peer_that_does_not_read_ends_the_conversation():
    reading, writing = os.pipe()
    channel = Channel(reading, writing, "the peer", 0.05)
    with pytest.raises(ChannelError, match="stopped answering"):
        channel.send(Message({}, b"x" * (4 << 20)))
    os.close(reading)
    os.close(writing)
    assert decode(b"{}", b"").header == {}


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUsyz1HwHReFVvD8obgsATrJsDxytavwJ7dIz/HW admin@office"


def test_words_are_short_and_stable():
    key = parse_public_key(KEY, "here")
    assert key.line == KEY
    assert [len(word) for word in key.words.split()] == [5] * 5
    assert key.words == parse_public_key(key.short, "here").words
    assert "\n" not in authorized_keys(key).strip()
    assert authorized_keys(key).startswith('restrict,command="')
    assert known_hosts(key).startswith("hotspare-peer ssh-ed25519 ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEY + "\n" + KEY,
        KEY.replace("ssh-ed25519", "ssh-rsa", 1),
        KEY.replace("AAAAC3", "AAAAC4"),
        KEY.replace("/HW", ""),
        'command="sh" ' + KEY,
        "ssh-ed25519 %%%%",
        "ssh-ed25519 " + "A" * 2000,
    ],
)
def test_what_is_no_public_key(text: str):
    from hadaemon.sync.errors import SyncError

    with pytest.raises(SyncError, match=r"^here: "):
        parse_public_key(text, "here")


def test_a_comment_cannot_smuggle_anything():
    assert parse_public_key(KEY + '" command="sh', "here").comment == "admin@office-command-sh"


def test_what_ssh_says_becomes_a_sentence_of_ours():
    from ipaddress import IPv4Address

    peer = IPv4Address("192.168.180.3")
    assert "key that this node trusts" in failure("Host key verification failed.", peer)
    assert "does not accept" in failure("x@y: Permission denied (publickey).", peer)
    assert "the connection broke" in failure("", peer)
