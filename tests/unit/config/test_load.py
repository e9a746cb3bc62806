"""Bad configuration: one clear message each, with file, path and what to do, and all of them at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import ConfigError, check_pair, load_admin, load_cluster, load_node, load_preseed

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.175.102/24"]
"""

CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[vrrp]
vrid_offset = 50
[hotwire]
port = "hotwire"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["192.168.175.101/24"]
"""

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUsyz1HwHReFVvD8obgsATrJsDxytavwJ7dIz/HW admin@office"
ADMIN = f'schema = 1\nssh_keys = ["{KEY}"]\n'


def problems(load, text):
    with pytest.raises(ConfigError) as refused:
        load(text)
    return [str(problem) for problem in refused.value.mistakes]


def changed(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


NODE_ERRORS = {
    "name missing": ('name = "alpha"\n', "", 'name: is missing: add it, e.g. name = "alpha"'),
    "name not a label": (
        '"alpha"',
        '"Alpha!"',
        'name: "Alpha!" is not a host name: use 1 to 63 lower-case letters, digits and hyphens, '
        "no hyphen at the ends, with a domain or without, e.g. alpha or fw01.example.com",
    ),
    "name an address": (
        '"alpha"',
        '"192.0.2.1"',
        'name: "192.0.2.1" is not a host name: use 1 to 63 lower-case letters, digits and hyphens, '
        "no hyphen at the ends, with a domain or without, e.g. alpha or fw01.example.com",
    ),
    "name not a string": ('"alpha"', "7", "name: must be a string, not an integer"),
    "unknown key": ('name = "alpha"', 'name = "alpha"\nnaem = "b"', "naem: unknown key: did you mean name?"),
    "unknown key, nothing near": (
        'name = "alpha"',
        'name = "alpha"\nzzz = 1',
        "zzz: unknown key: known are: alarms, dns, language, name, ntp, policy_routes, ports, routes, "
        "schema, ssh, syslog, time_zone",
    ),
    "unknown key in a port": (
        'mac = "52:54:00:48:0a:01"',
        'mac = "52:54:00:48:0a:01"\nadresses = []',
        "ports.lan.adresses: unknown key: did you mean addresses?",
    ),
    "MAC too short": (
        '"52:54:00:48:0a:01"',
        '"52:54:00:48:0a"',
        'ports.lan.mac: "52:54:00:48:0a" is not a MAC address: write six pairs of hex digits, '
        "e.g. 52:54:00:12:34:56",
    ),
    "MAC multicast": (
        '"52:54:00:48:0a:01"',
        '"01:00:5e:00:00:12"',
        'ports.lan.mac: "01:00:5e:00:00:12" is a multicast address: take the MAC address of the network card',
    ),
    "MAC zero": (
        '"52:54:00:48:0a:01"',
        '"00:00:00:00:00:00"',
        "ports.lan.mac: all zero is not the MAC address of a network card",
    ),
    "MAC missing": (
        'mac = "52:54:00:48:0a:01"\n',
        "",
        'ports.lan.mac: is missing: add it, e.g. mac = "52:54:00:12:34:56"',
    ),
    "MAC twice": (
        '"52:54:00:48:0a:02"',
        '"52-54-00-48-0A-01"',
        "ports.wan.mac: 52:54:00:48:0a:01 is already the port lan: each port needs its own",
    ),
    "address wrong": (
        '"192.168.12.141/24"',
        '"192.168.12.300/24"',
        'ports.lan.addresses[0]: "192.168.12.300/24" is not an address with prefix length: '
        "write it as in 192.168.12.1/24",
    ),
    "address without prefix": (
        '"192.168.12.141/24"',
        '"192.168.12.141"',
        'ports.lan.addresses[0]: "192.168.12.141" has no prefix length: write it as in 192.168.12.141/24',
    ),
    "address IPv6 with a zone": (
        '"192.168.12.141/24"',
        '"fe80::1%eth0/64"',
        'ports.lan.addresses[0]: "fe80::1%eth0/64" has a zone: leave it out, '
        "the port says where the address is",
    ),
    "address IPv6 without prefix": (
        '"192.168.12.141/24"',
        '"2001:db8::1"',
        'ports.lan.addresses[0]: "2001:db8::1" has no prefix length: write it as in 2001:db8::1/64',
    ),
    "address IPv6 anycast": (
        '"192.168.12.141/24"',
        '"2001:db8::/64"',
        "ports.lan.addresses[0]: 2001:db8:: is the subnet-router anycast address of 2001:db8::/64: "
        "take an address between its first and last",
    ),
    "address of the network": (
        '"192.168.12.141/24"',
        '"192.168.12.0/24"',
        "ports.lan.addresses[0]: 192.168.12.0 is the network address of 192.168.12.0/24: "
        "take an address between its first and last",
    ),
    "address broadcast": (
        '"192.168.12.141/24"',
        '"192.168.12.255/24"',
        "ports.lan.addresses[0]: 192.168.12.255 is the broadcast address of 192.168.12.0/24: "
        "take an address between its first and last",
    ),
    "address multicast": (
        '"192.168.12.141/24"',
        '"224.0.0.18/24"',
        "ports.lan.addresses[0]: 224.0.0.18 cannot be the address of an interface: take a unicast address",
    ),
    "address with prefix 0": (
        '"192.168.12.141/24"',
        '"192.168.12.141/0"',
        "ports.lan.addresses[0]: 192.168.12.141/0 has prefix length 0: take that of the network, mostly 24",
    ),
    "address twice": (
        '"192.168.175.102/24"',
        '"192.168.12.141/16"',
        "ports.wan.addresses[0]: 192.168.12.141 is already the own address of "
        "port lan of node alpha: remove one of the two",
    ),
    "addresses not an array": (
        '["192.168.12.141/24"]',
        '"192.168.12.141/24"',
        'ports.lan.addresses: must be an array of strings, e.g. ["192.168.12.141/24"], not a string',
    ),
    "address not a string": (
        '["192.168.12.141/24"]',
        "[12]",
        "ports.lan.addresses[0]: must be a string, not an integer",
    ),
    "port name wrong": (
        "[ports.lan]",
        '[ports."LAN 1"]',
        'ports."LAN 1": "LAN 1" is not a port name: use 1 to 15 lower-case letters, digits, hyphens and '
        "underscores, a letter first",
    ),
    "schema missing": ("schema = 1\n", "", "schema: is missing: add it, e.g. schema = 1"),
    "schema of another version": (
        "schema = 1",
        "schema = 2",
        "schema: is 2, but this version of hadaemon reads only 1",
    ),
    "control characters": (
        '"alpha"',
        r'"a\u001b[31m"',
        "name: 'a\\x1b[31m' is not a host name: use 1 to 63 lower-case letters, digits and hyphens, "
        "no hyphen at the ends, with a domain or without, e.g. alpha or fw01.example.com",
    ),
}


@pytest.mark.parametrize("old, new, message", NODE_ERRORS.values(), ids=NODE_ERRORS)
def test_node_error(old, new, message):
    assert problems(load_node, changed(NODE, old, new)) == [f"node.toml: {message}"]


@pytest.mark.parametrize(
    "ports, message",
    [
        ("", "ports: is missing: add it, e.g. [ports.lan]"),
        ("ports = 3", "ports: must be a table, [ports], not an integer"),
        ("[ports]", "ports: is empty: add at least one, e.g. [ports.lan]"),
        ("[ports]\nlan = 1979-05-27", "ports.lan: must be a table, [ports.lan], not a date or time"),
    ],
)
def test_node_without_usable_ports(ports, message):
    assert problems(load_node, f'schema = 1\nname = "a"\n{ports}') == [f"node.toml: {message}"]


CLUSTER_ERRORS = {
    "master missing": ('master = "alpha"\n', "", 'master: is missing: add it, e.g. master = "alpha"'),
    "enabled not a boolean": (
        'master = "alpha"',
        'master = "alpha"\nenabled = "yes"',
        "enabled: must be true or false, not a string",
    ),
    "offset out of range": (
        "vrid_offset = 50",
        "vrid_offset = 255",
        "vrrp.vrid_offset: must be from 0 to 254",
    ),
    "offset not an integer": (
        "vrid_offset = 50",
        "vrid_offset = true",
        "vrrp.vrid_offset: must be an integer from 0 to 254, not a boolean",
    ),
    "interval without unit": (
        "vrid_offset = 50",
        'advertisement_interval = "100"',
        'vrrp.advertisement_interval: "100" is not a duration: write a number and ms or s, e.g. 100ms or 1s',
    ),
    "interval too short": (
        "vrid_offset = 50",
        'advertisement_interval = "9ms"',
        "vrrp.advertisement_interval: 9ms is out of range: from 10ms to 40.95s",
    ),
    "interval too long": (
        "vrid_offset = 50",
        'advertisement_interval = "40.96s"',
        "vrrp.advertisement_interval: 40.96s is out of range: from 10ms to 40.95s",
    ),
    "interval between the steps": (
        "vrid_offset = 50",
        'advertisement_interval = "15ms"',
        "vrrp.advertisement_interval: 15ms is not a multiple of 10ms, the unit of VRRP",
    ),
    "interval a number": (
        "vrid_offset = 50",
        "advertisement_interval = 1",
        "vrrp.advertisement_interval: must be a string, not an integer",
    ),
    "checksum unknown": (
        "vrid_offset = 50",
        'checksum = "crc32"',
        'vrrp.checksum: "crc32" is not known: write one of rfc9568, rfc5798',
    ),
    "unknown key in vrrp": (
        "vrid_offset = 50",
        "vrid_ofset = 50",
        "vrrp.vrid_ofset: unknown key: did you mean vrid_offset?",
    ),
    "hotwire without port": (
        'port = "hotwire"\n',
        "",
        'hotwire.port: is missing: add it, e.g. port = "hotwire"',
    ),
    "hotwire also an HA interface": (
        'port = "hotwire"',
        'port = "wan"',
        'ha_interfaces[1].port: "wan" is the hotwire, which is exclusive: choose another port',
    ),
    "port twice": (
        'port = "wan"',
        'port = "lan"',
        'ha_interfaces[1].port: "lan" has the virtual addresses of ha_interfaces[0]: write all of them '
        "there, or name the port of these with addresses_on",
    ),
    "number twice": (
        'port = "wan"',
        'port = "wan"\nnumber = 1',
        "ha_interfaces[1].number: VRID 51 is already used by ha_interfaces[0]: give each its own number",
    ),
    "VRID too large": (
        'port = "wan"',
        'port = "wan"\nnumber = 206',
        "ha_interfaces[1].number: VRID 50 + 206 is over 255: choose a smaller number or vrrp.vrid_offset",
    ),
    "number 0": (
        'port = "wan"',
        'port = "wan"\nnumber = 0',
        "ha_interfaces[1].number: must be from 1 to 255",
    ),
    "virtual address twice": (
        '"192.168.175.101/24"',
        '"192.168.12.1/32"',
        "ha_interfaces[1].virtual_addresses[0]: 192.168.12.1 is already the "
        "virtual address of port lan: remove one of the two",
    ),
    "no virtual address": (
        '["192.168.175.101/24"]',
        "[]",
        'ha_interfaces[1].virtual_addresses: must not be empty, e.g. virtual_addresses = ["192.168.12.1/24"]',
    ),
    "virtual addresses missing": (
        'virtual_addresses = ["192.168.12.1/24"]\n',
        "",
        "ha_interfaces[0].virtual_addresses: is missing: add it, e.g. "
        'virtual_addresses = ["192.168.12.1/24"]',
    ),
    "too many virtual addresses": (
        '["192.168.175.101/24"]',
        str([f"10.1.{number // 256}.{number % 256}/8" for number in range(1, 257)]),
        "ha_interfaces[1].virtual_addresses: an advertisement holds 255 IPv4 addresses at most, not 256: "
        "remove some",
    ),
}


@pytest.mark.parametrize("old, new, message", CLUSTER_ERRORS.values(), ids=CLUSTER_ERRORS)
def test_cluster_error(old, new, message):
    assert problems(load_cluster, changed(CLUSTER, old, new)) == [f"cluster.toml: {message}"]


@pytest.mark.parametrize(
    "interfaces, message",
    [
        ("", "ha_interfaces: is missing: add it, e.g. [[ha_interfaces]]"),
        ("ha_interfaces = []", "ha_interfaces: must not be empty, e.g. [[ha_interfaces]]"),
        (
            "[ha_interfaces]\nport = 'lan'",
            "ha_interfaces: must be an array of tables, [[ha_interfaces]], not a table",
        ),
        (
            "ha_interfaces = ['lan']",
            "ha_interfaces[0]: must be a table, [[ha_interfaces]], not a string",
        ),
    ],
)
def test_cluster_without_usable_interfaces(interfaces, message):
    text = f'schema = 1\nname = "a"\nmaster = "b"\n{interfaces}'
    assert problems(load_cluster, text) == [f"cluster.toml: {message}"]


def test_every_problem_is_told_at_once():
    text = """
    schema = 1
    master = 5
    [vrrp]
    preempt = "no"
    interval = "1s"
    [[ha_interfaces]]
    port = "lan"
    number = 1.5
    virtual_addresses = ["192.168.12.0/24", 7]
    """
    assert problems(load_cluster, text) == [
        'cluster.toml: name: is missing: add it, e.g. name = "office"',
        "cluster.toml: master: must be a string, not an integer",
        "cluster.toml: vrrp.preempt: must be true or false, not a string",
        "cluster.toml: vrrp.interval: unknown key: did you mean advertisement_interval?",
        "cluster.toml: ha_interfaces[0].number: must be an integer from 1 to 255, not a number",
        "cluster.toml: ha_interfaces[0].virtual_addresses[0]: 192.168.12.0 is the network address of "
        "192.168.12.0/24: take an address between its first and last",
        "cluster.toml: ha_interfaces[0].virtual_addresses[1]: must be a string, not an integer",
    ]


# the two together


def pair_problems(node, cluster):
    return problems(lambda _: check_pair(load_node(node), load_cluster(cluster)), "")


def test_a_port_that_the_node_does_not_have():
    cluster = changed(CLUSTER, 'port = "wan"', 'port = "wlan"')
    assert pair_problems(NODE, cluster) == [
        'cluster.toml: hotwire.port: node alpha has no port "hotwire": it has: lan, wan',
        'cluster.toml: ha_interfaces[1].port: node alpha has no port "wlan": did you mean wan?',
    ]


def test_a_virtual_address_that_is_an_own_address():
    node = NODE + '[ports.hotwire]\nmac = "52:54:00:48:0a:03"\n'
    cluster = changed(CLUSTER, '"192.168.175.101/24"', '"192.168.12.141/32"')
    assert pair_problems(node, cluster) == [
        "cluster.toml: ha_interfaces[1].virtual_addresses[0]: 192.168.12.141 is already the own address of "
        "port lan of node alpha: a virtual address must be the own address of neither node"
    ]


# files that are not even TOML


@pytest.mark.parametrize(
    "text, message",
    [
        ("schema = 1\nname = \n", "line 2, column 8: is not TOML: Invalid value"),
        ("schema = 1\nschema = 2\n", "line 2, column 11: is not TOML: Cannot overwrite a value"),
        ("[", "end of document: is not TOML: Invalid initial character for a key part"),
        ("x = " + "[" * 5000, "is nested too deeply: is it the right file?"),
        ("#" * (1 << 20) + "\n", "has 1048577 characters, 1048576 are the limit: is it the right file?"),
    ],
)
def test_syntax_errors_have_line_and_column(text, message):
    (told,) = problems(load_node, text)
    assert told == f"node.toml: {message}"


def test_a_number_with_too_many_digits_is_refused():
    (told,) = problems(load_node, f"schema = {'9' * 5000}")
    assert told.startswith("node.toml: has a value that cannot be read: ")


@given(st.text(max_size=80))
def test_whatever_the_text_only_config_errors_come_out(text):
    for load in (load_node, load_cluster, load_preseed, load_admin):
        with pytest.raises(ConfigError):
            load(text)


TOML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("lan", "mac", "port", "x")), inner, max_size=3)
    ),
    max_leaves=6,
)


def to_toml(value):
    match value:
        case None:
            return "1979-05-27"
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) < 0xE000) + '"'
        case list():
            return f"[{', '.join(map(to_toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{key} = {to_toml(inner)}" for key, inner in value.items()) + "}"
        case _:
            return str(value)


@given(
    st.dictionaries(
        st.sampled_from(
            (
                "name",
                "ports",
                "master",
                "enabled",
                "vrrp",
                "hotwire",
                "ha_interfaces",
                "admin",
                "node",
                "cluster",
            )
        ),
        TOML_VALUES,
    )
)
def test_wrong_types_anywhere_are_config_errors(tables):
    text = "schema = 1\n" + "\n".join(f"{key} = {to_toml(value)}" for key, value in tables.items())
    for load in (load_node, load_cluster, load_preseed):
        with pytest.raises(ConfigError):
            load(text)
