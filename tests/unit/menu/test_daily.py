"""The daily work on a pair: what is typed becomes an ordinary entry of cluster.toml, checked first."""

from copy import deepcopy
from typing import Any

import pytest

from firmware.screens.box import CARDS, Box
from hadaemon.config import check_cluster, load_cluster
from hadaemon.config.render import render_cluster
from hadaemon.menu import actions
from hadaemon.menu.changes import FLOWS
from hadaemon.menu.draft import SCHEMA
from tests.unit.console.talking import TRANSLATIONS, Person, converse

PAIR = {
    "admin": {},
    "node": {
        "name": "alpha",
        "ports": {
            "lan": {"mac": CARDS[0].mac, "addresses": ["192.168.12.141/24"]},
            "wan": {"mac": CARDS[1].mac, "addresses": ["192.168.175.102/24"]},
        },
    },
    "cluster": {
        "name": "office",
        "master": "alpha",
        "ha_interfaces": [
            {"port": "lan", "virtual_addresses": ["192.168.12.1/24"]},
            {"port": "wan", "virtual_addresses": ["192.168.175.101/24"]},
        ],
        "firewall": {
            "zones": {"internal": ["lan"], "external": ["wan"]},
            "rules": [{"name": "out", "action": "allow", "from": ["internal"], "to": ["external"]}],
        },
    },
}


def changed(flow: str, answers: dict[str, str]) -> dict[str, Any]:
    """The cluster as it is stored; what was there before is not touched until then."""
    before = deepcopy(PAIR)
    box = Box(ReadNode=before, StoreCluster=())
    person = Person({key: [text] for key, text in answers.items()} | {"write": ["1"]})
    converse(lambda: FLOWS[flow](TRANSLATIONS["en"]), person, box)
    (raw,) = (action.raw for action in box.done if isinstance(action, actions.StoreCluster))
    assert before == PAIR
    cluster = check_cluster({"schema": SCHEMA, **raw})
    assert load_cluster(render_cluster(cluster)) == cluster
    return dict(raw)


def test_a_vlan_of_both_boxes_may_have_a_virtual_address():
    """It is in cluster.toml alone; what differs from box to box stays as it is written."""
    before = deepcopy(PAIR)
    shared = {
        "ports": {"guests": {"parent": "lan", "vlan": 20}},
        "nodes": {
            "alpha": {"variables": {"host": "192.168.12.9"}},
            "beta": {"variables": {"host": "192.168.12.8"}},
        },
        "ping_groups": [{"name": "switch", "hosts": ["${host}"]}],
    }
    before["cluster"] |= shared
    box = Box(ReadNode=before, StoreCluster=())
    person = Person({"virtual-port": ["guests"], "virtual-addresses": ["10.0.0.1/24"], "write": ["1"]})
    converse(lambda: FLOWS["virtual"](TRANSLATIONS["en"]), person, box)
    (raw,) = (action.raw for action in box.done if isinstance(action, actions.StoreCluster))
    assert raw["ha_interfaces"][2] == {"port": "guests", "virtual_addresses": ["10.0.0.1/24"]}
    assert {key: raw[key] for key in shared} == shared


def test_a_port_forward_comes_from_outside():
    answers = {"forward-address": "2", "forward-services": "https tcp/8443", "forward-to": "192.168.12.80"}
    assert changed("forward", answers)["firewall"]["destination_nat"] == [
        {
            "services": ["https", "tcp/8443"],
            "to": "192.168.12.80",
            "from": ["external"],
            "address": "192.168.175.101",
        }
    ]


def test_a_rule_is_the_last_one():
    answers = {"rule-from": "wan", "rule-to": "node", "rule-services": "ssh"}
    first, last = changed("rule", answers)["firewall"]["rules"]
    assert first["name"] == "out"
    assert last == {"action": "allow", "from": ["wan"], "to": ["node"], "services": ["ssh"]}


@pytest.mark.parametrize(
    "port,addresses,expected",
    [
        (
            "1",
            "192.168.12.1/24 192.168.12.2/24",
            [["192.168.12.1/24", "192.168.12.2/24"], ["192.168.175.101/24"]],
        ),
        ("2", "-", [["192.168.12.1/24"]]),
        ("1", "", [["192.168.12.1/24"], ["192.168.175.101/24"]]),
    ],
)
def test_the_virtual_addresses_of_a_port(port: str, addresses: str, expected: list[list[str]]):
    raw = changed("virtual", {"virtual-port": port, "virtual-addresses": addresses})
    assert [each["virtual_addresses"] for each in raw["ha_interfaces"]] == expected


def test_gateway_and_names_are_changed_where_they_are():
    before = deepcopy(PAIR)
    before["cluster"]["dns"] = {"servers": ["192.168.12.5"]}
    box = Box(ReadNode=before, StoreCluster=(), StoreNode=())
    person = Person({"dns": ["9.9.9.9"], "write": ["1"]})
    converse(lambda: FLOWS["reach"](TRANSLATIONS["en"]), person, box)
    (stored,) = (action for action in box.done if isinstance(action, actions.StoreCluster))
    assert stored.raw["dns"] == {"servers": ["9.9.9.9"]}
    assert not [action for action in box.done if isinstance(action, actions.StoreNode)]


def test_a_dial_in_and_its_vlan():
    answers = {"dial-in-port": "2", "pppoe-user-wan": "u", "pppoe-password-wan": "p", "pppoe-vlan-wan": "7"}
    (line,) = changed("dial-in", answers)["follow"]["pppoe"]
    assert line == {"name": "wan0", "port": "wan", "user": "u", "password": "p", "vlan": 7}


def test_a_port_within_a_vlan():
    box = Box(ReadNode=deepcopy(PAIR), StoreNode=())
    answers = {"vlan-parent": ["1"], "vlan-tag": ["20"], "vlan-name": ["guest"]}
    person = Person(answers | {"addresses-guest": ["192.168.20.141/24"], "write": ["1"]})
    converse(lambda: FLOWS["vlan"](TRANSLATIONS["en"]), person, box)
    (stored,) = (action.raw for action in box.done if isinstance(action, actions.StoreNode))
    assert stored["ports"]["guest"] == {"parent": "lan", "vlan": 20, "addresses": ["192.168.20.141/24"]}


@pytest.mark.parametrize("flow", ["forward", "rule", "virtual", "dial-in"])
def test_a_box_without_a_cluster_says_so(flow: str):
    alone = {key: value for key, value in PAIR.items() if key != "cluster"}
    person, box = Person({}), Box(ReadNode=alone)
    converse(lambda: FLOWS[flow](TRANSLATIONS["en"]), person, box)
    assert "This box is in no cluster." in person.text
    assert box.done == [actions.ReadNode()]
