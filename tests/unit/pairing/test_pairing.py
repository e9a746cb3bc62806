"""Pairing: the same code makes both hold the same, another code makes nothing, and guesses are counted."""

import base64
import contextlib
import errno
import json
import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from firmware.lab.deadline import stretched
from hadaemon.pairing import wire
from hadaemon.pairing.protocol import VERSION, Card, Exchange, Paired, Part, WrongCode, clean_code, new_code
from hadaemon.pairing.wire import PairingFailed, show, type_in
from hadaemon.sync.errors import SyncError
from hadaemon.sync.public_key import PublicKey

HERE = IPv4Address("127.0.0.1")
PREFIX = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
ALPHA = Card("alpha", PublicKey(PREFIX + b"a" * 32, "hotspare-alpha"))
BETA = Card("beta", PublicKey(PREFIX + b"b" * 32, "hotspare-beta"))


def exchanges(one: str, other: str) -> tuple[Exchange, Exchange]:
    showing, typing = Exchange(Part.SHOWS, one, ALPHA), Exchange(Part.TYPES, other, BETA)
    openings = showing.opening(), typing.opening()
    showing.take_opening(openings[1])
    typing.take_opening(openings[0])
    return showing, typing


def test_the_same_code_makes_a_pair():
    showing, typing = exchanges("012345", "012345")
    at_alpha = showing.take_card(typing.card())
    at_beta = typing.take_card(showing.card())
    assert (at_alpha.peer, at_beta.peer) == (BETA, ALPHA)
    assert at_alpha.heartbeat_secret == at_beta.heartbeat_secret
    assert len(base64.b64decode(at_alpha.heartbeat_secret)) == 32


def test_every_pairing_has_its_own_secret_and_it_is_never_sent():
    found = set()
    for _ in range(3):
        showing, typing = exchanges("012345", "012345")
        lines = typing.card() + showing.card()
        secret = typing.take_card(showing.card()).heartbeat_secret
        assert secret.encode() not in lines
        found.add(secret)
    assert len(found) == 3


def test_another_code_makes_nothing():
    showing, typing = exchanges("012345", "012346")
    with pytest.raises(WrongCode):
        showing.take_card(typing.card())
    with pytest.raises(WrongCode):
        typing.take_card(showing.card())


def test_a_card_cannot_be_sent_back_nor_changed():
    showing, typing = exchanges("012345", "012345")
    with pytest.raises(WrongCode):
        showing.take_card(showing.card())
    changed = json.loads(typing.card())
    changed["card"] = changed["card"].replace("beta", "evil")
    with pytest.raises(WrongCode):
        showing.take_card(json.dumps(changed).encode())


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"{}", b'{"hotspare": "1"}', b'{"hotspare": 1}', b'{"hotspare": 1, "spake2": "A"}', b"\xff"],
)
def test_nonsense_is_one_clear_error(line: bytes):
    with pytest.raises(SyncError):
        Exchange(Part.SHOWS, "012345", ALPHA).take_opening(line)


@pytest.mark.parametrize("version,whose", [(VERSION - 1, "the other node"), (VERSION + 1, "this node")])
def test_a_version_that_does_not_fit_is_told_with_whose_firmware_is_to_be_upgraded(version: int, whose: str):
    opening = json.loads(Exchange(Part.TYPES, "012345", BETA).opening()) | {"hotspare": version}
    with pytest.raises(SyncError, match=f"upgrade the firmware of {whose}$"):
        Exchange(Part.SHOWS, "012345", ALPHA).take_opening(json.dumps(opening).encode())


class Later(Exchange):
    """Of a firmware that says more."""

    def opening(self) -> bytes:
        return json.dumps(json.loads(super().opening()) | {"new": [1]}).encode()

    def _card_fields(self) -> dict[str, str]:
        return super()._card_fields() | {"new": "more"}


def test_a_later_firmware_pairs_with_the_one_before():
    showing, typing = Exchange(Part.SHOWS, "012345", ALPHA), Later(Part.TYPES, "012345", BETA)
    openings = showing.opening(), typing.opening()
    showing.take_opening(openings[1])
    typing.take_opening(openings[0])
    assert showing.take_card(typing.card()).peer == BETA
    assert typing.take_card(showing.card()).peer == ALPHA


def test_codes():
    assert all(len(clean_code(new_code())) == 6 for _ in range(20))
    assert clean_code(" 012-345 ") == "012345"
    for text in ("", "12345", "1234567", "12345a", "١٢٣٤٥٦"):
        with pytest.raises(SyncError, match="6 digits"):
            clean_code(text)


class Showing:
    """A node that shows a code, in a thread."""

    def __init__(self, code: str, shown: float = 10.0) -> None:
        self.kept: list[Paired] = []
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(code, shown))
        self._thread.start()

    def _run(self, code: str, shown: float) -> None:
        try:
            show(ALPHA, code, HERE, self.kept.append, shown)
        except Exception as error:  # noqa: BLE001 - told to the test
            self.error = error

    def end(self) -> None:
        self._thread.join(stretched(20))
        assert not self._thread.is_alive()


def test_an_address_that_is_still_to_come_is_waited_for_and_nothing_else(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire, "_AGAIN", 0.001)
    errors = [OSError(errno.EADDRNOTAVAIL, "not yet")] * 3

    def bind() -> str:
        if errors:
            raise errors.pop()
        return "bound"

    assert wire.patiently(bind) == "bound"
    for code, left in ((errno.EADDRNOTAVAIL, 0.0), (errno.EADDRINUSE, 60.0)):
        errors += [OSError(code, "never")]
        with pytest.raises(OSError, match="never"):
            wire.patiently(bind, left)


def attempt(code: str, keep: Callable[[Paired], None]) -> Paired:
    for _ in range(200):
        with contextlib.suppress(PairingFailed):
            return type_in(BETA, code, HERE, HERE, keep)
        threading.Event().wait(0.02)
    raise AssertionError("nobody listens")


@pytest.fixture(autouse=True)
def port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setattr(wire, "PORT", free.getsockname()[1])


def test_over_tcp_after_a_wrong_guess():
    showing = Showing("012345")
    kept: list[Paired] = []
    with pytest.raises(WrongCode):
        attempt("999999", kept.append)
    assert attempt("012345", kept.append).peer == ALPHA
    showing.end()
    assert showing.error is None
    assert [paired.peer for paired in (*kept, *showing.kept)] == [ALPHA, BETA]


def test_three_wrong_guesses_and_the_code_is_void():
    showing = Showing("012345")
    for _ in range(3):
        with pytest.raises(WrongCode):
            attempt("999999", lambda _: None)
    showing.end()
    assert isinstance(showing.error, PairingFailed)
    assert "void" in str(showing.error)
    assert showing.kept == []


def test_breaking_off_gives_no_more_guesses():
    showing = Showing("012345")
    for _ in range(3):
        for _ in range(200):
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", wire.PORT), 1) as connection,
            ):
                connection.sendall(b"x" * 10)
                break
            threading.Event().wait(0.02)
    showing.end()
    assert isinstance(showing.error, PairingFailed)


def test_a_code_is_good_for_a_while_only():
    showing = Showing("012345", shown=0.1)
    showing.end()
    assert "nobody typed" in str(showing.error)
