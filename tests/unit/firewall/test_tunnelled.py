"""What is for a tunnel leaves by it or not at all."""

from hadaemon.config import load_cluster, load_node
from hadaemon.firewall.tunnelled import beside_ports, tunnelled
from tests.unit.firewall.rules import CLUSTER, NODE, chain, cluster, node, rules

KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
TUNNEL = f"""
[[follow.wireguard]]
name = "wg0"
private_key = "{KEY}"
addresses = ["10.20.0.1/24"]
[[follow.wireguard.peers]]
public_key = "{KEY}"
allowed = ["10.30.0.0/24", "10.30.1.0/24", "2001:db8:30::/48"]
"""
NAT = """
[[firewall.source_nat]]
address = "192.168.1.100"
from = ["inside"]
to = ["outside", "wg0"]
"""
ROUTE = '[[routes]]\ndestination = "0.0.0.0/0"\ngateway = "192.168.1.254"\n'


def test_the_networks_of_a_tunnel_are_its_own_and_those_behind_it() -> None:
    assert tunnelled(node(), cluster(TUNNEL)) == (["10.20.0.0/24", "10.30.0.0/23"], ["2001:db8:30::/48"])
    assert tunnelled(node(), cluster("")) == tunnelled(node(), None) == ([], [])


def test_what_the_configuration_leads_elsewhere_too_is_spared() -> None:
    elsewhere = '[[routes]]\ndestination = "10.30.0.0/16"\ngateway = "192.168.1.254"\n'
    assert tunnelled(node(), cluster(elsewhere + TUNNEL))[0] == ["10.20.0.0/24"]
    assert tunnelled(node(), cluster(ROUTE + TUNNEL))[0] == ["10.20.0.0/24", "10.30.0.0/23"], (
        "a default is no way"
    )
    everything = TUNNEL.replace("2001:db8:30::/48", "::/0").replace("10.30.0.0/24", "0.0.0.0/0")
    assert tunnelled(node(), cluster(everything)) == (["10.20.0.0/24", "10.30.1.0/24"], [])


def test_it_would_leave_by_outer_ports_and_the_tunnel_is_none() -> None:
    assert beside_ports(node(), cluster(NAT + TUNNEL)) == ["outside"]
    assert beside_ports(node(), cluster(TUNNEL)) == []
    assert beside_ports(load_node(NODE + ROUTE), load_cluster(CLUSTER + TUNNEL)) == ["outside"]


def test_a_backup_reaches_the_networks_through_the_active_node() -> None:
    through = '[[routes]]\ndestination = "0.0.0.0/0"\ngateway = "192.168.0.100"\nwhile = "backup"\n'
    assert beside_ports(load_node(NODE + through), cluster(TUNNEL)) == []


def test_it_is_dropped_before_any_connection_or_rule_counts() -> None:
    found = rules(NAT + TUNNEL)
    assert 'set beside {\n\t\ttype ifname\n\t\telements = { "eth0" }' in found.text
    drop = "oifname @beside ip daddr @tunnelled4 counter drop"
    forward = chain(found, "forward")
    assert forward.index(drop) < forward.index("ct state { established, related } accept")
    output = chain(found, "output")
    own = "oifname @beside ip daddr @tunnelled4 meta mark != 0x48e counter drop"
    assert output.index(own) < output.index("jump user_output")
