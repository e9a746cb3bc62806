"""A power cut at any step of writing: each file is the old or the new one, and the box works or asks again.

A child process does what the menu does, and is killed before its n-th step that touches a file, for every n.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from firmware.screens.box import CARDS, HASH, KEY
from hadaemon.config import load_admin
from hadaemon.console import changes, store
from hadaemon.console.main import configured
from hadaemon.console.perform import Performer
from hadaemon.menu import actions
from hadaemon.setup import apply
from hadaemon.setup.forget import forget_the_rest
from hadaemon.setup.good import better, keep_good
from hadaemon.setup.places import Owners, Places
from hadaemon.state.configuration import load_configuration
from hadaemon.status.states import Condition

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.chown", "os.symlink", "os.rmdir"}
"""What the interpreter tells of before it does it (PEP 578)."""
ALONE = {
    "schema": 1,
    "admin": {"password_hash": HASH},
    "node": {
        "name": "alpha",
        "ports": {
            "lan": {"mac": CARDS[0].mac, "addresses": ["192.168.12.141/24"]},
            "hotwire": {"mac": CARDS[2].mac},
        },
    },
}
MASTER = {
    **ALONE,
    "cluster": {
        "name": "office",
        "master": "alpha",
        "enabled": False,
        "hotwire": {"port": "hotwire"},
        "vrrp": {"vrid_offset": 50, "authentication": {"type": "hmac", "key": KEY}},
        "ha_interfaces": [{"port": "lan", "virtual_addresses": ["192.168.12.1/24"]}],
    },
}
OTHER = json.loads(json.dumps(ALONE["node"]).replace("192.168.12.141", "192.168.12.150"))
HASHES = (HASH, HASH.replace("x", "y"))
MANY = 400
"""Steps; more than anything here has."""


@pytest.fixture
def new_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Places]:
    monkeypatch.setattr(apply.socket, "sethostname", lambda name: None)
    monkeypatch.setattr(store.Effect, "_network", lambda *_: None)
    monkeypatch.setattr(changes, "run_program", lambda *_: "")
    monkeypatch.setattr(store, "ask_daemon", lambda *_: {})
    numbers = iter(range(MANY))

    def make() -> Places:
        places = Places(tmp_path / str(next(numbers)))
        for folder in (places.etc, places.console.parent, places.run, places.zones, places.state.parent):
            folder.mkdir(parents=True)
        (places.etc / "shadow").write_text("admin:!:20000:0:99999:7:::\nhotspare-sync:!:::::::\n")
        return places

    return make


def cut_off(places: Places, step: int, do: Callable[[], object]) -> bool:
    """Does it in a child that dies before the step; whether it came to an end before that."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            count = 0

            def watch(event: str, arguments: tuple[object, ...]) -> None:
                nonlocal count
                if event in EVENTS and str(arguments[0]).startswith(str(places.root)):
                    if count == step:
                        os.kill(os.getpid(), signal.SIGKILL)
                    count += 1

            sys.addaudithook(watch)
            do()
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "it failed by itself"
    return True


def perform(places: Places, action: object) -> object:
    return Performer(places, Owners())(action)


def until_the_end(
    new_places: Callable[[], Places],
    before: Callable[[Places], object],
    do: Callable[[Places], object],
    holds: Callable[[Places, bool], None],
) -> int:
    """The number of steps; after a cut at each of them, it holds."""
    for step in range(MANY):
        places = new_places()
        before(places)
        ended = cut_off(places, step, lambda places=places: do(places))  # type: ignore[misc]
        holds(places, ended)
        if ended:
            return step
    raise AssertionError("it never ends")


@pytest.mark.parametrize("raw", [ALONE, MASTER], ids=["alone", "master"])
def test_the_first_set_up(new_places: Callable[[], Places], raw: dict[str, object]):
    def holds(places: Places, ended: bool) -> None:
        found = load_configuration(places.state)
        if not configured(places):
            assert not ended
            assert found.condition is Condition.UNCONFIGURED
            assert perform(places, actions.Store(raw)) == (), "it asks again, and then it works"
            found = load_configuration(places.state)
        assert found.condition is (Condition.CLUSTER if "cluster" in raw else Condition.STAND_ALONE)
        assert load_admin(places.admin_file.read_text()).password_hash == HASH

    assert (
        until_the_end(new_places, lambda _: None, lambda places: perform(places, actions.Store(raw)), holds)
        > 10
    )


def test_a_master_that_is_set_up_anew_as_a_spare(new_places: Callable[[], Places]):
    """What was half written before does not come back: no cluster.toml of another life."""

    def holds(places: Places, ended: bool) -> None:
        found = load_configuration(places.state)
        assert found.condition in (Condition.CLUSTER, Condition.STAND_ALONE)
        assert found.node is not None
        if ended:
            assert found.condition is Condition.STAND_ALONE

    until_the_end(
        new_places,
        lambda places: perform(places, actions.Store(MASTER)),
        lambda places: perform(places, actions.Store(ALONE, anew=True)),
        holds,
    )


def test_other_addresses(new_places: Callable[[], Places]):
    def holds(places: Places, ended: bool) -> None:
        node = load_configuration(places.state).node
        assert node is not None
        (address,) = node.ports["lan"].addresses
        assert str(address) == "192.168.12.150/24" or (not ended and str(address) == "192.168.12.141/24")

    until_the_end(
        new_places,
        lambda places: perform(places, actions.Store(ALONE)),
        lambda places: perform(places, actions.StoreNode(OTHER)),
        holds,
    )


def test_another_password(new_places: Callable[[], Places]):
    def holds(places: Places, ended: bool) -> None:
        assert load_admin(places.admin_file.read_text()).password_hash in HASHES[int(ended) :]
        lines = (places.etc / "shadow").read_text().splitlines()
        assert len(lines) == 2, "shadow is whole"
        assert lines[0].split(":")[1] in HASHES[int(ended) :]

    until_the_end(
        new_places,
        lambda places: perform(places, actions.Store(ALONE)),
        lambda places: perform(places, actions.ChangeAdmin(HASHES[1])),
        holds,
    )


def test_the_last_good_configuration(new_places: Callable[[], Places]):
    def broken(places: Places) -> None:
        perform(places, actions.Store(MASTER))
        keep_good(load_configuration(places.state), places, Owners())
        for name in ("node.toml", "cluster.toml"):
            (places.state / name).write_text("nonsense")

    def holds(places: Places, ended: bool) -> None:
        found = load_configuration(places.state)
        if found.condition is Condition.REFUSED:
            assert not ended
            assert better(places), "it is offered again"
            perform(places, actions.RestoreGood())
            found = load_configuration(places.state)
        assert found.condition is Condition.CLUSTER

    until_the_end(new_places, broken, lambda places: perform(places, actions.RestoreGood()), holds)


def test_a_factory_reset(new_places: Callable[[], Places]):
    def holds(places: Places, ended: bool) -> None:
        if configured(places):
            assert not ended
            assert load_configuration(places.state).condition is Condition.CLUSTER, "nothing has begun"
            return
        forget_the_rest(places)
        assert list(places.state.iterdir()) == [], "the next start forgets what is left"
        assert perform(places, actions.Store(ALONE)) == ()
        assert load_configuration(places.state).condition is Condition.STAND_ALONE

    until_the_end(
        new_places,
        lambda places: perform(places, actions.Store(MASTER)),
        lambda places: perform(places, actions.FactoryReset()),
        holds,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_does_not_end_what_is_being_written(
    new_places: Callable[[], Places], monkeypatch: pytest.MonkeyPatch, number: int
):
    """Ctrl-C, a line that is cut, another console that takes the login prompts back."""
    places, effects = new_places(), []

    def take_effect(*_: object) -> tuple[str, ...]:
        os.kill(os.getpid(), number)
        effects.append(number)
        return ()

    before = signal.getsignal(number)
    monkeypatch.setattr(store, "take_effect", take_effect)
    assert perform(places, actions.Store(ALONE)) == ()
    assert effects == [number]
    assert configured(places)
    assert signal.getsignal(number) is before
