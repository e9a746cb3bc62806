"""What the kernel is to have of routes that are not networkd's: by state, by port, by table."""

from ipaddress import ip_address, ip_network

import pytest

from hadaemon.config import System, load_node
from hadaemon.config.network_model import PolicyRoute, Route, RouteKind, While
from hadaemon.follow.routing import (
    LAST_PRIORITY,
    KernelRoute,
    KernelRule,
    kernel_routes,
    kernel_rules,
    phase_of,
)
from hadaemon.status.states import NodeState
from tests.unit.config.test_routes import NODE, ROUTES, read

SYSTEM = read(ROUTES).system
EVERYTHING = ip_network("0.0.0.0/0")
UP = {"lan": 2, "wan": 3}
WAN_OWN, LAN_OWN = ip_address("192.168.175.102"), ip_address("192.168.12.141")


def routes(phase: While | None, system: System = SYSTEM, up: dict[str, int] = UP) -> frozenset[KernelRoute]:
    return kernel_routes(load_node(NODE), system, phase, up)


def by(index: int, gateway: str, source: object, table: int = 254) -> KernelRoute:
    return KernelRoute(EVERYTHING, table=table, interface=index, gateway=ip_address(gateway), source=source)


ALWAYS = {
    KernelRoute(ip_network("10.0.0.0/8"), RouteKind.BLACKHOLE),
    KernelRoute(ip_network("2001:db8::/32"), RouteKind.UNREACHABLE, metric=9),
    by(3, "192.168.175.9", WAN_OWN, table=100),
    KernelRoute(ip_network("10.7.0.0/16"), RouteKind.PROHIBIT, 100),
}


@pytest.mark.parametrize(
    "state,holds,phase",
    [
        (NodeState.ACTIVE, True, While.ACTIVE),
        (NodeState.ACTIVE, False, While.ACTIVE),
        (NodeState.BACKUP, True, While.ACTIVE),
        (NodeState.BACKUP, False, While.BACKUP),
        (NodeState.FAULT, False, While.BACKUP),
        (NodeState.MAINTENANCE, False, While.BACKUP),
        (NodeState.OFF, False, None),
        (NodeState.OFF, True, None),
    ],
)
def test_a_node_that_hands_over_keeps_its_ways_until_its_addresses_are_gone(
    state: NodeState, holds: bool, phase: While | None
):
    assert phase_of(state, holds) is phase


def test_each_is_there_in_its_time():
    assert routes(None) == ALWAYS
    assert routes(While.ACTIVE) - ALWAYS == {by(3, "192.168.175.1", WAN_OWN)}
    assert routes(While.BACKUP) - ALWAYS == {by(2, "192.168.12.1", LAN_OWN)}


def test_what_leads_to_a_port_that_is_not_up_waits():
    assert routes(While.ACTIVE, up={}) == {each for each in ALWAYS if not each.interface}


def test_plain_routes_are_networkds():
    assert routes(None, System((Route(EVERYTHING, ip_address("192.168.175.1")),))) == frozenset()


def test_a_gateway_beside_the_own_networks_is_on_the_link():
    far = Route(EVERYTHING, ip_address("203.0.113.1"), "wan", exists_while=While.ACTIVE)
    link_local = Route(ip_network("::/0"), ip_address("fe80::1"), "wan", exists_while=While.ACTIVE)
    near = Route(ip_network("198.51.100.0/24"), None, "lan", 7, table=100)
    found = {each.interface: each for each in routes(While.ACTIVE, System((far, near)))}
    assert (found[3].on_link, found[3].source) == (True, None)
    assert (found[2].gateway, found[2].metric, found[2].table) == (None, 7, 100)
    (six,) = routes(While.ACTIVE, System((link_local,)))
    assert (six.on_link, six.metric) == (False, 1024)


def rules(*policies: PolicyRoute, tables: dict[int, str]) -> list[KernelRule]:
    system = System(
        tuple(Route(ip_network(network), None, "wan", table=table) for table, network in tables.items()),
        policy_routes=policies,
    )
    names = {"lan": ("eth0", "vrrp4.51"), "wan": ("eth1",)}
    return sorted(
        kernel_rules(system, names), key=lambda rule: (rule.version, rule.priority, str(rule.interface))
    )


def test_a_policy_asks_narrower_routes_then_the_main_table_then_the_default():
    lan = ip_network("192.168.12.0/24")
    found = rules(
        PolicyRoute(100, (lan,), mark=7),
        PolicyRoute(101, (), ("lan",)),
        tables={100: "0.0.0.0/0", 101: "0.0.0.0/0"},
    )
    assert found == [
        KernelRule(4, 80, 100, lan, None, 7, narrow=True),
        KernelRule(4, 81, 101, None, "eth0", narrow=True),
        KernelRule(4, 81, 101, None, "vrrp4.51", narrow=True),
        KernelRule(4, 144, 254, narrow=True),
        KernelRule(4, 145, 100, lan, None, 7),
        KernelRule(4, 146, 101, None, "eth0"),
        KernelRule(4, 146, 101, None, "vrrp4.51"),
    ]
    assert all(rule.priority <= LAST_PRIORITY for rule in found)


def test_families_are_those_that_the_table_and_the_policy_have():
    both = (ip_network("192.168.12.0/24"), ip_network("2001:db8:12::/64"))
    for networks, table, versions in (
        (both, "::/0", {6}),
        (both[:1], "::/0", set()),
        ((), "0.0.0.0/0", {4}),
    ):
        found = rules(PolicyRoute(100, networks, mark=None if networks else 1), tables={100: table})
        assert {rule.version for rule in found} == versions


def test_a_port_that_is_not_there_asks_nothing():
    assert rules(PolicyRoute(100, (), ("dmz",)), tables={100: "0.0.0.0/0"}) == []
