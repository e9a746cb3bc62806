"""A power cut at any step of writing: each file is the old or the new one, and the box works or asks again.

A child process does what the menu does, and is killed before its n-th step that touches a file, for every n.
Of each cut there are two: what was done is there, and what was not synced is lost.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from firmware.screens.box import CARDS, HASH, KEY, Box
from hadaemon.config import check_preseed, load_admin, render_cluster
from hadaemon.config.commented import commented
from hadaemon.console import changes, store
from hadaemon.console.main import configured
from hadaemon.console.perform import Performer
from hadaemon.menu import actions
from hadaemon.setup import apply
from hadaemon.setup.forget import forget_the_rest
from hadaemon.setup.good import better, keep_good
from hadaemon.setup.places import Owners, Places
from hadaemon.state.configuration import load_configuration
from hadaemon.state.sshd_config import SSH_FOLDER
from hadaemon.status.states import Condition
from tests.unit.console.talking import Person, set_up
from tests.unit.menu.test_first_boot import CREATE, JOIN

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
EVERYTHING = CREATE | {
    "virtual-lan": ["192.168.200.1/24"],
    "dhcp-server-lan": ["yes"],
    "dhcp-dns-lan": ["9.9.9.9"],
    "gateway": ["192.168.175.1"],
    "dns": ["9.9.9.9"],
    "ntp": ["pool.ntp.org"],
    "ssh": ["lan"],
    "internet": ["wan"],
}
"""Answers for a master with a way out, a DHCP server, and what counts for both boxes."""
OTHER = json.loads(json.dumps(ALONE["node"]).replace("192.168.12.141", "192.168.12.150"))
HASHES = (HASH, HASH.replace("x", "y"))
MANY = 400
"""Steps; more than anything here has."""


@pytest.fixture
def new_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Places]:
    monkeypatch.setattr(apply.socket, "sethostname", lambda name: None)
    monkeypatch.setattr(store.Effect, "_network", lambda *_: None)
    monkeypatch.setattr(store, "Effect", partial(store.Effect, run=run_nothing))
    monkeypatch.setattr(changes, "run_program", lambda *_: "")
    monkeypatch.setattr(store, "ask_daemon", lambda *_: {})
    numbers = count()

    def make() -> Places:
        places = Places(tmp_path / str(next(numbers)))
        folders = (
            places.etc,
            places.console.parent,
            places.run,
            places.zones / "Europe",
            places.state.parent,
        )
        for folder in (*folders, (places.root / SSH_FOLDER).parent):
            folder.mkdir(parents=True, exist_ok=True)
        (places.zones / "Europe/Berlin").write_text("TZif")
        (places.etc / "shadow").write_text("admin:!:20000:0:99999:7:::\nhotspare-sync:!:::::::\n")
        return places

    return make


def run_nothing(*command: str) -> str:
    """But the keys that are looked for afterwards are made."""
    if command[0] == "ssh-keygen":
        for name in (command[-1], f"{command[-1]}.pub"):
            Path(name).write_text("a key\n")
    return ""


class Cache:
    """What the system has not written to the disk yet, of the files in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._open: set[str] = set()
        """Files whose content is not synced."""
        self._moved: dict[str, bytes | None] = {}
        """What was at the target of a rename that is not synced."""

    def note(self, event: str, arguments: tuple[object, ...]) -> None:
        """Before it happens."""
        path = str(arguments[0])
        if event == "open" and int(str(arguments[2])) & (os.O_WRONLY | os.O_RDWR):
            self._open.add(path)
        if event == "os.rename":
            target = Path(str(arguments[1]))
            self._moved[str(target)] = target.read_bytes() if target.is_file() else None
            if path in self._open:
                self._open.add(str(target))

    def synced(self, path: str) -> None:
        """A file, or what was renamed in a folder."""
        self._open.discard(path)
        self._moved = {target: old for target, old in self._moved.items() if str(Path(target).parent) != path}

    def lose(self) -> None:
        """As a power cut does, at its worst."""
        for path in self._open:
            if Path(path).is_file():
                os.truncate(path, 0)
        for target, old in self._moved.items():
            Path(target).unlink(missing_ok=True)
            if old is not None:
                Path(target).write_bytes(old)


def cut_off(places: Places, step: int, loses: bool, do: Callable[[], object]) -> bool:
    """Does it in a child that dies before the step; whether it came to an end before that."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            cache, done, cutting = Cache(places.root), 0, False

            def step_of(path: str) -> None:
                nonlocal done, cutting
                if cutting or not path.startswith(str(places.root)):
                    return
                if done == step:
                    cutting = True
                    if loses:
                        cache.lose()
                    os.kill(os.getpid(), signal.SIGKILL)
                done += 1

            def watch(event: str, arguments: tuple[object, ...]) -> None:
                if event in EVENTS and not cutting:
                    step_of(str(arguments[0]))
                    cache.note(event, arguments)

            def sync(descriptor: int) -> None:
                path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
                step_of(path)
                fsync(descriptor)
                cache.synced(path)

            fsync, os.fsync = os.fsync, sync
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
        for loses in (False, True):
            places = new_places()
            before(places)
            ended = cut_off(places, step, loses, lambda places=places: do(places))  # type: ignore[misc]
            holds(places, ended)
        if ended:
            return step
    raise AssertionError("it never ends")


def answered(answers: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """What a set-up stores, one after the other."""
    box = Box()
    set_up(Person(answers), box)
    return box.stored()


@pytest.mark.parametrize("raw", [ALONE, MASTER, *answered(EVERYTHING)], ids=["alone", "master", "everything"])
def test_the_first_set_up(new_places: Callable[[], Places], raw: dict[str, Any]):
    """A blank box, which asks again, or one that has all of it."""
    whole = check_preseed(raw)

    def holds(places: Places, ended: bool) -> None:
        found = load_configuration(places.state)
        if not configured(places):
            assert not ended
            assert found.condition is Condition.UNCONFIGURED
            assert perform(places, actions.Store(raw)) == (), "it asks again, and then it works"
            found = load_configuration(places.state)
        assert found.condition is (Condition.CLUSTER if "cluster" in raw else Condition.STAND_ALONE)
        assert (found.node, found.cluster) == (whole.node, whole.cluster)
        if whole.cluster is not None:
            assert (places.state / "cluster.toml").read_text() == commented(render_cluster(whole.cluster))
        assert load_admin(places.admin_file.read_text()).password_hash == HASH

    assert (
        until_the_end(new_places, lambda _: None, lambda places: perform(places, actions.Store(raw)), holds)
        > 10
    )


def test_a_spare_that_has_its_ports(new_places: Callable[[], Places]):
    """After the pairing it has its cards and addresses, or still none of them; then it pulls."""
    first, second = answered(JOIN)
    nodes = [check_preseed(raw).node for raw in (first, second)]

    def holds(places: Places, ended: bool) -> None:
        found = load_configuration(places.state)
        assert found.condition is Condition.STAND_ALONE
        assert found.node in nodes[int(ended) :]

    until_the_end(
        new_places,
        lambda places: perform(places, actions.Store(first)),
        lambda places: perform(places, actions.Store(second, anew=True)),
        holds,
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
