"""Every address of the two files is compared with every other: each rule of the table, and what is right."""

import tomllib
from ipaddress import ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import (
    ConfigError,
    check_pair,
    check_preseed,
    load_cluster,
    load_node,
)
from hadaemon.config.address_rules import RULES, Then
from hadaemon.config.notes import notes
from tests.unit.config.addresses import CLUSTER, KEYS, NODE


def changed(text: str, edits: dict[str, str]) -> str:
    for old, new in edits.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_a_node_that_stands_alone_is_told_too():
    alone = load_node(NODE + '[dns]\nservers = ["192.168.12.141"]\n')
    (note,) = notes(alone, None)
    assert note.startswith("node.toml: dns.servers[0]: 192.168.12.141 is already the own address of port lan")
    with pytest.raises(ConfigError, match=r"dns\.servers"):
        check_pair(alone, load_cluster(changed(CLUSTER, NO_SERVICES)))


def told(node: str, cluster: str) -> list[str]:
    """What is refused; if nothing is, the notes."""
    try:
        read, shared = load_node(node), load_cluster(cluster)
        check_pair(read, shared)
    except ConfigError as error:
        return [f"refused {mistake.path}: {mistake.message}" for mistake in error.mistakes]
    return [f"told {note.partition(': ')[2]}" for note in notes(read, shared)]


def test_what_is_right_is_accepted_without_a_word():
    assert told(NODE, CLUSTER) == []


NO_SERVICES = {
    '[[follow.services]]\nunit = "report.service"\nsource = "192.168.175.101"\n': "",
    '[[firewall.destination_nat]]\naddress = "192.168.175.101"\nto = "192.168.12.80"\n'
    'services = ["tcp/443"]\nsource = ["192.0.2.0/24"]\n': "",
}
ALLOWED = '"192.168.77.0/24"'
FIRST = "follow.wireguard[0].peers[0]"
VIP = "ha_interfaces[0].virtual_addresses[0]"
CASES: list[tuple[dict[str, str], str]] = [
    # One address twice.
    (
        {'"192.168.175.102/24"]': '"192.168.12.141/24"]'},
        "refused ports.wan.addresses[0]: 192.168.12.141 is already the own address of port lan of node alpha",
    ),
    (
        {'"192.168.175.101/24"': '"192.168.12.1/24"'},
        "refused ha_interfaces[1].virtual_addresses[0]: 192.168.12.1 is already the "
        "virtual address of port lan",
    ),
    (
        {'"192.168.12.1/24"': '"192.168.12.141/24"'},
        f"refused {VIP}: 192.168.12.141 is already the own address of port lan",
    ),
    (
        {'"10.8.0.1/24"': '"192.168.12.1/32"'},
        "refused follow.wireguard[0].addresses[0]: 192.168.12.1 is already the virtual address of port lan",
    ),
    (
        {'beta = "192.168.175.103"': 'beta = "192.168.175.101"'},
        "refused ha_interfaces[1].peers.beta: 192.168.175.101 is already the virtual address of port wan",
    ),
    (
        {'beta = "192.168.175.103"': 'beta = "192.168.12.141"'},
        "refused ha_interfaces[1].peers.beta: 192.168.12.141 is already the own address of port lan of node "
        "alpha",
    ),
    (
        {'gateway = "192.168.12.254"': 'gateway = "192.168.12.1"'},
        "refused routes[1].gateway: 192.168.12.1 is already the virtual address of port lan",
    ),
    (
        {'hosts = ["192.168.175.1"]': 'hosts = ["192.168.175.101"]'},
        "refused ping_groups[0].hosts[0]: 192.168.175.101 is already the virtual address of port wan",
    ),
    (
        {'"198.51.100.7:51820"': '"192.168.175.101:51820"'},
        f"refused {FIRST}.endpoint: 192.168.175.101 is already the virtual address of port wan",
    ),
    (
        {'["192.168.20.53"]': '["192.168.20.1"]', **NO_SERVICES},
        "refused follow.dhcp[0].dns[0]: 192.168.20.1 is already the virtual address of port guest",
    ),
    (
        {'to = "192.168.12.80"': 'to = "192.168.12.1"'},
        "told firewall.destination_nat[0].to: 192.168.12.1 is already the virtual address of port lan",
    ),
    # Networks.
    (
        {'["192.168.12.51"]': '["192.168.180.3"]'},
        "refused syslog.servers[0]: 192.168.180.3 is in the network of 192.168.180.2/24, the "
        "address of node alpha on the hotwire",
    ),
    (
        {'["192.168.12.53"]': '["192.168.12.255"]'},
        "refused dns.servers[0]: 192.168.12.255 is the network or broadcast address of 192.168.12.0/24",
    ),
    (
        {'"192.168.12.1/24"': '"192.168.12.255/32"'},
        f"refused {VIP}: 192.168.12.255 is the network or broadcast address of 192.168.12.0/24",
    ),
    (
        {'"10.66.0.2/24"': '"192.168.180.9/24"'},
        "refused hotwire.addresses.alpha: 192.168.180.2/24 overlaps 192.168.180.9/24, the own address",
    ),
    (
        {'"192.168.12.1/24"': '"192.168.12.1/25"'},
        f"told {VIP}: 192.168.12.1/25 is on one port with 192.168.12.141/24",
    ),
    # Routes.
    (
        {'"198.51.100.0/24"': '"192.168.180.128/25"'},
        "refused routes[1].destination: 192.168.180.128/25 is of the network of 192.168.180.2/24",
    ),
    (
        {'"198.51.100.0/24"': '"192.168.20.0/24"'},
        "refused routes[1].destination: 192.168.20.0/24 is also the network of 192.168.20.1/24",
    ),
    # Tunnels.
    (
        {ALLOWED: '"10.8.0.1/32"'},
        f"refused {FIRST}.allowed[1]: 10.8.0.1/32 is already 10.8.0.1/24, the address of tunnel wg0",
    ),
    (
        {ALLOWED: '"192.168.12.128/25"'},
        f"refused {FIRST}.allowed[1]: 192.168.12.128/25 is of the network of 192.168.12.1/24",
    ),
    (
        {ALLOWED: '"10.66.0.0/16"'},
        f"told {FIRST}.allowed[1]: 10.66.0.0/16 is around 10.66.0.2/24",
    ),
    (
        {'"10.8.0.3/32"': ALLOWED},
        "refused follow.wireguard[0].peers[1].allowed[0]: 192.168.77.0/24 is already a network of tunnel "
        "wg0 at follow.wireguard[0].peers[0].allowed[1]",
    ),
    (
        {"198.51.100.0/24": "192.168.77.0/24"},
        f"refused {FIRST}.allowed[1]: 192.168.77.0/24 is also the network of "
        "192.168.77.0/24, the destination at routes[1].destination",
    ),
    # DHCP.
    (
        {'"192.168.20.150"': '"192.168.20.80"'},
        'refused follow.dhcp[0].hosts."52:54:00:aa:bb:cd": 192.168.20.80 is already the address '
        "of the host 52:54:00:aa:bb:cc",
    ),
    (
        {'"192.168.20.150"': '"192.168.20.2"'},
        'refused follow.dhcp[0].hosts."52:54:00:aa:bb:cd": 192.168.20.2 is already the gateway that clients '
        "are told",
    ),
    (
        {"192.168.20.100-": "192.168.20.2-"},
        "refused follow.dhcp[0].range: holds 192.168.20.2, which is the gateway that clients are told",
    ),
    (
        {"192.168.20.199": "192.168.20.255"},
        "refused follow.dhcp[0].range: holds the network or broadcast address of 192.168.20.0/24",
    ),
    (
        {'["192.168.20.53"]': '["192.168.20.160"]'},
        "told follow.dhcp[0].range: holds 192.168.20.160, which is the address at follow.dhcp[0].dns[0]",
    ),
]
"""One of each rule, in their order: what is changed, and what is said then."""


@pytest.mark.parametrize("position", range(len(RULES)))
def test_each_rule_tells_what_is_wrong_and_where(position):
    """Without its rule the case would say nothing, or something else."""
    edits, expected = CASES[position]
    node = {old: new for old, new in edits.items() if old in NODE and old not in CLUSTER}
    cluster = {old: new for old, new in edits.items() if old not in node}
    said = told(changed(NODE, node), changed(CLUSTER, cluster))
    assert len(said) >= 1, expected
    assert all(each.startswith(expected.partition(" ")[0]) for each in said)
    (found,) = [each for each in said if each.startswith(expected)]
    assert found.endswith(RULES[position].why)


MORE: list[tuple[dict[str, str], str]] = [
    (
        {'"192.168.175.102/24"]': '"192.168.12.9/25"]'},
        "refused ports.wan.addresses[0]: 192.168.12.9/25 overlaps",
    ),
    ({'"192.168.175.101/24"': '"192.168.12.9/24"'}, "refused ha_interfaces[1].virtual_addresses[0]"),
    ({'"192.168.20.1/24"': '"192.168.12.9/25"'}, "refused ha_interfaces[2].virtual_addresses[0]"),
    (
        {'"10.8.0.1/24"': '"192.168.12.9/24"'},
        "refused follow.wireguard[0].addresses[0]: 192.168.12.9/24 overlaps",
    ),
    (
        {ALLOWED: '"192.168.12.0/24"'},
        f"refused {FIRST}.allowed[1]: 192.168.12.0/24 is of",
    ),
    (
        {ALLOWED: '"192.168.20.7/32"'},
        f"refused {FIRST}.allowed[1]: 192.168.20.7/32 is of",
    ),
    (
        {ALLOWED: '"192.168.180.0/24"'},
        f"refused {FIRST}.allowed[1]: 192.168.180.0/24 is of",
    ),
    ({ALLOWED: '"192.168.12.1/32"'}, f"refused {FIRST}.allowed[1]: 192.168.12.1/32 is "),
    (
        {ALLOWED: '"2001:db8:13::/64"'},
        f"refused {FIRST}.allowed[1]: 2001:db8:13::/64 is of",
    ),
    (
        {ALLOWED: '"198.51.100.0/25"'},
        f"refused {FIRST}.endpoint: 198.51.100.7 is in 198.51.100.0/25, which the tunnel takes",
    ),
    (
        {ALLOWED: '"0.0.0.0/1", "128.0.0.0/1"', "198.51.100.7": "office.example.org"},
        f"refused {FIRST}.allowed[0]: the networks of tunnel wg0 are everything together",
    ),
    (
        {ALLOWED: '"::/1"', '"10.8.0.3/32"': '"8000::/1"'},
        f"refused {FIRST}.allowed[1]: the networks of tunnel wg0 are everything together",
    ),
    (
        {KEYS[1]: KEYS[0]},
        "refused follow.wireguard[0].peers[1].public_key: is that of follow.wireguard[0].peers[0].public_key",
    ),
    (
        {"52:54:00:aa:bb:cd": "52-54-00-AA-BB-CC"},
        "refused follow.dhcp[0].hosts: 52-54-00-AA-BB-CC and 52:54:00:aa:bb:cc are one MAC address",
    ),
    (
        {'gateway = "192.168.20.2"': 'gateway = "192.168.21.2"'},
        "refused follow.dhcp[0].gateway: 192.168.21.2 is not in 192.168.20.0/24",
    ),
    (
        {'"192.168.20.150"': '"192.168.20.255"'},
        'refused follow.dhcp[0].hosts."52:54:00:aa:bb:cd": 192.168.20.255 is',
    ),
    (
        {'"192.168.20.150"': '"192.168.20.1"'},
        'refused follow.dhcp[0].hosts."52:54:00:aa:bb:cd": 192.168.20.1 is',
    ),
    (
        {'["192.168.20.53"]': '["192.168.20.1"]'},
        "told follow.dhcp[0].dns[0]: 192.168.20.1 is already the virtual address",
    ),
    (
        {'["192.168.12.53"]': '["192.168.12.141"]'},
        "told dns.servers[0]: 192.168.12.141 is already the own address",
    ),
    (
        {'"192.168.12.25"': '"192.168.12.1"', **NO_SERVICES},
        "refused alarms.mail.relay: 192.168.12.1 is already the virtual",
    ),
    ({'"198.51.100.7:51820"': '"[::::]:51820"'}, f"refused {FIRST}.endpoint: "),
]
"""What was accepted once, and did not work."""


@pytest.mark.parametrize("edits, expected", MORE, ids=[expected[:80] for _, expected in MORE])
def test_what_cannot_work_is_refused(edits, expected):
    node = {old: new for old, new in edits.items() if old in NODE and old not in CLUSTER}
    cluster = {old: new for old, new in edits.items() if old not in node}
    said = told(changed(NODE, node), changed(CLUSTER, cluster))
    assert any(each.startswith(expected) for each in said), said


WORKS: list[dict[str, str]] = [
    # The whole Internet by the tunnel, with a way beside it for its own packets.
    {ALLOWED: '"128.0.0.0/2", "198.51.100.0/24", "192.0.0.0/9"', '"198.51.100.0/24"': '"198.51.100.7/32"'},
    # A fallback with a metric of its own.
    {'"198.51.100.0/24"\n': '"192.168.77.0/24"\nmetric = 100\n'},
    # A virtual address without a network.
    {'"192.168.12.1/24"': '"192.168.12.1/32"'},
    # A name in place of a range's address.
    {'["192.168.20.53"]': '["192.168.20.150"]'},
]


@pytest.mark.parametrize("edits", WORKS)
def test_what_works_is_accepted(edits):
    assert not any(each.startswith("refused") for each in told(NODE, changed(CLUSTER, edits)))


EVERYTHING = '"0.0.0.0/0", "::/0"'


def test_everything_may_go_by_a_tunnel_and_nothing_is_said_of_what_is_near():
    """Its own packets, and all that is nearer than a default route, are spared."""
    assert told(NODE, changed(CLUSTER, {ALLOWED: EVERYTHING})) == told(NODE, CLUSTER)
    no_route = '[[routes]]\ndestination = "198.51.100.0/24"\ngateway = "192.168.12.254"\n'
    assert told(NODE, changed(CLUSTER, {ALLOWED: EVERYTHING, no_route: ""})) == told(NODE, CLUSTER)


@pytest.mark.parametrize(
    "edits, expected",
    [
        ({ALLOWED: '"0.0.0.0/1", "128.0.0.0/1"'}, 'write "0.0.0.0/0" in their place'),
        ({ALLOWED: '"::/0", "0.0.0.0/1", "128.0.0.0/1"'}, 'write "0.0.0.0/0" in their place'),
        ({ALLOWED: '"::/1", "8000::/1"'}, 'write "::/0" in their place'),
        (
            {ALLOWED: '"0.0.0.0/0", "198.51.100.0/25"'},
            "198.51.100.7 is in 198.51.100.0/25, which the tunnel takes",
        ),
        (
            {ALLOWED: EVERYTHING, '"10.8.0.3/32"': '"0.0.0.0/0"'},
            "0.0.0.0/0 is already a network of tunnel wg0",
        ),
    ],
)
def test_what_is_everything_in_another_way_is_refused(edits, expected):
    said = told(NODE, changed(CLUSTER, edits))
    assert any(each.startswith("refused") and expected in each for each in said), said


@pytest.mark.parametrize(
    "edits, expected",
    [
        ({}, None),
        ({"192.168.78.0/24": "192.168.77.0/24"}, "peers[0].allowed[0]: 192.168.77.0/24 is already a network"),
        ({"192.168.78.0/24": "192.168.77.0/25"}, None),
        ({"192.168.78.0/24": "10.8.0.128/25"}, "peers[0].allowed[0]: 10.8.0.128/25 is of the network of"),
        ({KEYS[1]: KEYS[0]}, "peers[0].public_key: is that of follow.wireguard[0].peers[0].public_key too"),
        ({"10.9.0.1/24": "10.8.0.9/25"}, "addresses[0]: 10.8.0.9/25 overlaps 10.8.0.1/24"),
    ],
)
def test_two_tunnels_have_nothing_in_common(edits, expected):
    """But for the other end's key, if their own keys are two."""
    second = f"""[[follow.wireguard]]
name = "wg1"
private_key = "{KEYS[1]}"
addresses = ["10.9.0.1/24"]
[[follow.wireguard.peers]]
public_key = "{KEYS[0]}"
allowed = ["192.168.78.0/24"]
"""
    said = told(NODE, CLUSTER + changed(second, edits))
    if expected is None:
        assert said == []
    else:
        assert any(each.startswith(f"refused follow.wireguard[1].{expected}") for each in said), said


def test_the_hotwires_link_local_network_counts_as_long_as_no_file_names_another():
    addresses = 'addresses = { alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }\n'
    cluster = changed(CLUSTER, {addresses: "", ALLOWED: '"169.254.0.0/16"'})
    (said,) = told(NODE, cluster)
    assert said.startswith(f"refused {FIRST}.allowed[1]: 169.254.0.0/16 is of the network of")
    named = changed(NODE, {'0a:04"': '0a:04"\naddresses = ["192.168.180.2/24"]'})
    assert told(named, cluster) == []


def test_what_the_node_says_itself_takes_the_place_of_what_both_share():
    own = NODE + '[dns]\nservers = ["192.168.12.54"]\n[ntp]\nservers = ["192.168.12.54"]\n'
    cluster = changed(CLUSTER, {'["192.168.12.53"]': '["192.168.12.141"]'})
    assert told(own, cluster) == []
    assert told(own, CLUSTER) == []
    route = '[[routes]]\ndestination = "198.51.100.0/24"\ngateway = "192.168.12.253"\n'
    assert told(NODE + route, changed(CLUSTER, {'"192.168.12.254"': '"192.168.12.141"'})) == []


def test_a_mistake_has_the_file_of_its_key():
    own = NODE + '[dns]\nservers = ["192.168.180.3"]\n'
    with pytest.raises(ConfigError) as refused:
        check_pair(load_node(own), load_cluster(CLUSTER), "new.toml", "/data/state/node.toml")
    (mistake,) = refused.value.mistakes
    assert (mistake.file, mistake.path) == ("/data/state/node.toml", "dns.servers[0]")
    raw = {name: tomllib.loads(text) for name, text in (("node", own), ("cluster", CLUSTER))}
    for table in raw.values():
        del table["schema"]
    admin = {"password_hash": "$6$abcdefgh$abcdefgh"}
    with pytest.raises(ConfigError) as refused:
        check_preseed({"schema": 1, "admin": admin, **raw})
    assert [mistake.path for mistake in refused.value.mistakes] == ["node.dns.servers[0]"]


# What is right, whatever it is called.

networks = st.integers(0, 0xFFFF).map(lambda number: ip_network((0x0A000000 | number << 8, 24)))


@given(st.lists(networks, min_size=8, max_size=8, unique=True), st.permutations(range(2, 250)))
def test_networks_that_do_not_overlap_are_accepted(found, numbers):
    lan, wan, guest, hotwire, tunnel, branch, far, spare = found
    own, virtual, other, near, server, dns, gateway, host = numbers[:8]
    node = f"""schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["{lan[own]}/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["{wan[own]}/24"]
[ports.guest]
mac = "52:54:00:48:0a:03"
[ports.hotwire]
mac = "52:54:00:48:0a:04"
[ports.spare]
mac = "52:54:00:48:0a:05"
addresses = ["{spare[own]}/24"]
"""
    cluster = f"""schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
addresses = {{ alpha = "{hotwire[own]}/24", beta = "{hotwire[other]}/24" }}
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["{lan[virtual]}/24"]
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["{wan[virtual]}/24"]
[[ha_interfaces]]
port = "guest"
virtual_addresses = ["{guest[virtual]}/24"]
[[ping_groups]]
name = "uplink"
hosts = ["{wan[near]}"]
[[routes]]
destination = "default"
gateway = "{wan[near]}"
[[routes]]
destination = "{far}"
gateway = "{lan[near]}"
[dns]
servers = ["{lan[dns]}"]
[ntp]
servers = ["{spare[server]}"]
[[firewall.destination_nat]]
address = "{wan[virtual]}"
to = "{lan[server]}"
services = ["tcp/443"]
[[follow.wireguard]]
name = "wg0"
private_key = "{KEYS[0]}"
addresses = ["{tunnel[own]}/24"]
[[follow.wireguard.peers]]
public_key = "{KEYS[1]}"
allowed = ["{branch}", "{tunnel[other]}/32"]
endpoint = "{far[server]}:51820"
[[follow.dhcp]]
port = "guest"
range = "{guest[host]}-{guest[host]}"
gateway = "{guest[gateway]}"
dns = ["{guest[dns]}"]
hosts = {{ "52:54:00:aa:bb:cc" = "{guest[server]}" }}
"""
    assert told(node, cluster) == []


def test_a_thousand_hosts_and_addresses_are_compared_in_no_time():
    hosts = ", ".join(
        f'"52:54:00:00:{n >> 8:02x}:{n & 255:02x}" = "{ip_interface("10.20.0.0/16").network[n + 20]}"'
        for n in range(1000)
    )
    guest = 'port = "guest"\nvirtual_addresses = '
    cluster = load_cluster(
        changed(
            CLUSTER,
            {
                guest + '["192.168.20.1/24"]': guest + str([f"10.20.255.{n}/16" for n in range(1, 250)]),
                CLUSTER[
                    CLUSTER.index("range =") : CLUSTER.index("hosts = { ")
                ]: 'range = "10.20.9.1-10.20.9.9"\n',
                CLUSTER[CLUSTER.index("hosts = { ") :]: f"hosts = {{ {hosts} }}\n",
            },
        )
    )
    check_pair(load_node(NODE), cluster)


def test_the_table_says_what_becomes_of_each():
    assert {rule.then for rule in RULES} == set(Then)
    assert len(CASES) == len(RULES), "give each rule a case"
