"""[[routes]] of other kinds, in tables, and for a while; [[policy_routes]]."""

from ipaddress import ip_network

import pytest

from hadaemon.config import ClusterConfig, ConfigError, NodeConfig, check_pair, load_cluster, load_node
from hadaemon.config.backup_reach import Reach
from hadaemon.config.network_model import PolicyRoute, Route, RouteKind, System, While
from tests.unit.config.test_kernel import CLUSTER as WITH_KERNEL

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.175.102/24"]
[ports.hotwire]
mac = "52:54:00:48:0a:03"
"""
CLUSTER = WITH_KERNEL.replace("[kernel]", '[hotwire]\nport = "hotwire"')
ROUTES = """
[[routes]]
destination = "10.0.0.0/8"
type = "blackhole"
[[routes]]
destination = "2001:db8::/32"
type = "unreachable"
metric = 9
[[routes]]
destination = "default"
gateway = "192.168.175.9"
table = 100
[[routes]]
destination = "10.7.0.0/16"
type = "prohibit"
table = 100
[[routes]]
destination = "default"
gateway = "192.168.175.1"
while = "active"
[[routes]]
destination = "default"
gateway = "192.168.12.1"
while = "backup"
[[policy_routes]]
table = 100
source = ["192.168.12.0/26", "192.168.12.0/26"]
from = ["lan"]
mark = 0x10
"""


def route(lines: str) -> str:
    return f"[[routes]]\n{lines}\n"


def policy(lines: str) -> str:
    return f"[[policy_routes]]\n{lines}\n"


def read(lines: str) -> ClusterConfig:
    return load_cluster(CLUSTER + lines)


def pair(shared: str, own: str = "") -> tuple[NodeConfig, ClusterConfig]:
    node, cluster = load_node(NODE + own), read(shared)
    check_pair(node, cluster)
    return node, cluster


def test_what_is_read():
    _, cluster = pair(ROUTES)
    everything = ip_network("0.0.0.0/0")
    black, unreachable, table, prohibited, active, backup = cluster.system.routes
    assert black == Route(ip_network("10.0.0.0/8"), kind=RouteKind.BLACKHOLE)
    assert (unreachable.kind, unreachable.metric) == (RouteKind.UNREACHABLE, 9)
    assert (table.destination, table.table, prohibited.table) == (everything, 100, 100)
    assert (active.exists_while, backup.exists_while) == (While.ACTIVE, While.BACKUP)
    assert all(each.is_kept for each in cluster.system.routes)
    (found,) = cluster.system.policy_routes
    assert found == PolicyRoute(100, (ip_network("192.168.12.0/26"),), ("lan",), 16)


def test_a_plain_route_is_networkds():
    assert not Route(ip_network("10.0.0.0/8"), port="lan", metric=7).is_kept


@pytest.mark.parametrize(
    "lines,path,message",
    [
        (route('destination = "::/0"\ntype = "throw"'), "routes[0].type", "write one of unicast, blackhole"),
        (
            route('destination = "10.0.0.0/8"\ntype = "blackhole"\ngateway = "192.168.12.9"'),
            "routes[0].gateway",
            "a route of type blackhole leads nowhere: remove gateway, or type",
        ),
        (
            route('destination = "10.0.0.0/8"\ntype = "prohibit"\nport = "lan"'),
            "routes[0].port",
            "a route of type prohibit leads nowhere: remove port, or type",
        ),
        (
            route('destination = "default"\ntype = "unreachable"'),
            "routes[0].destination",
            'a default of which family? Write "0.0.0.0/0" or "::/0"',
        ),
        (
            route('destination = "10.0.0.0/8"\nport = "lan"\nwhile = "fault"'),
            "routes[0].while",
            '"fault" is not known: write one of active, backup',
        ),
        (
            route('destination = "10.0.0.0/8"\nport = "lan"\ntable = 254'),
            "routes[0].table",
            "must be from 100 to 250",
        ),
        (
            2 * route('destination = "10.0.0.0/8"\ntype = "blackhole"\nwhile = "active"'),
            "routes[1].destination",
            "10.0.0.0/8 has the route routes[0] already: remove one, or give it another metric",
        ),
        (
            route('destination = "10.0.0.0/8"\ntype = "blackhole"\nwhile = "active"')
            + route('destination = "10.0.0.0/8"\ngateway = "192.168.12.9"'),
            "routes[1].destination",
            "has the route routes[0] already",
        ),
        (policy('source = ["10.0.0.0/8"]'), "policy_routes[0].table", "is missing: add it, e.g. table = 100"),
        (
            policy("table = 100"),
            "policy_routes[0].source",
            "is missing, and so are from and mark: say which packets ask the table",
        ),
        (
            policy('table = 100\nsource = ["0.0.0.0/0"]'),
            "policy_routes[0].source",
            "0.0.0.0/0 is every packet of its family: write [[routes]] without a table",
        ),
        (policy("table = 100\nmark = 0x48d"), "", ""),
        (policy("table = 100\nmark = 0x4800"), "policy_routes[0].mark", "must be from 1 to 18431"),
        (policy("table = 99\nmark = 1"), "policy_routes[0].table", "must be from 100 to 250"),
        (policy("table = 100\nmark = 1\nto = 1"), "policy_routes[0].to", "unknown key"),
        (33 * policy("table = 100\nmark = 1"), "policy_routes", "has 33: 32 at most"),
    ],
)
def test_what_is_refused(lines: str, path: str, message: str):
    if not path:
        read(lines)
        return
    with pytest.raises(ConfigError) as error:
        read(lines)
    (mistake,) = error.value.mistakes
    assert mistake.path == path
    assert message in mistake.message


TABLE = 'destination = "default"\ngateway = "192.168.175.9"\ntable = 100'


@pytest.mark.parametrize(
    "shared,own,message",
    [
        (route(TABLE), "", "cluster.toml: routes[0].table: nobody asks table 100: add [[policy_routes]]"),
        ("", route(TABLE), "node.toml: routes[0].table: nobody asks table 100"),
        (
            policy("table = 101\nmark = 1"),
            route(TABLE),
            "policy_routes[0].table: table 101 has no route: add",
        ),
        (
            route(TABLE) + policy('table = 100\nfrom = ["lam"]'),
            "",
            'policy_routes[0].from[0]: node alpha has no port "lam": did you mean lan?',
        ),
        (
            route(TABLE) + policy('table = 100\nfrom = ["hotwire"]'),
            "",
            "policy_routes[0].from[0]: hotwire is the hotwire, which is exclusive: nothing is routed from",
        ),
        (
            route('destination = "default"\ngateway = "192.168.12.1"\nwhile = "active"'),
            "",
            "routes[0].gateway: 192.168.12.1 is already the virtual address of port lan: the node",
        ),
        (
            route('destination = "10.0.0.0/8"\nport = "dmz"\nwhile = "backup"'),
            "",
            'routes[0].port: node alpha has no port "dmz"',
        ),
    ],
)
def test_what_the_pair_cannot_have(shared: str, own: str, message: str):
    with pytest.raises(ConfigError) as error:
        pair(shared, own)
    assert any(message in str(mistake) for mistake in error.value.mistakes), error.value


def test_policies_and_their_routes_may_be_in_two_files():
    pair(policy("table = 100\nmark = 1"), route(TABLE))
    node, cluster = pair(
        route(TABLE) + policy("table = 100\nmark = 1"),
        policy('table = 100\nfrom = ["lan"]') + route(TABLE.replace(".9", ".8")),
    )
    both = node.system.over(cluster.system)
    assert [str(each.gateway) for each in both.routes] == ["192.168.175.8"], "in its place"
    assert [each.ports for each in both.policy_routes] == [("lan",), ()], "the node's are asked first"


def test_a_route_of_the_node_replaces_those_that_it_leaves_no_room_for():
    node = load_node(NODE + route('destination = "default"\ngateway = "192.168.175.7"'))
    assert len(node.system.over(read(ROUTES).system).routes) == len(read(ROUTES).system.routes) - 1
    only = System(tuple(each for each in read(ROUTES).system.routes if each.exists_while is While.BACKUP))
    assert [each.exists_while for each in only.over(read(ROUTES).system).routes][-1] is While.ACTIVE


def test_what_the_backup_reaches():
    host = ip_network("203.0.113.9").network_address
    _, cluster = pair(ROUTES)
    assert Reach(load_node(NODE), cluster).lacking(host) == "", "by the active node"
    _, cluster = pair(
        ROUTES.partition('[[routes]]\ndestination = "default"\ngateway = "192.168.12.1"')[0]
        + policy("table = 100\nmark = 1")
    )
    assert Reach(load_node(NODE), cluster).lacking(host) == "", "nobody says how"
    black = ip_network("10.1.1.1").network_address
    assert Reach(load_node(NODE), cluster).lacking(black) == "the route to 10.0.0.0/8 is of type blackhole"
