"""Which ports are outer ones, and what comes in at them for an address of another port."""

from hadaemon.config import load_node
from hadaemon.firewall.outer import outer_ports
from tests.unit.firewall.rules import NODE, chain, cluster, node, rules

OUTER = """
[[firewall.rules]]
action = "drop"
from = ["outside"]
to = ["node"]
source = ["203.0.113.0/24"]
[[firewall.rules]]
action = "allow"
from = ["outside"]
to = ["node"]
services = ["ssh"]
[[firewall.rules]]
action = "allow"
from = ["outside"]
to = ["node"]
destination = ["192.168.0.1"]
services = ["https"]
[[firewall.source_nat]]
address = "192.168.1.100"
from = ["inside"]
to = ["outside"]
"""


def test_on_an_outer_port_only_its_own_addresses_answer_and_those_that_a_rule_names():
    found = rules(OUTER)
    assert 'set outer {\n\t\ttype ifname\n\t\telements = { "eth0" }' in found.text
    listed = chain(found, "input")
    astray = "iifname @outer fib daddr type local fib daddr . iif type != local jump elsewhere"
    assert listed.index("ct state invalid jump broken") < listed.index(astray) < listed.index("jump needed")
    rest = chain(found, "elsewhere")[2:]
    assert rest == [
        "jump user_input",
        "iifname @port_outside ip saddr 203.0.113.0/24 ct state new counter drop",
        "iifname @port_outside ip daddr 192.168.0.1/32 tcp dport 443 ct state new accept",
        "counter drop",
    ]


ROUTES = '[[routes]]\ndestination = "0.0.0.0/0"\ngateway = "192.168.1.254"\n'


def test_outer_ports_are_where_the_rest_of_the_world_is():
    plain, none = node(), cluster("")
    assert outer_ports(plain, none) == ()
    assert outer_ports(plain, cluster(OUTER)) == ("outside",)
    assert outer_ports(plain, cluster(HAIRPIN)) == (), "what stays inside is no way out"
    assert outer_ports(plain, cluster(ROUTES)) == ("outside",)
    assert outer_ports(plain, cluster(ROUTES.replace("0.0.0.0/0", "10.0.0.0/8"))) == ()
    dynamic = NODE.replace("[ports.dmz]\n", "[ports.dmz]\ndhcp = true\n")
    assert outer_ports(load_node(dynamic), none) == ("dmz",)
    assert outer_ports(load_node(NODE + ROUTES), None) == ("outside",), "a node that stands alone"


HAIRPIN = """
[[firewall.source_nat]]
address = "192.168.0.100"
from = ["inside"]
to = ["inside"]
"""
