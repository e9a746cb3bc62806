"""Whatever is typed: no traceback, nothing half written, and a way to the end."""

import os
import string
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.screens.box import CARDS, DETECTED, DISKS, FACTS, PEER, RESULTS, Box
from hadaemon.config import ConfigError, check_preseed
from hadaemon.console.talk import Stopped, talk
from hadaemon.menu import actions
from hadaemon.menu.changes import FLOWS
from hadaemon.menu.first_boot import first_boot
from hadaemon.menu.later import Standing, later
from hadaemon.menu.steps import Failed, Flow, Translate
from tests.unit.console.talking import TRANSLATIONS, Person, set_up

KEYS = ("<", "?", "!", "", "1", "2", "3", "4", "-", "\x03", "\x04", "yes", "0", "99999999999999999999999")
WORDS = (
    *(
        "correct horse",
        "alpha",
        "lan",
        "wan",
        "hotwire",
        "dhcp",
        "detect",
        "create",
        "join",
        "alone",
        "stick",
    ),
    *("192.168.12.141/24", "192.168.12.1/24", "10.0.0.1/8 fe80::1/64", "192.168.12.300/24", "::/0"),
    *("ssh-ed25519 AAAA", "berlin", "utc", "a" * 5000, "\x1b[A", "ä", "\udc80", "\x00", "{0}", "%s", "²"),
)
TYPED = st.one_of(
    st.sampled_from(KEYS), st.sampled_from(WORDS), st.text(string.printable, max_size=20), st.text(max_size=5)
)
OUTCOMES = {
    "ReadCards": [CARDS, CARDS[:1], (), Failed(("no netlink",))],
    "Detect": [Failed(("no daemon",))],
    "Store": [(), Failed(("disk full",))],
    "Hactl": [(), Failed(())],
    "ReadPeer": [Failed(("silent",))],
}


@settings(max_examples=200)
@given(
    typed=st.lists(TYPED, max_size=60),
    failing=st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(each) for key, each in OUTCOMES.items()}
    ),
)
def test_no_row_of_answers_breaks_the_menu(typed: list[str], failing: dict[str, object]):
    person, box = Person(typed), Box(**failing)
    with suppress(EOFError, Stopped):
        set_up(person, box)
    for raw in box.stored():
        check_preseed(raw)
    assert all(line.isascii() for line in person.screen)


def test_the_rules_are_those_of_a_preseed():
    """A raw table that the menu would store is refused by the loader as a preseed is."""
    with pytest.raises(ConfigError):
        check_preseed({"schema": 1, "admin": {}, "node": {"name": "Alpha"}})


# Long random walks. A wanderer mostly answers sensibly, so that he comes far, and then does not.

SENSIBLE: Mapping[str, tuple[str, ...]] = {
    "password": ("correct horse",),
    "password-again": ("correct horse",),
    "ssh-key": (f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} admin@office",),
    "key": ("k" * 32,),
    "hostname": ("alpha", ""),
    "time-zone": ("berlin", "utc", ""),
    "addresses-lan": ("192.168.12.141/24", "192.168.12.150/24 fd00::1/64", "dhcp", "", "-"),
    "addresses-wan": ("192.168.175.102/24", "dhcp", "", "-"),
    "virtual-lan": ("192.168.12.1/24", "10.0.0.1/8 fe80::1/64", "192.168.200.1/24", ""),
    "virtual-wan": ("192.168.175.101/24", ""),
    "gateway": ("192.168.175.1", "192.168.12.9", "", "-"),
    "dns": ("9.9.9.9", ""),
    "ntp": ("pool.ntp.org", ""),
    "ssh": ("lan", "wan", ""),
    "follow-ports": ("wan", "lan", ""),
    "follow-services": ("a.service", ""),
    "bundle": ("/tmp/a.raucb",),
    "ping": ("192.168.12.1",),
    "factory-reset": ("alpha", "reset"),
    "continue": ("",),
}
CHOICES = ("1", "2", "3", "4", "5", "6", "9", "14", "")
SEED = int(os.environ.get("HOTSPARE_SEED", "1"))
STEPS = 200
"""Questions of one walk; then the line goes."""
NODE = {
    "admin": {},
    "node": {
        "name": "alpha",
        "ports": {
            "lan": {"mac": CARDS[0].mac, "addresses": ["192.168.12.141/24"]},
            "wan": {"mac": CARDS[1].mac, "addresses": []},
        },
    },
}
ENDS = {
    **{kind.__name__: (result,) for kind, result in RESULTS.items()},
    "ReadCards": (CARDS, CARDS, CARDS, CARDS[:1], (), Failed(("no netlink",))),
    "Detect": (DETECTED, Failed(("no daemon",))),
    "Store": ((), (), ("it is late",), Failed(("disk full",))),
    "ReadStick": ((), Failed(("there is no stick",))),
    "Hactl": ((), (), Failed(())),
    "ReadDisks": (DISKS, DISKS[:1], (), Failed(("no lsblk",))),
    "ReadPeer": (PEER, PEER, Failed(("silent",))),
    "Activate": ((), Failed(("not paired",))),
    "ReadNode": (NODE, NODE, NODE, Failed(("this box is not configured yet",))),
    **dict.fromkeys(("StoreNode", "StoreCluster", "ChangeAdmin", "RestoreGood"), ((), Failed(("no",)))),
    **dict.fromkeys(("FactoryReset", "AsRoot"), ((), Failed(("no",)))),
}
WRITING = (
    *(actions.Store, actions.StoreNode, actions.StoreCluster, actions.RestoreGood, actions.FactoryReset),
    actions.ReadStick,
)
AGREED = {"write": ("1", "yes"), "factory-reset": ("alpha", "reset"), "start": ("2", "stick")}
"""The answers after which something may be written."""
STANDINGS = (
    Standing("alpha", "cluster", ha_ports=("lan", "wan"), commands=frozenset({"capture", "firmware"})),
    Standing("alpha", "stand-alone", commands=frozenset({"firmware"}), installable=True),
    Standing("alpha", "refused", ("node.toml: ports: is missing",), good=True),
)


class Wanderer(Person):
    """Types by chance, the same with the same seed; and hangs up in the end."""

    def __init__(self, chance: Random) -> None:
        super().__init__([])
        self.chance = chance
        self.last = ("", "")

    def read(self, prompt: str) -> str:
        key = prompt.split()[0]
        self.screen = [prompt]
        self.asked.append(key)
        if len(self.asked) > STEPS:
            raise EOFError
        answer = self._answer(key)
        if answer == "\x03":
            raise KeyboardInterrupt
        if answer == "\x04":
            raise EOFError
        default = prompt.partition(" [")[2].rpartition("]")[0]
        self.last = key, answer or default
        return answer

    def write(self, line: str = "") -> None:
        assert line.isascii()
        assert line.isprintable()
        self.screen.append(line)

    def _answer(self, key: str) -> str:
        dice = self.chance.random()
        if dice < 0.85:
            return self.chance.choice(SENSIBLE.get(key, CHOICES))
        if dice < 0.93:
            return "<"
        if dice < 0.99:
            return self.chance.choice((*KEYS[1:9], *KEYS[11:], *WORDS))
        return self.chance.choice(("!", "\x03", "\x04"))


class Chances(Box):
    """Every action comes out by chance; what is written must be right, and agreed to just before."""

    def __init__(self, person: Wanderer) -> None:
        super().__init__()
        self._person = person
        self._agreed = False

    def __call__(self, action: object) -> object:
        self.done.append(action)
        if isinstance(action, WRITING):
            self._check(action)
        if isinstance(action, actions.Hactl) and action.arguments[0] == "install-to-disk":
            assert self._person.last[0] == "install-disk"
            assert action.arguments[1:] == (DISKS[1].path,), "the one that is not refused"
        return deepcopy(self._person.chance.choice(ENDS[type(action).__name__]))

    def _check(self, action: object) -> None:
        key, answer = self._person.last
        again = isinstance(action, actions.Store) and action.anew
        pair = isinstance(action, actions.StoreNode | actions.StoreCluster) and self._agreed
        agreed = answer in AGREED.get(key, ())
        assert agreed or again or pair, f"{action!r} after {answer!r} at {key}"
        self._agreed = self._agreed or agreed
        if isinstance(action, actions.Store):
            check_preseed(action.raw)


def begins() -> list[tuple[str, Callable[[Translate], Flow[Any]]]]:
    """Every flow; the longest one most often."""
    facts = FACTS, replace(FACTS, installable=True)
    first = [
        ("first", lambda _translation, known=known: first_boot(known, TRANSLATIONS)) for known in facts
    ] * 3
    menus = [("later", lambda translate, now=now: later(translate, now)) for now in STANDINGS]
    return first + menus + list(FLOWS.items())  # type: ignore[return-value, operator]


def walk(seed: int) -> Chances:
    """One of them, and what it did."""
    chance = Random(seed)
    person = Wanderer(chance)
    _, begin = chance.choice(begins())
    language = chance.choice(("en", "de"))
    box = Chances(person)
    with suppress(EOFError, Stopped, KeyboardInterrupt):
        talk(lambda: begin(TRANSLATIONS[language]), person, box, TRANSLATIONS, language)
    return box


FEW, MANY = 400, 8_000


def walks(first: int, count: int) -> list[Chances]:
    return [walk(SEED * 1_000_000 + number) for number in range(first, first + count)]


def test_a_few_hundred_random_walks():
    """They come far enough to do what is behind many questions; more of them where chance wants it so."""
    wanted = {actions.Store, actions.StoreNode, actions.Activate, actions.Pull}
    first = 0
    while first < FEW or (wanted and first < MANY):
        wanted -= {type(action) for box in walks(first, FEW) for action in box.done}
        first += FEW
    assert not wanted


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(20))
def test_a_hundred_thousand_random_walks(part: int):
    stored = sum(len(box.stored()) for box in walks(1000 + part * 5000, 5000))
    assert stored > 50, "they come far enough to write something"
