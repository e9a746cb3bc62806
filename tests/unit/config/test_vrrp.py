"""[vrrp] and [[ha_interfaces]] of cluster.toml: what they mean, and every combination that cannot work."""

import dataclasses
from ipaddress import IPv4Address, IPv6Interface, ip_interface

import pytest

from hadaemon.config import (
    ConfigError,
    check_pair,
    load_cluster,
    load_node,
    load_preseed,
    render_cluster,
    render_used_preseed,
)
from hadaemon.vrrp import Password, SignatureMode, Signatures, Version

KEY = "hex:" + bytes(range(32)).hex()
TEXT_KEY = "k" * 40

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24", "fe80::a/64"]
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.175.102/24"]
[ports.dmz]
mac = "52:54:00:48:0a:03"
dhcp = true
[ports.hotwire]
mac = "52:54:00:48:0a:04"
"""


def text(vrrp="", lan='virtual_addresses = ["192.168.12.1/24"]', wan=None, more=""):
    second = "" if wan is None else f'[[ha_interfaces]]\nport = "wan"\n{wan}\n'
    return (
        f'schema = 1\nname = "office"\nmaster = "alpha"\n[vrrp]\n{vrrp}\n'
        f'[[ha_interfaces]]\nport = "lan"\n{lan}\n{second}{more}'
    )


def problems(cluster, node=None):
    """What is said against a cluster.toml, and with a node.toml against the two together."""
    with pytest.raises(ConfigError) as refused:
        _check(cluster, node)
    return [f"{problem.path}: {problem.message}" for problem in refused.value.mistakes]


def _check(cluster, node):
    read = load_cluster(cluster)
    if node is not None:
        check_pair(load_node(node), read)


def lan(config):
    return config.ha_interfaces[0]


def test_defaults():
    vrrp = load_cluster(text()).vrrp
    assert (vrrp.version, vrrp.preempt_delay, vrrp.accept_mode, vrrp.virtual_mac) == (3, 0.0, True, False)
    assert (vrrp.authentication, dict(vrrp.priorities)) == (None, {})
    interface = lan(load_cluster(text()))
    assert (interface.address_port, dict(interface.peers), interface.families) == ("lan", {}, (4,))


def test_signatures():
    table = f'[vrrp.authentication]\ntype = "hmac"\nkey = "{KEY}"\n'
    assert load_cluster(text(table)).vrrp.authentication == Signatures(
        SignatureMode.ENFORCE, 1, {1: bytes(range(32))}
    )
    table += f'mode = "receive-only"\nkey_id = 7\nmore_keys = {{ 2 = "{TEXT_KEY}" }}\n'
    assert load_cluster(text(table)).vrrp.authentication == Signatures(
        SignatureMode.RECEIVE_ONLY, 7, {7: bytes(range(32)), 2: TEXT_KEY.encode()}
    )


def test_a_password_is_filled_up_with_zeros():
    read = load_cluster(text('version = 2\n[vrrp.authentication]\ntype = "password"\npassphrase = "secret"'))
    assert read.vrrp.authentication == Password(b"secret\0\0")
    assert read.vrrp.version is Version.V2


def both(*addresses):
    return f"virtual_addresses = {list(addresses)}"


def test_a_link_local_address_is_derived_and_comes_first():
    read = lan(load_cluster(text(lan=both("2001:db8::1/64", "192.168.12.1/24", "2001:db8:1::1/64"))))
    assert [str(address) for address in read.virtual_addresses] == [
        "192.168.12.1/24",
        "fe80::48:33/64",
        "2001:db8::1/64",
        "2001:db8:1::1/64",
    ]
    assert read.families == (4, 6)
    assert read.addresses(4) == (IPv4Address("192.168.12.1"),)
    assert [str(address) for address in read.addresses(6)] == [
        "fe80::48:33",
        "2001:db8::1",
        "2001:db8:1::1",
    ]


def test_a_link_local_address_that_is_named_takes_its_place():
    read = lan(load_cluster(text(lan=both("2001:db8::1/64", "fe80::1/64"))))
    assert read.virtual_addresses == (IPv6Interface("fe80::1/64"), IPv6Interface("2001:db8::1/64"))


def test_every_network_may_have_the_same_link_local_gateway():
    read = load_cluster(text(lan=both("fe80::1/64"), wan=both("fe80::1/64")))
    assert [len(interface.virtual_addresses) for interface in read.ha_interfaces] == [1, 1]


def auth(lines, version=3):
    return f"version = {version}\n[vrrp.authentication]\n{lines}"


PEERS = 'peers = { alpha = "192.168.12.141", beta = "192.168.12.142" }'
VRRP, LAN = "vrrp", "lan"

# what is wrong: where it is written, the lines, what is said
REFUSED = {
    "version": (VRRP, "version = 4", "vrrp.version: must be from 2 to 3"),
    "broken seconds": (
        VRRP,
        'version = 2\nadvertisement_interval = "1.5s"',
        "vrrp.advertisement_interval: version 2 has whole seconds only: write e.g. 1s, or take version 3",
    ),
    "preempt delay": (VRRP, 'preempt_delay = "2h"', "vrrp.preempt_delay: "),
    "preempt delay too long": (
        VRRP,
        'preempt_delay = "3601s"',
        "vrrp.preempt_delay: 3601s is out of range: from 0s to 3600s",
    ),
    "preempt delay too exact": (
        VRRP,
        'preempt_delay = "0.5ms"',
        "vrrp.preempt_delay: 0.5ms is too exact: write whole milliseconds",
    ),
    "priority 0": (VRRP, "priorities = { alpha = 0 }", "vrrp.priorities.alpha: must be from 1 to 255"),
    "two owners": (
        VRRP,
        "priorities = { alpha = 255, beta = 255 }",
        "vrrp.priorities: 255 is the address owner's, and there is one owner at most, not alpha, beta",
    ),
    "authentication of no type": (
        VRRP,
        auth(""),
        'vrrp.authentication.type: is missing: add it, e.g. type = "hmac"',
    ),
    "authentication of another type": (
        VRRP,
        auth('type = "md5"'),
        'vrrp.authentication.type: "md5" is not known: write one of password, hmac',
    ),
    "passphrase too long": (
        VRRP,
        auth('type = "password"\npassphrase = "123456789"', 2),
        "vrrp.authentication.passphrase: has 9 characters, but an advertisement of version 2 has room for "
        "1 to 8: take a shorter one, or version 3 with signatures",
    ),
    "passphrase empty": (
        VRRP,
        auth('type = "password"\npassphrase = ""', 2),
        "vrrp.authentication.passphrase: has 0 characters, ",
    ),
    "passphrase not ASCII": (
        VRRP,
        auth('type = "password"\npassphrase = "geheim€"', 2),
        "vrrp.authentication.passphrase: a passphrase has printable ASCII characters only: ",
    ),
    "passphrase missing": (
        VRRP,
        auth('type = "password"', 2),
        "vrrp.authentication.passphrase: is missing: type password needs it",
    ),
    "password in version 3": (
        VRRP,
        auth('type = "password"\npassphrase = "secret"'),
        "vrrp.authentication.type: version 3 has no passwords (RFC 9568 §9): write hmac, or take version 2",
    ),
    "key missing": (VRRP, auth('type = "hmac"'), "vrrp.authentication.key: is missing: type hmac needs it"),
    "key too short": (
        VRRP,
        auth('type = "hmac"\nkey = "short"'),
        "vrrp.authentication.key: has 5 bytes, but a key has 32 to 64: "
        "make one with: echo hex:$(openssl rand -hex 32)",
    ),
    "key with bad digits": (
        VRRP,
        auth('type = "hmac"\nkey = "hex:0g"'),
        "vrrp.authentication.key: what follows hex: must be pairs of hex digits, ",
    ),
    "key id": (
        VRRP,
        auth(f'type = "hmac"\nkey = "{KEY}"\nkey_id = 256'),
        "vrrp.authentication.key_id: must be from 1 to 255",
    ),
    "key id twice": (
        VRRP,
        auth(f'type = "hmac"\nkey = "{KEY}"\nmore_keys = {{ 1 = "{KEY}" }}'),
        "vrrp.authentication.more_keys: 1 is the key_id that signs already: give the other key another id",
    ),
    "key id that is none": (
        VRRP,
        auth(f'type = "hmac"\nkey = "{KEY}"\nmore_keys = {{ 02 = "{KEY}" }}'),
        'vrrp.authentication.more_keys.02: "02" is not the id of a key: write a number from 1 to 255',
    ),
    "mode": (
        VRRP,
        auth(f'type = "hmac"\nkey = "{KEY}"\nmode = "strict"'),
        'vrrp.authentication.mode: "strict" is not known: write one of receive-only, permissive, enforce',
    ),
    "keys of the other type": (
        VRRP,
        auth(f'type = "hmac"\nkey = "{KEY}"\npassphrase = "secret"'),
        "vrrp.authentication.passphrase: belongs to type password, not to hmac: remove one of the two",
    ),
    "address twice": (
        LAN,
        both("192.168.12.1/24", "192.168.12.1/32"),
        "ha_interfaces[0].virtual_addresses[1]: 192.168.12.1 is already the "
        "virtual address of port lan: remove one of the two",
    ),
    "too many IPv6 addresses": (
        LAN,
        both(*(f"2001:db8::{number:x}/64" for number in range(1, 90))),
        "ha_interfaces[0].virtual_addresses: an advertisement holds 88 IPv6 addresses at most, not 89: ",
    ),
    "a single peer": (
        LAN,
        both("192.168.12.1/24") + '\npeers = { alpha = "192.168.12.141" }',
        "ha_interfaces[0].peers: must name all nodes of the cluster, this one and the other",
    ),
    "peer that is no address": (
        LAN,
        both("192.168.12.1/24") + '\npeers = { alpha = "192.168.12.141/24", beta = "192.168.12.142" }',
        'ha_interfaces[0].peers.alpha: "192.168.12.141/24" is not an address: write it as in 192.168.12.141',
    ),
    "peers with one address": (
        LAN,
        both("192.168.12.1/24") + '\npeers = { alpha = "192.168.12.141", beta = "192.168.12.141" }',
        "ha_interfaces[0].peers: two nodes have the same address: each needs its own",
    ),
    "peers of another family": (
        LAN,
        both("192.168.12.1/24", "fe80::1/64") + f"\n{PEERS}",
        "ha_interfaces[0].peers: unicast speaks one family: ",
    ),
}


@pytest.mark.parametrize("place, lines, message", REFUSED.values(), ids=REFUSED)
def test_a_value_that_cannot_work_is_refused(place, lines, message):
    (said,) = problems(text(**{place: lines}))
    assert said.startswith(message)


def test_version_2_has_no_ipv6_addresses():
    (said,) = problems(text("version = 2", both("192.168.12.1/24", "2001:db8::1/64")))
    assert said == (
        "ha_interfaces[0].virtual_addresses[1]: 2001:db8::1 is an IPv6 address, and VRRP version 2 has none: "
        "take 3"
    )


def test_a_port_has_the_virtual_addresses_of_one_ha_interface():
    (said,) = problems(
        text(wan='virtual_addresses = ["192.168.175.101/24"]\naddresses_on = "lan"'), node=NODE
    )
    assert said == (
        'ha_interfaces[1].addresses_on: "lan" has the virtual addresses of ha_interfaces[0]: '
        "write all of them there, or name the port of these with addresses_on"
    )


def test_the_hotwire_has_no_addresses_of_others():
    hotwire = '[hotwire]\nport = "hotwire"\n'
    (said,) = problems(text(lan=both("10.0.0.1/24") + '\naddresses_on = "hotwire"', more=hotwire))
    assert said.startswith('ha_interfaces[0].addresses_on: "hotwire" is the hotwire, which is exclusive')


# what is wrong: lines of the HA interface, of [vrrp], what is said
AGAINST_THE_NODE = {
    "unknown port": (
        both("10.0.0.1/24") + '\naddresses_on = "lam"',
        "",
        'ha_interfaces[0].addresses_on: node alpha has no port "lam": did you mean lan?',
    ),
    "DHCP client": (
        both("10.0.0.1/24") + '\naddresses_on = "dmz"',
        "",
        "ha_interfaces[0].addresses_on: port dmz of node alpha is a DHCP client, which no HA interface can "
        "be: give it fixed addresses, or none, and remove ports.dmz.dhcp from node.toml",
    ),
    "DHCP server": (
        both("10.0.0.1/24", "192.168.12.1/24") + "\ndhcp_server = true",
        "",
        "ha_interfaces[0].virtual_addresses[1]: 192.168.12.1/24 is in the network of the own address "
        "192.168.12.141/24 of port lan of node alpha: the clients of a DHCP server would bind to that own "
        "address; give the port an own address of another network, or none",
    ),
    "own address": (
        both("192.168.12.1/24", "192.168.175.102/32"),
        "",
        "ha_interfaces[0].virtual_addresses[1]: 192.168.175.102 is already the own address of port wan of "
        "node alpha: a virtual address must be the own address of neither node",
    ),
    "own link-local address": (
        both("fe80::a/64"),
        "",
        "ha_interfaces[0].virtual_addresses[0]: fe80::a is already the own address of port lan of node "
        "alpha: ",
    ),
    "owner of what it has not": (
        both("192.168.12.1/24"),
        "priorities = { alpha = 255, beta = 100 }",
        "ha_interfaces[0].virtual_addresses[0]: 192.168.12.1 is no own address of port lan of node alpha, "
        "whose priority 255 says that it owns the virtual addresses: take another priority",
    ),
    "no priority": (
        both("192.168.12.1/24"),
        "priorities = { beta = 100 }",
        "vrrp.priorities: has no priority for this node: add alpha = 100",
    ),
    "peer that is another": (
        both("192.168.12.1/24") + '\npeers = { alpha = "192.168.12.140", beta = "192.168.12.142" }',
        "",
        "ha_interfaces[0].peers.alpha: 192.168.12.140 is no own address of port lan of node alpha",
    ),
}


@pytest.mark.parametrize("lines, vrrp, message", AGAINST_THE_NODE.values(), ids=AGAINST_THE_NODE)
def test_a_cluster_that_the_node_cannot_run_is_refused(lines, vrrp, message):
    (said,) = problems(text(vrrp, lines), NODE)
    assert said.startswith(message)


def test_a_node_that_is_not_among_the_peers_is_told():
    lines = both("192.168.12.1/24") + '\npeers = { beta = "192.168.12.142", gamma = "192.168.12.143" }'
    cluster = text(lan=lines).replace('master = "alpha"', 'master = "beta"')
    (said,) = problems(cluster, NODE)
    assert said.startswith("ha_interfaces[0].peers: has no address of this node: add alpha")


def test_the_port_of_an_ha_interface_is_no_dhcp_client():
    cluster = text(lan=both("192.168.13.1/24")).replace('port = "lan"', 'port = "dmz"')
    (said,) = problems(cluster, NODE)
    assert said.startswith("ha_interfaces[0].port: port dmz of node alpha is a DHCP client")


def test_an_owner_of_its_addresses_and_a_link_local_address_of_another_port_are_accepted():
    owner = text("priorities = { alpha = 255, beta = 100 }", both("192.168.12.141/24"))
    check_pair(load_node(NODE), load_cluster(owner))
    check_pair(load_node(NODE), load_cluster(text(wan=both("fe80::a/64"))))


EVERYTHING = {
    "plain": text(),
    "version 2": text(
        'version = 2\n[vrrp.authentication]\ntype = "password"\npassphrase = "a\\"b \\\\ c"',
        both("192.168.12.1/24") + f"\n{PEERS}",
    ),
    "version 3": text(
        'preempt_delay = "1500ms"\naccept_mode = false\nvirtual_mac = true\n'
        "priorities = { alpha = 200, beta = 100 }\n[vrrp.authentication]\n"
        f'type = "hmac"\nmode = "permissive"\nkey_id = 3\nkey = "{KEY}"\nmore_keys = {{ 2 = "{TEXT_KEY}" }}',
        both("2001:db8::1/64", "192.168.13.1/24") + '\naddresses_on = "wan"\ndhcp_server = true',
    ),
    "link-local alone": text(lan=both("fe80::48:33/64")),
    "link-local named": text(lan=both("fe80::48:33/64", "fe80::1/64", "2001:db8::1/64")),
}


@pytest.mark.parametrize("cluster", EVERYTHING.values(), ids=EVERYTHING)
def test_what_is_rendered_is_read_as_the_same(cluster):
    read = load_cluster(cluster)
    assert load_cluster(render_cluster(read)) == read


def test_a_derived_address_is_not_written_so_that_it_follows_the_number():
    read = load_cluster(text(lan=both("2001:db8::1/64")))
    assert "fe80" not in render_cluster(read)
    assert lan(read).virtual_addresses[0] == ip_interface("fe80::48:33/64")


SECRETS = ("hunter2", KEY.removeprefix("hex:"), TEXT_KEY)


def test_a_used_preseed_has_no_secret_left():
    cluster = EVERYTHING["version 3"].replace("schema = 1\n", "[cluster]\n")
    for table in ("vrrp.authentication", "vrrp", "ha_interfaces"):
        cluster = cluster.replace(f"[{table}]", f"[cluster.{table}]")
    node = NODE.replace("schema = 1\n", "[node]\n").replace("[ports", "[node.ports")
    admin = 'schema = 1\n[admin]\npassword_hash = "$6$abcdefgh$abcdefgh"\n'
    preseed = load_preseed(admin + node + cluster.replace("[[ha", "[[cluster.ha").replace("[cluster.[", "["))
    left = render_used_preseed(preseed)
    assert not any(secret in left for secret in SECRETS)
    assert preseed.cluster is not None
    assert load_preseed(admin + left.replace("schema = 1", "")).cluster == dataclasses.replace(
        preseed.cluster, vrrp=dataclasses.replace(preseed.cluster.vrrp, authentication=None)
    )


@pytest.mark.parametrize(
    "lines, secret",
    [
        ('type = "password"\npassphrase = "hunter2hunter2"', "hunter2"),
        ('type = "hmac"\nkey = "hunter2"', "hunter2"),
        ('type = "hmac"\nkey = "hex:hunter2"', "hunter2"),
        (f'type = "hmac"\nkey = "{KEY}x"', KEY[4:]),
        ('type = "hmac"\nkey = 4711', "4711"),
    ],
)
def test_no_message_repeats_a_secret(lines, secret):
    assert secret not in "\n".join(problems(text(auth(lines))))


def test_no_repr_shows_a_secret():
    shown = repr(load_cluster(EVERYTHING["version 3"])) + repr(load_cluster(EVERYTHING["version 2"]))
    assert not any(secret in shown for secret in (*SECRETS, str(bytes(range(32)))[2:-1], 'a"b'))
