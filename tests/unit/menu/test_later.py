"""The menu of a configured box: every entry does what its command does, and nothing without being asked."""

from copy import deepcopy
from dataclasses import replace

import pytest

from firmware.screens.box import CARDS, HASH, Box
from hadaemon.config import check_preseed
from hadaemon.console.talk import Stopped
from hadaemon.console.translations import ORIGINAL
from hadaemon.menu import actions
from hadaemon.menu.changes import FLOWS
from hadaemon.menu.draft import SCHEMA
from hadaemon.menu.later import Standing, later
from hadaemon.menu.steps import Failed
from tests.unit.console.talking import TRANSLATIONS, Person, converse
from tests.unit.menu.test_daily import PAIR

CLUSTER = Standing("alpha", "cluster", ha_ports=("lan", "wan"), commands=frozenset({"capture", "firmware"}))
ALONE = Standing("alpha", "stand-alone", commands=frozenset({"firmware"}))
REFUSED = Standing("alpha", "refused", ("node.toml: ports: is missing",), good=True)
NODE = {
    "admin": {},
    "node": {
        "name": "alpha",
        "ports": {
            "lan": {"mac": CARDS[0].mac, "addresses": ["192.168.12.141/24"]},
            "wan": {"mac": CARDS[1].mac, "dhcp": True},
        },
    },
}


def chosen(standing: Standing, *row: str) -> list[object]:
    """What is done after one round of answers."""
    person, box = Person([*row, ""]), Box(AsRoot=())
    assert converse(lambda: later(TRANSLATIONS[ORIGINAL], standing), person, box) is True
    return box.done


@pytest.mark.parametrize(
    "row,action",
    [
        (["status"], actions.Hactl(("status",))),
        (["1"], actions.Hactl(("status",))),
        (["alarms"], actions.Hactl(("alarms",))),
        (["support"], actions.Hactl(("support",), root=True)),
        (["switch", "yes"], actions.Hactl(("switch",))),
        (["switch", "force"], actions.Hactl(("switch", "--force"))),
        (["maintenance", "on"], actions.Hactl(("maintenance", "on"))),
        (["maintenance", "deactivate"], actions.Hactl(("config", "deactivate"), root=True)),
        (["maintenance", "activate"], actions.Hactl(("config", "activate"), root=True)),
        (["synchronize", ""], actions.Hactl(("config", "diff", "--peer"), root=True)),
        (["synchronize", "to-peer"], actions.Hactl(("config", "sync", "--to-peer"), root=True)),
        (["synchronize", "rollback"], actions.Hactl(("config", "rollback"), root=True)),
        (["firmware", ""], actions.Hactl(("firmware", "status"), root=True)),
        (["firmware", "rollback"], actions.Hactl(("firmware", "rollback"), root=True)),
        (
            ["firmware", "install", "", "--help"],
            actions.Hactl(("firmware", "install", "--", "--help"), root=True),
        ),
        (["keys", "show"], actions.Hactl(("key", "show"), root=True)),
        (["keys", "pair-enter"], actions.Hactl(("pair", "enter"), root=True)),
        (["network", "ports"], actions.Hactl(("status", "--verbose"))),
        (["network", "addresses"], actions.AsRoot("network")),
        (["network", "reach"], actions.AsRoot("reach")),
        (["network", "hotwire"], actions.Hactl(("hotwire", "detect"))),
        (["password"], actions.AsRoot("password")),
        (
            ["diagnostics", "ping", "300.1.1.1", "192.168.12.1"],
            actions.Run(("ping", "-c", "4", "192.168.12.1")),
        ),
        (["diagnostics", "capture", "wan"], actions.Hactl(("capture", "wan", "--seconds", "10"), root=True)),
        (["diagnostics", "check"], actions.Hactl(("config", "check"))),
        (["leave-cluster"], actions.Hactl(("config", "reset"), root=True)),
        (["factory-reset"], actions.AsRoot("factory-reset")),
        (["reboot", "yes"], actions.Run(("sudo", "-n", "systemctl", "reboot"))),
        (["power-off", "yes"], actions.Run(("sudo", "-n", "systemctl", "poweroff"))),
        (["shell"], actions.Run(("/bin/bash",))),
    ],
)
def test_an_entry_is_its_command(row: list[str], action: object):
    assert chosen(CLUSTER, *row) == [action]


@pytest.mark.parametrize("row", [["switch", ""], ["maintenance", ""], ["reboot", ""], ["power-off", "no"]])
def test_enter_alone_changes_nothing(row: list[str]):
    assert chosen(CLUSTER, *row) == []


def test_only_what_is_possible_is_offered():
    person = Person(["leave"])
    assert converse(lambda: later(TRANSLATIONS[ORIGINAL], ALONE), person, Box()) is False
    assert "create a cluster" in person.text
    assert "install-to-disk" not in person.text
    assert "firmware" in person.text
    assert "switch to the other box" not in person.text
    assert len(person.screen) < 24


def test_what_is_wrong_is_shown_and_the_last_good_one_offered_first():
    person, box = Person(["", ""]), Box(AsRoot=())
    converse(lambda: later(TRANSLATIONS[ORIGINAL], REFUSED), person, box)
    assert "! node.toml: ports: is missing" in person.text
    assert box.done == [actions.AsRoot("last-good")]


def flow(name: str, person: Person, box: Box) -> None:
    converse(lambda: FLOWS[name](TRANSLATIONS[ORIGINAL]), person, box)


def test_another_password_leaves_the_key_alone():
    box = Box(ChangeAdmin=())
    flow("password", Person(["1", "correct horse", "correct horse"]), box)
    assert box.done[-1] == actions.ChangeAdmin(HASH, "")
    assert "correct" not in repr(box.done)


def test_other_addresses_are_checked_with_the_whole():
    person, box = (
        Person(["lan", "192.168.12.300/24", "192.168.12.150/24", "1"]),
        Box(ReadNode=NODE, StoreNode=()),
    )
    flow("network", person, box)
    (stored,) = (action.raw for action in box.done if isinstance(action, actions.StoreNode))
    assert stored["ports"]["lan"] == {"mac": CARDS[0].mac, "addresses": ["192.168.12.150/24"]}
    assert stored["ports"]["wan"] == NODE["node"]["ports"]["wan"]


def test_how_it_reaches_others_is_offered_as_it_is_and_what_is_not_asked_stays():
    node = {
        **NODE["node"],
        "routes": [
            {"destination": "10.0.0.0/8", "gateway": "192.168.12.2"},
            {"destination": "default", "gateway": "192.168.12.1"},
        ],
        "dns": {"servers": ["192.168.12.5"], "search": ["example.org"]},
        "ssh": {"ports": ["lan"], "tcp_port": 2222},
    }
    present = {"admin": {}, "node": node}
    box = Box(ReadNode=deepcopy(present), StoreNode=())
    flow("reach", Person(["", "", "", "", "1"]), box)
    assert box.done[-1] == actions.StoreNode(node)
    person = Person(["192.168.12.3", "-", "pool.ntp.org", "nowhere", "-", "1"])
    box = Box(ReadNode=deepcopy(present), StoreNode=())
    flow("reach", person, box)
    assert "dns [192.168.12.5] > " in person.screen
    assert 'no port "nowhere"' in " ".join(person.text.split())
    (stored,) = (action.raw for action in box.done if isinstance(action, actions.StoreNode))
    assert present["node"] == node
    assert stored["routes"] == [node["routes"][0], {"destination": "default", "gateway": "192.168.12.3"}]
    assert stored["ntp"] == {"servers": ["pool.ntp.org"]}
    assert not {"dns", "ssh"} & stored.keys()


ROUTES = [
    {"destination": "0.0.0.0/0", "gateway": "192.168.12.1"},
    {"destination": "default", "gateway": "192.168.12.7", "table": 100},
    {"destination": "0.0.0.0/0", "type": "unreachable", "table": 100, "metric": 4000},
    {"destination": "10.0.0.0/8", "type": "blackhole"},
    {"destination": "default", "gateway": "192.168.12.9", "while": "backup", "metric": 50},
]
POLICIES = [{"table": 100, "source": ["192.168.20.0/24"]}]


@pytest.mark.parametrize(
    "answer,first",
    [
        ("", ROUTES[:1]),
        ("192.168.12.3", [{"destination": "default", "gateway": "192.168.12.3"}]),
        ("-", []),
    ],
)
def test_routes_that_the_menu_does_not_ask_for_stay_as_they_are_written(
    answer: str, first: list[dict[str, str]]
):
    node = {**NODE["node"], "routes": ROUTES, "policy_routes": POLICIES}
    person, box = Person([answer, "", "", "", "1"]), Box(ReadNode={"admin": {}, "node": node}, StoreNode=())
    flow("reach", person, box)
    assert "gateway [192.168.12.1] > " in person.screen
    (stored,) = (action.raw for action in box.done if isinstance(action, actions.StoreNode))
    assert sorted(map(str, stored["routes"])) == sorted(map(str, first + ROUTES[1:]))
    assert stored["policy_routes"] == POLICIES


def test_a_table_and_who_asks_it_become_the_pair_s_together():
    """Without the policy the spare would refuse a table that nobody asks."""
    present = deepcopy(NODE)
    present["node"] |= {"routes": deepcopy(ROUTES[:4]), "policy_routes": deepcopy(POLICIES)}
    answers = {"hotwire": ["1"], "virtual-lan": ["192.168.12.6/24"], "write": ["1"], "pair": ["later"]}
    box = Box(ReadNode=present, StoreNode=(), StoreCluster=())
    flow("create", Person(answers), box)
    _, cluster, last = (each.raw for each in box.done if hasattr(each, "raw"))
    assert (cluster["routes"], cluster["policy_routes"]) == (ROUTES[:4], POLICIES)
    assert not {"routes", "policy_routes"} & last.keys()
    last["name"], last["ports"]["lan"]["addresses"] = "beta", ["192.168.12.142/24"]
    spare = {"schema": SCHEMA, "admin": {"password_hash": HASH}, "node": last, "cluster": cluster}
    assert check_preseed(spare).cluster is not None


def test_a_box_that_stands_alone_creates_a_cluster_later():
    answers = {"hotwire": ["1"], "virtual-lan": ["192.168.12.1/24"], "write": ["1"], "pair": ["1"]}
    box = Box(ReadNode=NODE, StoreNode=(), StoreCluster=())
    flow("create", Person(answers), box)
    kinds = [type(action) for action in box.done][-5:]
    order = [actions.StoreNode, actions.StoreCluster, actions.Hactl, actions.Activate, actions.Hactl]
    assert kinds == order
    (cluster,) = (action.raw for action in box.done if isinstance(action, actions.StoreCluster))
    assert cluster["master"] == "alpha"


def test_a_gateway_that_the_box_has_becomes_the_pair_s_and_is_never_missing():
    present = deepcopy(NODE)
    present["node"]["routes"] = [{"destination": "default", "gateway": "192.168.12.254"}]
    answers = {"hotwire": ["1"], "virtual-lan": ["192.168.12.1/24"], "write": ["1"], "pair": ["later"]}
    box = Box(ReadNode=present, StoreNode=(), StoreCluster=())
    flow("create", Person(answers), box)
    first, cluster, last = (each.raw for each in box.done if hasattr(each, "raw"))
    assert first["routes"] == cluster["routes"] == present["node"]["routes"]
    assert "routes" not in last


def test_a_box_that_stands_alone_joins_later():
    answers = {"hotwire": ["1"], "write": ["1"]}
    box = Box(ReadNode=NODE, StoreNode=())
    flow("join", Person(answers), box)
    stored = [action.raw for action in box.done if isinstance(action, actions.StoreNode)]
    assert list(stored[-1]["ports"]) == ["lan", "wan", "hotwire"]
    assert type(box.done[-1]) is actions.Pull


def test_a_factory_reset_wants_the_name():
    box = Box(ReadNode=NODE, FactoryReset=())
    flow("factory-reset", Person(["yes", "beta", "alpha"]), box)
    assert box.done[-1] == actions.FactoryReset()
    with pytest.raises(Stopped):
        flow("factory-reset", Person(["!"]), box := Box(ReadNode=NODE))
    assert box.done == [actions.ReadNode()]


def test_a_box_with_another_disk_can_be_installed_on_it():
    assert chosen(replace(ALONE, installable=True), "install-to-disk") == [actions.AsRoot("install-to-disk")]


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_a_deed_that_fails_is_told(name: str):
    answers = {
        "password": ["correct horse"],
        "password-again": ["correct horse"],
        "port": ["1"],
        "hotwire": ["1"],
        "virtual-lan": ["192.168.12.1/24"],
        "virtual-port": ["1"],
        "vlan-parent": ["1"],
        "vlan-tag": ["20"],
        "vlan-name": ["guest"],
        "dial-in-port": ["2"],
        "pppoe-user-wan": ["u"],
        "pppoe-password-wan": ["right one"],
        "forward-address": ["1"],
        "forward-services": ["https"],
        "forward-to": ["192.168.12.80"],
        "rule-from": ["lan"],
        "rule-to": ["wan"],
        "rule-services": ["https"],
        "factory-reset": ["alpha", "reset"],
        "write": ["1"],
    }
    bad = Failed(("the disk is full",))
    failing = dict.fromkeys(
        ("StoreNode", "StoreCluster", "ChangeAdmin", "RestoreGood", "FactoryReset", "Activate", "ReadDisks"),
        bad,
    )
    person = Person(answers)
    daily = name in ("virtual", "forward", "rule", "dial-in")
    flow(name, person, Box(ReadNode=PAIR if daily else NODE, **failing))
    assert "! the disk is full" in person.text
    unreadable = Person(answers | {"factory-reset": ["reset"]})
    flow(name, unreadable, Box(**failing | {"ReadNode": bad}))
    assert "! the disk is full" in unreadable.text
