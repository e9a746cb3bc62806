"""The preseed file of a lab node says what the topology says, in the documented form."""

import re
import tomllib
from ipaddress import IPv4Interface

from firmware.lab.preseed import make_password, render_preseed
from firmware.lab.topology import STANDARD_PAIR, Cluster, HaInterface

ALPHA = STANDARD_PAIR.nodes[0]


def test_the_standard_node() -> None:
    preseed = tomllib.loads(render_preseed(ALPHA, STANDARD_PAIR.cluster, "$6$salt$hash"))
    assert preseed["schema"] == 1
    assert preseed["admin"] == {"password_hash": "$6$salt$hash"}
    assert preseed["node"]["name"] == "alpha"
    assert preseed["node"]["ports"]["lan"] == {
        "mac": "52:54:00:48:0a:01",
        "addresses": ["192.168.12.141/24"],
    }
    assert preseed["cluster"]["master"] == "alpha"
    assert preseed["cluster"]["hotwire"] == {"port": "hotwire"}
    assert preseed["cluster"]["ha_interfaces"] == [
        {"port": "lan", "virtual_addresses": ["192.168.12.1/24"]},
        {"port": "wan", "virtual_addresses": ["192.168.175.101/24"]},
    ]


def test_a_node_without_a_cluster_has_no_such_table() -> None:
    preseed = tomllib.loads(render_preseed(ALPHA, None, "$6$x", ssh_keys=["ssh-ed25519 AAAA a@b"]))
    assert "cluster" not in preseed
    assert preseed["admin"]["ssh_keys"] == ["ssh-ed25519 AAAA a@b"]


def test_a_cluster_without_a_hotwire_has_no_such_table() -> None:
    cluster = Cluster("x", "alpha", (HaInterface("lan", (IPv4Interface("10.0.0.1/8"),)),))
    assert "hotwire" not in tomllib.loads(render_preseed(ALPHA, cluster, "$6$x"))["cluster"]


def test_what_must_be_quoted_is_quoted() -> None:
    text = 'a"b\\c'
    assert tomllib.loads(render_preseed(ALPHA, None, text))["admin"]["password_hash"] == text


def test_passwords_are_random_and_easy_to_type() -> None:
    first, second = make_password(), make_password()
    assert first != second
    assert re.fullmatch("[a-z2-9]{12}", first)
