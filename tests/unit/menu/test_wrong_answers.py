"""Every wrong answer at every question: refused there, with what is expected, and nothing is done."""

import ast
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

import hadaemon.menu
from firmware.screens.box import CARDS, FACTS, PEER, Box
from hadaemon.console.talk import LONGEST
from hadaemon.console.translations import ORIGINAL
from hadaemon.menu import actions
from hadaemon.menu.changes import FLOWS
from hadaemon.menu.first_boot import first_boot
from hadaemon.menu.later import Standing, later
from hadaemon.menu.steps import Failed, Flow
from tests.unit.console.talking import TRANSLATIONS, Person, converse
from tests.unit.menu.test_first_boot import CREATE, JOIN

MENU = Path(hadaemon.menu.__file__).parent
VOICE = TRANSLATIONS[ORIGINAL]
KEY = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} admin@office"
STANDING = Standing(
    "alpha",
    "cluster",
    ha_ports=("lan", "wan"),
    commands=frozenset({"capture", "firmware"}),
    examples=(("dsl-modem", "Two firewalls at one DSL modem."), ("test-case", "Six rules.")),
)
NODE = {
    "admin": {},
    "node": {
        "name": "alpha",
        "ports": {
            "lan": {"mac": CARDS[0].mac, "addresses": ["192.168.12.141/24"]},
            "wan": {"mac": CARDS[1].mac, "dhcp": True},
        },
    },
    "cluster": {
        "name": "office",
        "master": "alpha",
        "ha_interfaces": [{"port": "lan", "virtual_addresses": ["192.168.12.1/24"]}],
    },
}
ANYWHERE = ("x" * (LONGEST + 1), "\x1b[A", "a\x00b", "tab\there", "\udcff")
NO_NUMBER = ("0", "99", "-1", "1.0", "one", "²", "99999999999999999999999", "yes!")
DOTTED = ("192.168.12", "192.168.12.300", "fe80:::1", "host name", "1.2.3.4/24")


@dataclass(frozen=True)
class Way:
    """How a question is reached."""

    begin: Callable[[], Flow[object]]
    answers: Mapping[str, list[str]]
    results: Mapping[str, object] = field(default_factory=dict)


def _first(answers: Mapping[str, list[str]], **results: object) -> Way:
    return Way(lambda: first_boot(FACTS, TRANSLATIONS), answers, results)


def _later(*row: tuple[str, str]) -> Way:
    return Way(lambda: later(VOICE, STANDING), {key: [text] for key, text in row}, {"AsRoot": ()})


def _change(flow: str, **answers: str) -> Way:
    return Way(lambda: FLOWS[flow](VOICE), {key: [text] for key, text in answers.items()}, {"ReadNode": NODE})


FORWARD = _change(
    "forward",
    **{"forward-address": "1", "forward-services": "https", "forward-to": "192.168.12.80", "write": "1"},
)
RULE = _change("rule", **{"rule-from": "lan", "rule-to": "wan", "rule-services": "https", "write": "1"})
VLAN = _change(
    "vlan",
    **{
        "vlan-parent": "1",
        "vlan-tag": "20",
        "vlan-name": "guest",
        "addresses-guest": "10.0.0.1/24",
        "write": "1",
    },
)
DIAL = _change(
    "dial-in",
    **{"dial-in-port": "2", "pppoe-user-wan": "u", "pppoe-password-wan": "right one", "write": "1"},
)
MASTER = _first(CREATE)
SPARE = _first(JOIN)
SAME_NETWORK = _first(CREATE | {"dhcp-server-lan": ["yes"], "dhcp-server-lan-conflict": ["no"]})
LEASES = _first(CREATE | {"virtual-lan": ["192.168.200.1/24"], "dhcp-server-lan": ["yes"]})
DIALS = _first(
    CREATE
    | {
        "addresses-wan": ["pppoe"],
        "pppoe-user-wan": ["0815@provider.example"],
        "pppoe-password-wan": ["right one"],
    }
)
NO_HA = _first(CREATE | {"addresses-lan": ["dhcp"], "addresses-wan": ["dhcp"]})
UNREADABLE = Way(
    lambda: first_boot(replace(FACTS, unreadable=True), TRANSLATIONS),
    {"language": ["1"], "unreadable": ["2"]},
)
QUESTIONS: Mapping[str, tuple[Way, tuple[str, ...]]] = {
    "language": (MASTER, ("", *NO_NUMBER)),
    "start": (MASTER, NO_NUMBER),
    "admin": (MASTER, NO_NUMBER),
    "password": (MASTER, ("", "short", "a" * 129, "passwörter", "seven c")),
    "password-again": (MASTER, ("", "Correct horse", "correct horse ")),
    "ssh-key": (
        _first(CREATE | {"admin": ["both"], "ssh-key": [KEY]}),
        ("", "ssh-rsa", "ssh-rsa nonsense", "-----BEGIN OPENSSH PRIVATE KEY-----", f'command="sh" {KEY}'),
    ),
    "hostname": (MASTER, ("Fire Wall", "-a", "a-", "a" * 64, "fw..example", "büro", "fw_a")),
    "time-zone": (MASTER, ("Middle Earth", "europe", "/", "../../etc/passwd", "e")),
    "cards": (MASTER, NO_NUMBER),
    "purpose": (MASTER, ("", *NO_NUMBER)),
    "hotwire-find": (MASTER, NO_NUMBER),
    "hotwire": (MASTER, ("4", *NO_NUMBER)),
    "port-1": (MASTER, ("hotwire", "W", "1lan", "a" * 16, "l an", "lan/0", "-x")),
    "port-2": (MASTER, ("lan", "hotwire")),
    "addresses-lan": (
        MASTER,
        (
            *("192.168.12.300/24", "192.168.12.141", "192.168.12.141/33", "192.168.12.0/24", "lan"),
            *("::1/129", "192.168.12.141/24 192.168.12.141/24", "127.0.0.1/8", "224.0.0.1/24"),
            "dhcp 10.0.0.1/8",
        ),
    ),
    "addresses-wan": (MASTER, ("192.168.12.141/24",)),
    "pppoe-user-wan": (DIALS, ("", "b\u00fcro", "x" * 129)),
    "pppoe-password-wan": (DIALS, ("", "pa\u00dfwort", "x" * 129)),
    "pppoe-vlan-wan": (DIALS, ("0", "4095", "-1", "seven", "7.0", "\u0667")),
    "gateway": (MASTER, (*DOTTED, "192.168.99.1", "192.168.12.141", "fe80::1")),
    "dns": (MASTER, (*DOTTED, "dns.example.org")),
    "ntp": (MASTER, ("-pool", "a..b", "http://pool.ntp.org", "time_server")),
    "ssh": (MASTER, ("nowhere", "hotwire", "22")),
    "cluster": (MASTER, ("Büro", "Of Fice", "-", "a" * 64)),
    "vrid-offset": (MASTER, ("255", "-1", "minus one", "1e2", "50.0", "٥")),
    "virtual-lan": (
        MASTER,
        (
            *("192.168.12.141/24", "192.168.12.300/24", "192.168.12.1", "192.168.12.0/24", "dhcp"),
            *("192.168.12.1/24 192.168.12.1/24", "224.0.0.18/24"),
        ),
    ),
    "virtual-wan": (MASTER, ("192.168.12.1/24", "192.168.175.102/24")),
    "dhcp-server-lan": (MASTER, NO_NUMBER),
    "dhcp-server-lan-conflict": (SAME_NETWORK, ("", "3", *NO_NUMBER)),
    "dhcp-range-lan": (
        LEASES,
        (
            *("192.168.200.100", "192.168.12.10-192.168.12.20", "192.168.200.20-192.168.200.10", "from-to"),
            *("192.168.200.1-192.168.200.9", "2001:db8::1-2001:db8::9"),
        ),
    ),
    "dhcp-lease-lan": (LEASES, ("1s", "forever", "-1h", "12", "99d")),
    "dhcp-dns-lan": (LEASES, ("dns.example.org", "192.168.12.300", "2001:db8::53")),
    "internet": (MASTER, NO_NUMBER),
    "go-out": (MASTER, ("wan", "dmz", "lan wan", "hotwire")),
    "source-nat": (MASTER, NO_NUMBER),
    "follow-ports": (
        _first(CREATE | {"virtual-lan": [""]}),
        ("wan", "hotwire", "dmz", "lan lan"),
    ),
    "follow-services": (
        MASTER,
        ("openvpn", "a.service a.service", "../x.service", "hadaemon.service", "a b.service"),
    ),
    "priority": (MASTER, NO_NUMBER),
    "passphrase": (MASTER, NO_NUMBER),
    "key": (
        _first(CREATE | {"passphrase": ["own"], "key": ["k" * 32]}),
        ("", "short", "k" * 31, "k" * 65, "hex:00", "hex:" + "g" * 64, "ä" * 32),
    ),
    "write": (MASTER, ("", "no", "2", *NO_NUMBER)),
    "repair": (NO_HA, ("", "2", *NO_NUMBER)),
    "pair": (MASTER, NO_NUMBER),
    "check": (MASTER, NO_NUMBER),
    "pair-again": (_first(CREATE | {"pair-again": ["2"]}, Hactl=Failed(())), NO_NUMBER),
    "join-again": (_first(JOIN, ReadPeer=[Failed(("silent",)), PEER]), NO_NUMBER),
    "card-lan": (SPARE, ("3", *NO_NUMBER)),
    "card-wan": (SPARE, ("2", *NO_NUMBER)),
    "unreadable": (UNREADABLE, NO_NUMBER),
    "menu": (_later(("menu", "status")), NO_NUMBER),
    **{
        key: (_later(("menu", key)), NO_NUMBER)
        for key in ("switch", "maintenance", "synchronize", "firmware", "keys", "network")
    },
    "diagnostics": (_later(("menu", "diagnostics"), ("diagnostics", "history")), NO_NUMBER),
    "reboot": (_later(("menu", "reboot")), NO_NUMBER),
    "poweroff": (_later(("menu", "power-off")), NO_NUMBER),
    "firewall": (_later(("menu", "firewall")), NO_NUMBER),
    "example": (_later(("menu", "firewall"), ("firewall", "examples")), NO_NUMBER),
    "backup-file": (_later(("menu", "backup"), ("backup-file", "/data/a")), ("", "a.backup", "../a")),
    "virtual-port": (_change("virtual", **{"virtual-port": "lan", "write": "1"}), ("", "3", *NO_NUMBER)),
    "virtual-addresses": (
        _change("virtual", **{"virtual-port": "lan", "write": "1"}),
        ("-", "192.168.12.141/24", "192.168.12.1", "192.168.12.300/24"),
    ),
    "vlan-parent": (VLAN, ("", "3", *NO_NUMBER)),
    "vlan-tag": (VLAN, ("", "0", "4095", "-1", "twenty", "2.0")),
    "vlan-name": (VLAN, ("", "lan", "hotwire!", "Guest", "a" * 11, "g st")),
    "dial-in-port": (DIAL, ("", "3", *NO_NUMBER)),
    "forward-address": (FORWARD, ("", "2", *NO_NUMBER)),
    "forward-services": (FORWARD, ("", "no-such-service", "tcp/99999", "tcp/0")),
    "forward-to": (FORWARD, ("", *DOTTED)),
    "rule-from": (RULE, ("", "dmz", "hotwire", "node")),
    "rule-to": (RULE, ("", "dmz", "hotwire")),
    "rule-services": (RULE, ("", "no-such-service", "tcp/99999")),
    "bundle": (_later(("menu", "firmware"), ("firmware", "install"), ("bundle", "/a.raucb")), ("",)),
    "ping": (
        _later(("menu", "diagnostics"), ("diagnostics", "ping"), ("ping", "192.168.12.1")),
        ("", *DOTTED, "-f", "192.168.12.1; reboot"),
    ),
    "capture": (_later(("menu", "diagnostics"), ("diagnostics", "capture")), ("3", *NO_NUMBER)),
    "install-disk": (_change("install-to-disk"), ("3", "/dev/sda", *NO_NUMBER)),
    "installed": (_change("install-to-disk", **{"install-disk": "1"}), NO_NUMBER),
    "port": (_change("network", port="lan", write="1"), ("", "3", *NO_NUMBER)),
    "factory-reset": (
        _change("factory-reset", **{"factory-reset": "alpha"}),
        ("", "yes", "beta", "ALPHA", "reset"),
    ),
}
CHOICES_WITHOUT_EXAMPLE = {"password", "password-again", "key", "pppoe-password-wan", "factory-reset"}
"""Questions that a good example would answer badly."""


DEEDS: Mapping[str, object] = dict.fromkeys(("AsRoot", "StoreNode", "StoreCluster", "FactoryReset"), ())


class Wrong(Person):
    """Answers wrongly at one question, then as prepared; keeps what the console said to each wrong answer."""

    def __init__(self, answers: Mapping[str, list[str]], key: str, wrong: list[str], box: Box) -> None:
        super().__init__(deepcopy(dict(answers)))
        self._key, self._wrong, self._box = key, wrong, box
        self._waits: tuple[str, int, list[object]] | None = None
        self.said: list[tuple[str, list[str]]] = []
        self.reached = False

    def read(self, prompt: str) -> str:
        key = prompt.split()[0]
        if self._waits is not None:
            text, before, done = self._waits
            self._waits = None
            assert key == self._key, f"{text!r} was accepted at {self._key}"
            assert self._box.done == done, f"{text!r} had something done"
            self.said.append((text, self.screen[before:]))
        if key == self._key:
            self.reached = True
            if self._wrong:
                text = self._wrong.pop(0)
                self.screen.append(prompt)
                self._waits = text, len(self.screen), list(self._box.done)
                return text
        return super().read(prompt)


def reach(key: str, wrong: tuple[str, ...]) -> Wrong:
    """What was said to each wrong answer."""
    way, _ = QUESTIONS[key]
    box = Box(
        **(
            {"AsRoot": (), "StoreNode": (), "StoreCluster": (), "FactoryReset": ()}
            | deepcopy(dict(way.results))
        )
    )
    person = Wrong(way.answers, key, list(wrong), box)
    try:
        converse(way.begin, person, box)
    except AssertionError as error:
        if key not in ("repair",) or "no answer to" not in str(error):
            raise  # Nobody who gave no port an address gets past the summary.
    assert person.reached, f"nobody was asked {key}"
    return person


@pytest.mark.parametrize("key", QUESTIONS)
def test_wrong_answers_are_refused_where_they_are_given(key: str):
    wrong = (*QUESTIONS[key][1], *ANYWHERE)
    person = reach(key, wrong)
    assert [text for text, _ in person.said] == list(wrong)
    for text, lines in person.said:
        told = " ".join(" ".join(lines).split())
        assert told.startswith("! "), f"{key}: {text!r}: {told}"
        assert "expected: " in told, f"{key}: {text!r}: {told}"
        assert "Traceback" not in told
        assert len(told) < 500, "what was typed is not repeated at any length"
        assert "\x1b" not in told


def keys_in_the_code() -> set[str]:
    """The first argument of every question; of one that is put together, its beginning."""
    found = set()
    for file in MENU.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Ask", "Choose")
            ):
                first = node.args[0]
                if isinstance(first, ast.JoinedStr):
                    first = first.values[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_no_question_is_left_out():
    known = keys_in_the_code()
    assert len(known) > 40
    for key in known:
        assert any(
            question == key or (key.endswith("-") and question.startswith(key)) for question in QUESTIONS
        ), f"{key}: add it to QUESTIONS, with its wrong answers"


@pytest.mark.parametrize("key", QUESTIONS)
def test_help_says_what_is_expected_and_how_to_go_back(key: str):
    person = Wrong(QUESTIONS[key][0].answers, key, ["?"], box := Box())
    box._results |= DEEDS | dict(deepcopy(QUESTIONS[key][0].results))
    try:
        converse(QUESTIONS[key][0].begin, person, box)
    except AssertionError as error:
        if key != "repair" or "no answer to" not in str(error):
            raise
    ((_, lines),) = person.said
    told = " ".join(" ".join(lines).split())
    assert "< goes back, ! stops." in told
    expected = re.search(r"expected: (.*) < goes back", told)
    assert expected, told
    choice = re.match(r"(a number from 1 to \d+|1)( |$)", expected[1])
    assert choice or "e.g." in expected[1] or key in CHOICES_WITHOUT_EXAMPLE, expected[1]
    assert len(lines) > 2, "it explains something"


def test_a_password_is_in_no_answer_of_the_menu():
    person = reach("password", ("secret",))
    assert all("secret" not in line for _, lines in person.said for line in lines)
    person = reach("key", ("a secret that is too short",))
    assert all("a secret" not in line for _, lines in person.said for line in lines)


def test_a_deed_is_never_what_was_typed_wrongly():
    person = reach("ping", ("192.168.12.1; reboot",))
    assert person._box.done == [actions.Run(("ping", "-c", "4", "192.168.12.1"))]
