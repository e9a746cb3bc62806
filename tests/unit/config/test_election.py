"""[election], [[ping_groups]] and [[tracked_routes]]: what they say, and what is refused."""

from ipaddress import ip_address, ip_network

import pytest

from hadaemon.config import (
    ConfigError,
    CountsOn,
    ElectionConfig,
    ElectionMode,
    PingGroup,
    TrackedRoute,
    check_pair,
    load_cluster,
    load_node,
    render_cluster,
)

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
"""

CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""

GROUP = """
[[ping_groups]]
name = "gateways"
hosts = ["192.168.12.254", "192.168.12.253"]
"""

ROUTE = """
[[tracked_routes]]
destination = "0.0.0.0/0"
"""

EVERYTHING = """
[election]
mode = "vrrp"
link_debounce = "2s"
flap_switches = 4
flap_window = "90s"
[[ping_groups]]
name = "uplink"
counts_on = "active"
hosts = ["192.168.12.254", "2001:db8::1"]
port = "lan"
interval = "2s"
timeout = "250ms"
failures = 5
recoveries = 2
[[tracked_routes]]
destination = "0.0.0.0/0"
[[tracked_routes]]
destination = "2001:db8:1::/48"
port = "wan"
patience = "2500ms"
"""

OWNER = "[vrrp.priorities]\nalpha = 255\nbeta = 100\n"


def problems(text):
    with pytest.raises(ConfigError) as refused:
        load_cluster(CLUSTER + text)
    return [str(problem).removeprefix("cluster.toml: ") for problem in refused.value.mistakes]


def test_the_defaults():
    cluster = load_cluster(CLUSTER)
    assert cluster.election == ElectionConfig(ElectionMode.WITNESS, 0.0, 6, 600.0)
    assert cluster.ping_groups == ()


def test_everything_is_read_and_survives_rendering():
    cluster = load_cluster(CLUSTER + EVERYTHING)
    assert cluster.election == ElectionConfig(ElectionMode.VRRP, 2.0, 4, 90.0)
    hosts = (ip_address("192.168.12.254"), ip_address("2001:db8::1"))
    assert cluster.ping_groups == (PingGroup("uplink", hosts, "lan", 2.0, 0.25, 5, 2, CountsOn.ACTIVE),)
    assert cluster.tracked_routes == (
        TrackedRoute(ip_network("0.0.0.0/0"), None, 30.0),
        TrackedRoute(ip_network("2001:db8:1::/48"), "wan", 2.5),
    )
    assert load_cluster(render_cluster(cluster)) == cluster


REFUSED = {
    "mode": ('[election]\nmode = "quorum"', "election.mode: "),
    "debounce": ('[election]\nlink_debounce = "long"', "election.link_debounce: "),
    "one switch": ("[election]\nflap_switches = 1", "election.flap_switches: 1 would suspend a node"),
    "unknown key": ("[election]\nmod = 1", "election.mod: unknown key: did you mean mode?"),
    "no hosts": ('[[ping_groups]]\nname = "a"\nhosts = []', "ping_groups[0].hosts: must not be empty"),
    "no name": ('[[ping_groups]]\nhosts = ["192.0.2.1"]', "ping_groups[0].name: is missing"),
    "host twice": (
        GROUP.replace("12.253", "12.254"),
        "ping_groups[0].hosts[1]: 192.168.12.254 is there twice: remove one",
    ),
    "same name": (GROUP + GROUP, 'ping_groups[1].name: "gateways" is already the name of ping_groups[0]'),
    "timeout over interval": (GROUP + 'timeout = "2s"', "ping_groups[0].timeout: must be more than 0s"),
    "no timeout": (GROUP + 'timeout = "0s"', "ping_groups[0].timeout: must be more than 0s"),
    "counts on nobody": (GROUP + 'counts_on = "spare"', 'ping_groups[0].counts_on: "spare" is not known'),
    "a ping of the backup's": (
        GROUP + 'counts_on = "active"\nfailures = 1',
        'ping_groups[0].failures: with counts_on = "active" the first ping may have left',
    ),
    "a flood": (GROUP + 'interval = "10ms"\ntimeout = "10ms"', "ping_groups[0].interval: is too short"),
    "not an array": ("[ping_groups]\n", "ping_groups: must be an array of tables"),
    "no destination": ('[[tracked_routes]]\nport = "wan"', "tracked_routes[0].destination: is missing"),
    "an address": (ROUTE.replace(".0/0", ".7/8"), "tracked_routes[0].destination: 0.0.0.7/8 is an address"),
    "a word": (
        ROUTE.replace("0.0.0.0/0", "default"),
        'tracked_routes[0].destination: "default" is not a network: write it',
    ),
    "route twice": (
        ROUTE + ROUTE,
        "tracked_routes[1].destination: the route to 0.0.0.0/0 is tracked already",
    ),
    "owner with routes": (
        OWNER + ROUTE,
        "vrrp.priorities.alpha: 255 is the address owner's and is never lowered, so tracked routes",
    ),
    "owner with ping groups": (
        GROUP + OWNER,
        "vrrp.priorities.alpha: 255 is the address owner's and is never lowered, so ping groups",
    ),
    "owner with several interfaces": (
        OWNER + '[[ha_interfaces]]\nport = "wan"\nvirtual_addresses = ["192.168.175.1/24"]',
        "vrrp.priorities.alpha: 255 is the address owner's and is never lowered, so a lost link",
    ),
}


@pytest.mark.parametrize("text, expected", REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused_once_with_its_place(text, expected):
    (problem,) = problems(text)
    assert problem.startswith(expected)


def pair_problems(group):
    with pytest.raises(ConfigError) as refused:
        check_pair(load_node(NODE), load_cluster(CLUSTER + group))
    return [str(problem) for problem in refused.value.mistakes]


def test_a_ping_check_on_a_port_without_own_address_is_refused():
    assert pair_problems(GROUP + 'port = "wan"') == [
        f"cluster.toml: ping_groups[0].hosts[{index}]: port wan of node alpha has no own IPv4 address to "
        f"ping 192.168.12.{host} from: give it one in node.toml (ports.wan.addresses), or remove the check"
        for index, host in enumerate((254, 253))
    ]


def test_a_port_with_a_virtual_address_alone_is_asked_from_by_the_active_node():
    public = '[[ha_interfaces]]\nport = "wan"\nvirtual_addresses = ["203.0.113.2/29"]\n'
    text = public + GROUP + 'port = "wan"\n'
    assert all(
        each.endswith(', or write counts_on = "active": the active node has a virtual one')
        for each in pair_problems(text)
    )
    check_pair(load_node(NODE), load_cluster(CLUSTER + text + 'counts_on = "active"\n'))
    (problem,) = pair_problems(
        text.replace("12.253", "12.252").replace('"192.168.12.254"', '"2001:db8::1"')
        + 'counts_on = "active"\n'
    )
    assert problem.endswith("or remove the check"), "neither has one of that family"


def test_a_ping_check_of_a_family_that_the_port_does_not_have_is_refused():
    (problem,) = pair_problems(GROUP.replace('"192.168.12.253"', '"2001:db8::1"') + 'port = "lan"')
    assert problem.startswith("cluster.toml: ping_groups[0].hosts[1]: port lan of node alpha has no own IPv6")


def test_a_ping_check_on_an_unknown_port_is_refused():
    (problem,) = pair_problems(GROUP + 'port = "dmz"')
    assert problem.startswith('cluster.toml: ping_groups[0].port: node alpha has no port "dmz": ')


def test_a_tracked_route_over_an_unknown_port_is_refused():
    (problem,) = pair_problems(ROUTE + 'port = "dmz"')
    assert problem.startswith('cluster.toml: tracked_routes[0].port: node alpha has no port "dmz": ')


def test_a_ping_check_without_a_port_goes_where_the_routes_go():
    check_pair(load_node(NODE), load_cluster(CLUSTER + GROUP))
