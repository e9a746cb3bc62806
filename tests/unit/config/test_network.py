"""Bonds, routes, DNS, NTP, SSH, syslog and router advertisements in the two files."""

import pytest

from hadaemon.config import (
    BondMode,
    ConfigError,
    Transport,
    check_pair,
    load_cluster,
    load_node,
    render_cluster,
    render_node,
)

NODE = """
schema = 1
name = "alpha"
[ports.lan]
members = ["52:54:00:48:0a:01", "52:54:00:48:0a:04"]
bond_mode = "lacp"
addresses = ["192.168.12.141/24"]
[ports.guest]
parent = "lan"
vlan = 20
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.175.102/24", "2001:db8::2/64"]
[ports.hotwire]
mac = "52:54:00:48:0a:03"
"""
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24", "2001:db8:12::1/64"]
"""
COMMON = """
[[routes]]
destination = "default"
gateway = "192.168.175.1"
[[routes]]
destination = "default"
gateway = "fe80::1"
port = "wan"
metric = 100
[[routes]]
destination = "198.51.100.0/24"
port = "guest"
[dns]
servers = ["192.168.12.53", "2001:db8::53"]
search = ["Example.org"]
[ntp]
servers = ["ntp.example.org", "192.168.12.53"]
[ssh]
ports = ["lan"]
tcp_port = 2222
password = true
sources = ["192.168.12.0/24"]
[syslog]
servers = ["192.168.12.53"]
transport = "tcp"
port = 601
"""
ADVERTISING = """
[ha_interfaces.router_advertisements]
interval = "30s"
lifetime = "90s"
preferred_lifetime = "60s"
managed = true
mtu = 1400
dns = ["2001:db8:12::53"]
search = ["example.org"]
"""


def problems(load, text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(text)
    return [str(problem) for problem in refused.value.mistakes]


def test_a_bond_has_the_mac_of_its_first_member_and_so_has_its_vlan():
    ports = load_node(NODE).ports
    assert (ports["lan"].mac, ports["lan"].bond_mode) == ("52:54:00:48:0a:01", BondMode.LACP)
    assert ports["lan"].cards == ("52:54:00:48:0a:01", "52:54:00:48:0a:04")
    assert (ports["guest"].mac, ports["guest"].bonded) == ("52:54:00:48:0a:01", True)
    assert [port.interface for port in ports.values()] == ["lan.bond", "guest.20", None, None]


@pytest.mark.parametrize(
    "old, new, message",
    [
        (
            '"52:54:00:48:0a:04"]',
            '"52:54:00:48:0a:02"]',
            "ports.wan.mac: 52:54:00:48:0a:02 is already the port lan: each port needs its own",
        ),
        (
            '"52:54:00:48:0a:04"]',
            '"52:54:00:48:0a:01"]',
            "ports.lan.members[1]: 52:54:00:48:0a:01 is already the port lan: each port needs its own",
        ),
        (
            'bond_mode = "lacp"',
            'bond_mode = "best"',
            'ports.lan.bond_mode: "best" is not known: write one of active-backup, lacp',
        ),
        (
            'bond_mode = "lacp"',
            'mac = "52:54:00:48:0a:01"',
            "ports.lan.mac: a bond has its members' network cards: remove mac, or members",
        ),
        (
            '["52:54:00:48:0a:01", "52:54:00:48:0a:04"]',
            "[]",
            "ports.lan.members: must name 1 to 8 network cards",
        ),
    ],
)
def test_a_wrong_bond(old: str, new: str, message: str):
    assert old in NODE
    assert f"node.toml: {message}" in problems(load_node, NODE.replace(old, new))


def test_both_files_read_the_same_tables():
    node, cluster = load_node(NODE + COMMON), load_cluster(CLUSTER + COMMON)
    assert node.system == cluster.system
    assert [str(route.destination) for route in node.system.routes] == [
        "0.0.0.0/0",
        "::/0",
        "198.51.100.0/24",
    ]
    assert node.system.dns is not None
    assert node.system.dns.search == ("example.org",)
    assert node.system.syslog is not None
    assert (node.system.syslog.transport, node.system.syslog.port) == (Transport.TCP, 601)


def test_what_is_read_is_written_again():
    node, cluster = load_node(NODE + COMMON), load_cluster(CLUSTER + ADVERTISING + COMMON)
    assert load_node(render_node(node)) == node
    assert load_cluster(render_cluster(cluster)) == cluster
    check_pair(node, cluster)


def test_a_table_of_the_node_goes_before_the_common_one():
    own = load_node(
        NODE + '[[routes]]\ndestination = "default"\ngateway = "192.168.12.9"\n[ntp]\nservers = ["a"]\n'
    )
    counts = own.system.over(load_cluster(CLUSTER + COMMON).system)
    assert [str(route.gateway) for route in counts.routes] == ["192.168.12.9", "fe80::1", "None"]
    assert counts.ntp == own.system.ntp
    assert counts.ssh is not None


@pytest.mark.parametrize(
    "text, message",
    [
        (
            '[[routes]]\ndestination = "default"',
            'routes[0].gateway: is missing: add it, e.g. gateway = "192.168.175.1"',
        ),
        (
            '[[routes]]\ndestination = "10.0.0.0/8"',
            "routes[0].gateway: is missing, and so is port: say where the route leads",
        ),
        (
            '[[routes]]\ndestination = "10.0.0.1/8"\nport = "wan"',
            "routes[0].destination: 10.0.0.1/8 is an address within a "
            'network: write the network, 10.0.0.0/8, or the address alone, or write "default"',
        ),
        (
            '[[routes]]\ndestination = "::/0"\ngateway = "192.168.175.1"',
            "routes[0].gateway: 192.168.175.1 and ::/0 are not of one family: take a gateway of the same",
        ),
        (
            '[[routes]]\ndestination = "default"\ngateway = "fe80::1"',
            'routes[0].port: is missing: add it, e.g. port = "wan", because fe80::1 may be on any port',
        ),
        (
            '[[routes]]\ndestination = "default"\ngateway = "10.9.9.9"',
            "routes[0].gateway: 10.9.9.9 is in no own network of node alpha: take a router of one, or add "
            "port, to say where it is",
        ),
        (
            '[[routes]]\ndestination = "default"\ngateway = "192.168.175.102"',
            "routes[0].gateway: 192.168.175.102 is already the own address of port wan of node alpha: "
            "the node would be its own next router: take that of the next router",
        ),
        (
            '[[routes]]\ndestination = "default"\ngateway = "10.9.9.9"\nport = "wam"',
            'routes[0].port: node alpha has no port "wam": did you mean wan?',
        ),
        (
            '[[routes]]\ndestination = "default"\ngateway = "192.168.175.1"\n' * 2,
            "routes[1].destination: 0.0.0.0/0 has the "
            "route routes[0] already: remove one, or give it another metric",
        ),
        ("[dns]\nservers = []", 'dns.servers: must not be empty, e.g. ["192.168.12.5"]'),
        (
            '[dns]\nservers = ["ns.example.org"]',
            'dns.servers[0]: "ns.example.org" is not an address: write it as in 192.168.12.141',
        ),
        (
            '[ntp]\nservers = ["no name"]',
            'ntp.servers[0]: "no name" is neither a name nor an address: write e.g. ntp.example.org',
        ),
        (
            '[ntp]\nservers = ["192.168.12.300"]',
            'ntp.servers[0]: "192.168.12.300" is not an address: write it as in 192.168.12.141',
        ),
        (
            '[ssh]\nports = ["guest"]',
            "ssh.ports[0]: port guest of node alpha has no fixed own address, and SSH listens at "
            "nothing else: add ports.guest.addresses to node.toml, or name another port",
        ),
        (
            '[syslog]\nservers = ["192.168.12.53"]\ntransport = "tls"',
            'syslog.transport: "tls" is not known: write one of udp, tcp',
        ),
        ('[syslog]\nservers = ["192.168.12.53"]\nport = 0', "syslog.port: must be from 1 to 65535"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(text: str, message: str):
    assert problems(load_node, f"{NODE}{text}\n") == [f"node.toml: {message}"]


@pytest.mark.parametrize(
    "text, message",
    [
        (
            '[ssh]\nports = ["hotwire"]',
            "ssh.ports[0]: hotwire is the hotwire, which is exclusive: administrators use another port",
        ),
        (
            '[[routes]]\ndestination = "10.0.0.0/8"\nport = "hotwire"',
            "routes[0].port: hotwire is the hotwire, which is exclusive: nothing is routed there",
        ),
    ],
)
def test_nothing_of_it_is_for_the_hotwire(text: str, message: str):
    node, own = load_node(NODE.replace('0a:03"', '0a:03"\naddresses = ["192.168.180.2/24"]')), f"{NODE}{text}"
    assert problems(lambda text: check_pair(node, load_cluster(text)), f"{CLUSTER}{text}") == [
        f"cluster.toml: {message}"
    ]
    own = own.replace('0a:03"', '0a:03"\naddresses = ["192.168.180.2/24"]')
    assert problems(lambda text: check_pair(load_node(text), load_cluster(CLUSTER)), own) == [
        f"cluster.toml: hotwire.port: node.toml: {message}"
    ]


def test_a_port_that_is_named_twice_is_listened_at_once():
    node = load_node(NODE + '[ssh]\nports = ["lan", "lan"]\n')
    assert node.system.ssh is not None
    assert node.system.ssh.ports == ("lan",)


def test_prefixes_are_those_of_the_virtual_addresses_unless_named():
    (interface,) = load_cluster(CLUSTER + "[ha_interfaces.router_advertisements]\n").ha_interfaces
    assert interface.advertises is not None
    assert [str(prefix) for prefix in interface.advertises.prefixes] == ["2001:db8:12::/64"]
    (interface,) = load_cluster(
        CLUSTER + "[ha_interfaces.router_advertisements]\nprefixes = []\n"
    ).ha_interfaces
    assert interface.advertises is not None
    assert interface.advertises.prefixes == ()


@pytest.mark.parametrize(
    "line, message",
    [
        ('interval = "1s"', "interval: must be from 4s to 1800s"),
        ('interval = "1m"', 'interval: "1m" is not a time in whole seconds: write e.g. 600s'),
        ('lifetime = "60s"', "lifetime: is shorter than the interval, 600s: hosts would lose their gateway"),
        (
            'valid_lifetime = "60s"',
            "preferred_lifetime: is longer than valid_lifetime, 60s: take a shorter one",
        ),
        (
            'prefixes = ["192.168.12.0/24"]',
            'prefixes[0]: "192.168.12.0/24" is no prefix for hosts: write an IPv6 network, '
            "e.g. 2001:db8:12::/64",
        ),
        (
            'dns = ["192.168.12.53"]',
            "dns[0]: 192.168.12.53 is an IPv4 address: router advertisements tell IPv6 ones",
        ),
    ],
)
def test_what_hosts_cannot_be_told(line: str, message: str):
    path = "ha_interfaces[0].router_advertisements"
    text = f"{CLUSTER}[ha_interfaces.router_advertisements]\n{line}\n"
    assert problems(load_cluster, text) == [f"cluster.toml: {path}.{message}"]


def test_hosts_without_ipv6_addresses_to_tell_of_are_told_nothing():
    text = CLUSTER.replace(', "2001:db8:12::1/64"', "") + "[ha_interfaces.router_advertisements]\n"
    (problem,) = problems(load_cluster, text)
    assert "is for IPv6 virtual addresses, and there are none" in problem
