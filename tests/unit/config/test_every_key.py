"""What is read is written again, key by key: in the examples each has a value that is not its default."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass

import pytest

from hadaemon.config import load_cluster, load_node, render_cluster, render_node
from tests.unit.config import (
    test_alarms,
    test_checks,
    test_election,
    test_follow,
    test_network,
    test_routes,
    test_vrrp,
)

NODE = f"""
schema = 1
name = "alpha"
language = "de"
time_zone = "Europe/Berlin"
[ports.lan]
mac = "52:54:00:48:0a:01"
dhcp = true
{test_alarms.ALARMS}
ca = '''{test_alarms.PEM}'''
"""
"""What no other example says, as in the next one."""
CLUSTER = f"""
schema = 1
name = "office"
master = "alpha"
enabled = false
sync = "on-apply"
[vrrp]
vrid_offset = 60
advertisement_interval = "50ms"
preempt = false
checksum = "rfc5798"
[hotwire]
port = "hotwire"
interval = "50ms"
missed = 5
advertisements = true
protection = "none"
[conntrack]
enabled = false
protocols = ["icmp", "tcp"]
ignore = ["10.9.0.0/16", "2001:db8:9::1"]
helpers = ["ftp/2121", "sip"]
max_connections = 524288
[kernel]
"net.ipv4.tcp_timestamps" = 0
"net.ipv4.tcp_rmem" = "4096 131072 6291456"
[networks]
office = ["192.168.12.0/24", "2001:db8:12::/64"]
servers = {{ file = "servers.txt" }}
trusted = ["office", "servers", "203.0.113.7"]
[services]
web = ["https", "tcp/8080-8088"]
work = ["web", "ssh"]
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24", "2001:db8:12::1/64"]
advertisement_interval = "2s"
[ha_interfaces.router_advertisements]
valid_lifetime = "2592000s"
other = true
[firewall]
ping = false
log_invalid = "off"
log_dropped = "5/second"
established = "by-rule"
[firewall.zones]
home = ["lan"]
[[firewall.rules]]
name = "office to a server"
action = "allow"
from = ["home"]
to = ["wan"]
source = ["192.168.12.0/24", "trusted", "!servers", "!192.168.12.66"]
destination = ["198.51.100.0/24"]
services = ["tcp/443", "work"]
states = ["new", "established"]
log = true
[[firewall.rules]]
action = "reject"
to = ["node"]
[[firewall.source_nat]]
address = "none"
destination = ["office"]
[[firewall.source_nat]]
address = "192.168.12.1-192.168.12.3"
source = ["office"]
[[firewall.source_nat]]
address = "192.168.12.1"
from = ["home"]
to = ["wan"]
source = ["192.168.12.0/24"]
destination = ["198.51.100.0/24"]
[[firewall.destination_nat]]
address = "192.168.12.1"
from = ["wan"]
source = ["198.51.100.0/24"]
services = ["https"]
to = "192.168.12.80"
to_port = 8443
[[follow.dhcp]]
port = "lan"
range = "192.168.12.100-192.168.12.199"
lease = "2h"
gateway = "192.168.12.254"
[[follow.wireguard]]
name = "wg0"
private_key = "{test_follow.KEY}"
addresses = ["10.8.0.1/24"]
mtu = 1400
[[follow.wireguard.peers]]
public_key = "{test_follow.KEY}"
allowed = ["10.8.0.2/32", "servers"]
[[follow.pppoe]]
vlan = 7
name = "wan0"
port = "modem"
user = "me@provider.example"
password = "very secret"
default_route = false
mtu = 1480
[follow.haproxy]
enabled = true
on_backup = false
[alarms.webhook]
url = "https://alarms.example.org/"
user = "hotspare"
password = "very secret"
body = "{{text}}"
content_type = "text/plain"
"""
NODES = [load_node(NODE), load_node(test_network.NODE + test_network.COMMON)]
LISTS = {"servers.txt": "# ours\n10.9.0.0/24\n\n10.9.1.7  # the mail server\n"}
CLUSTERS = [
    load_cluster(CLUSTER, lists=LISTS),
    *map(load_cluster, test_vrrp.EVERYTHING.values()),
    load_cluster(test_election.CLUSTER + test_election.EVERYTHING),
    load_cluster(test_checks.CLUSTER + test_checks.EVERYTHING + test_checks.HOOK),
    load_cluster(test_network.CLUSTER + test_network.ADVERTISING + test_network.COMMON),
    load_cluster(test_follow.CLUSTER + test_follow.FOLLOW),
    load_cluster(test_routes.CLUSTER + test_routes.ROUTES),
]
NO_KEY = {"NodeConfig.paired_as", "NodeConfig.shared", "ClusterConfig.variables", "ClusterConfig.nodes"}
"""A file of its own has the first; test_nodes has the others, which are in a cluster.toml for both nodes."""


def values_in(value: object) -> Iterator[tuple[str, object, object]]:
    """Each field of the configuration: its name, its value, its default."""
    if is_dataclass(value):
        for each in fields(value):
            if f"{type(value).__name__}.{each.name}" in NO_KEY:
                continue
            default = each.default if each.default_factory is MISSING else each.default_factory()
            yield f"{type(value).__name__}.{each.name}", getattr(value, each.name), default
            yield from values_in(getattr(value, each.name))
    elif isinstance(value, Mapping):
        yield from (found for inner in value.values() for found in values_in(inner))
    elif isinstance(value, tuple):
        yield from (found for inner in value for found in values_in(inner))


def test_the_examples_have_each_key():
    found = [each for config in (*NODES, *CLUSTERS) for each in values_in(config)]
    said = {name for name, value, default in found if value != default}
    silent = {name for name, _, _ in found} - said
    assert not silent, f"give a value that is not the default to {sorted(silent)}, in NODE or CLUSTER above"


@pytest.mark.parametrize("config", [*NODES, *CLUSTERS])
def test_it_is_written_as_it_was_read(config):
    again = (
        load_node(render_node(config))
        if config in NODES
        else load_cluster(render_cluster(config), lists=LISTS)
    )
    pairs = zip(values_in(config), values_in(again), strict=False)
    other = [name for (name, before, _), (_, after, _) in pairs if before != after]
    assert again == config, f"hadaemon/config/render*.py does not write one of {other}"
