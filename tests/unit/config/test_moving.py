"""Own addresses and VLANs go from node.toml into cluster.toml and back: the node always has the same."""

import tomllib
from copy import deepcopy

import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import shared_ports
from hadaemon.config.moving import to_cluster, to_node
from hadaemon.state.configuration import check_texts

NODE = {
    "schema": 1,
    "name": "alpha",
    "ports": {
        "lan": {"mac": "52:54:00:48:0a:01", "addresses": ["192.168.12.141/24"]},
        "trunk": {
            "members": ["52:54:00:48:0a:02", "52:54:00:48:0a:03"],
            "bond_mode": "lacp",
            "addresses": [],
        },
        "guests": {"parent": "trunk", "vlan": 20, "addresses": ["192.168.20.141/24"]},
        "hotwire": {"mac": "52:54:00:48:0a:04"},
    },
}
CLUSTER = {
    "schema": 1,
    "name": "office",
    "master": "alpha",
    "hotwire": {"port": "hotwire"},
    "ha_interfaces": [{"port": "lan", "virtual_addresses": ["192.168.12.1/24"]}],
}


def ports(node: dict, cluster: dict) -> dict:
    found = check_texts(tomli_w.dumps(node), tomli_w.dumps(cluster), "node.toml", "cluster.toml")
    assert found.problems == ()
    assert found.node is not None
    return dict(found.node.ports)


def test_there_and_back_again():
    there = to_cluster(NODE, CLUSTER)
    assert there.node["ports"] == {
        "lan": {"mac": "52:54:00:48:0a:01"},
        "trunk": {"members": ["52:54:00:48:0a:02", "52:54:00:48:0a:03"]},
        "hotwire": {"mac": "52:54:00:48:0a:04"},
    }
    assert there.cluster["nodes"] == {
        "alpha": {"addresses": {"lan": ["192.168.12.141/24"], "guests": ["192.168.20.141/24"]}}
    }
    assert there.cluster["ports"] == {
        "trunk": {"bond_mode": "lacp"},
        "guests": {"parent": "trunk", "vlan": 20},
    }
    assert ports(there.node, there.cluster) == ports(NODE, CLUSTER)
    shared = shared_ports(tomli_w.dumps(there.node), tomli_w.dumps(there.cluster))
    back = to_node(there.node, there.cluster, shared)
    assert ports(back.node, back.cluster) == ports(NODE, CLUSTER)
    assert back.cluster["nodes"] == {"alpha": {}}
    assert back.cluster["ports"] == there.cluster["ports"], "the other node may need it"


def test_ended_in_between_it_is_the_same():
    there = to_cluster(NODE, CLUSTER)
    assert ports(NODE, there.cluster) == ports(NODE, CLUSTER)
    again = to_cluster(NODE, there.cluster)
    assert (again.node, again.cluster, again.kept) == (there.node, there.cluster, ())


def test_what_cluster_toml_says_otherwise_stays():
    cluster = {**deepcopy(CLUSTER), "ports": {"guests": {"parent": "trunk", "vlan": 21}}}
    cluster["nodes"] = {"alpha": {"addresses": {"lan": ["192.168.12.150/24"]}}}
    there = to_cluster(NODE, cluster)
    assert there.kept == ("ports.lan.addresses", "ports.guests.vlan")
    assert ports(there.node, there.cluster) == ports(NODE, CLUSTER), "node.toml counts"


@given(st.lists(st.sampled_from(["lan", "guests", "trunk"]), unique=True), st.booleans())
def test_neither_way_changes_what_the_node_has(moved: list[str], addressed: bool):
    node = deepcopy(NODE)
    for port in moved:
        if not addressed:
            node["ports"][port].pop("addresses")
    before = ports(node, CLUSTER)
    there = to_cluster(node, CLUSTER)
    assert ports(there.node, there.cluster) == before
    shared = shared_ports(tomli_w.dumps(there.node), tomli_w.dumps(there.cluster))
    back = to_node(there.node, there.cluster, shared)
    assert ports(back.node, back.cluster) == before
    assert tomllib.loads(tomli_w.dumps(back.cluster)) == back.cluster
