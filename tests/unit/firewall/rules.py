"""Configurations for the tests of the firewall."""

from hadaemon.config import ClusterConfig, NodeConfig, check_pair, load_cluster, load_node
from hadaemon.firewall.ruleset import RuleSet, rule_set

NODE = """
schema = 1
name = "alpha"
[ports.inside]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.0.1/24"]
[ports.outside]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.1.1/24"]
[ports.dmz]
mac = "52:54:00:48:0a:03"
[ports.hotwire]
mac = "52:54:00:48:0a:04"
"""

CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
[[ha_interfaces]]
port = "inside"
virtual_addresses = ["192.168.0.100/24", "2001:db8::1/64"]
[[ha_interfaces]]
port = "outside"
virtual_addresses = ["192.168.1.100/24"]
"""

INTERFACES = {"inside": ("eth1",), "outside": ("eth0",), "hotwire": ("eth3",)}
"""The card of dmz is not there."""


def node() -> NodeConfig:
    return load_node(NODE)


def cluster(firewall: str) -> ClusterConfig:
    found = load_cluster(CLUSTER + firewall)
    check_pair(node(), found)
    return found


def rules(firewall: str) -> RuleSet:
    return rule_set(node(), cluster(firewall), INTERFACES)


def chain(found: RuleSet, name: str) -> list[str]:
    """The rules of a chain, without their comments."""
    lines = found.text.splitlines()
    begin = lines.index(f"\tchain {name} {{") + 1
    return [line.strip().partition(" comment ")[0] for line in lines[begin : lines.index("\t}", begin)]]
