"""A topology cannot be built wrong, and the standard pair is what the manual says."""

from dataclasses import replace
from ipaddress import IPv4Interface

import pytest

from firmware.lab.errors import TopologyError
from firmware.lab.topology import (
    STANDARD_PAIR,
    Cluster,
    Network,
    NetworkKind,
    PlannedClient,
    PlannedNode,
    Port,
)


def test_standard_pair_has_the_documented_addresses() -> None:
    alpha, beta = STANDARD_PAIR.nodes
    assert [str(port.addresses[0]) for port in alpha.ports] == [
        "192.168.12.141/24",
        "192.168.175.102/24",
        "192.168.180.2/24",
    ]
    assert beta.port("hotwire").mac == "52:54:00:48:0b:03"
    assert STANDARD_PAIR.cluster is not None
    assert STANDARD_PAIR.cluster.master == "alpha"


def test_unknown_names_are_refused_with_those_that_exist() -> None:
    with pytest.raises(TopologyError, match="no node 'gamma'") as caught:
        STANDARD_PAIR.node("gamma")
    assert "alpha, beta" in caught.value.todo
    with pytest.raises(TopologyError, match="no port 'dmz'"):
        STANDARD_PAIR.node("alpha").port("dmz")
    with pytest.raises(TopologyError, match="no network 'dmz'"):
        STANDARD_PAIR.network("dmz")


def test_a_mac_address_given_twice_is_refused() -> None:
    twin = PlannedClient("twin", "lan", STANDARD_PAIR.nodes[0].ports[0].mac, IPv4Interface("192.168.12.9/24"))
    with pytest.raises(TopologyError, match="MAC address '52:54:00:48:0a:01' is there more than once"):
        replace(STANDARD_PAIR, clients=(twin,))


def test_a_cable_has_two_ends() -> None:
    third = PlannedNode("gamma", (Port("hotwire", "52:54:00:48:0c:03", "hotwire"),))
    with pytest.raises(TopologyError, match="a cable has two ends"):
        replace(STANDARD_PAIR, nodes=(*STANDARD_PAIR.nodes, third), cluster=None)


def test_a_client_cannot_hang_on_a_cable() -> None:
    spy = PlannedClient("spy", "hotwire", "52:54:00:48:c0:09", IPv4Interface("192.168.180.9/24"))
    with pytest.raises(TopologyError, match="a client or provider needs a switch"):
        replace(STANDARD_PAIR, clients=(spy,))


def test_a_master_that_is_no_node_is_refused() -> None:
    with pytest.raises(TopologyError, match="no node 'gamma'"):
        replace(STANDARD_PAIR, cluster=Cluster("office", "gamma", ()))


def test_one_node_alone_keeps_a_carrier_on_its_hotwire() -> None:
    single = STANDARD_PAIR.only("alpha")
    assert [node.name for node in single.nodes] == ["alpha"]
    assert single.network("hotwire").kind is NetworkKind.SWITCH
    assert STANDARD_PAIR.only("alpha", "beta") == STANDARD_PAIR


def test_a_pair_without_a_network_for_its_ports_is_refused() -> None:
    with pytest.raises(TopologyError, match="no network 'wan'"):
        replace(
            STANDARD_PAIR,
            networks=(Network("lan", NetworkKind.SWITCH), Network("hotwire", NetworkKind.CABLE)),
        )
