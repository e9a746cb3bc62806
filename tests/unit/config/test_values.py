"""Good configuration: defaults, normal forms, and back to text without loss."""

from ipaddress import IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config import (
    Admin,
    ClusterConfig,
    ConfigError,
    HaInterface,
    Hotwire,
    NodeConfig,
    Port,
    Preseed,
    VrrpConfig,
    follow_words,
    load_admin,
    load_cluster,
    load_node,
    load_preseed,
    network_values,
    render_admin,
    render_cluster,
    render_node,
    render_used_preseed,
    values,
)
from hadaemon.vrrp import Checksum
from tests.unit.config.test_load import ADMIN, CLUSTER, KEY, NODE


def test_a_node():
    assert load_node(NODE) == NodeConfig(
        "alpha",
        {
            "lan": Port("lan", "52:54:00:48:0a:01", (IPv4Interface("192.168.12.141/24"),)),
            "wan": Port("wan", "52:54:00:48:0a:02", (IPv4Interface("192.168.175.102/24"),)),
        },
    )


def test_a_cluster_with_defaults():
    assert load_cluster(CLUSTER) == ClusterConfig(
        "office",
        "alpha",
        (
            HaInterface("lan", 1, 51, (IPv4Interface("192.168.12.1/24"),)),
            HaInterface("wan", 2, 52, (IPv4Interface("192.168.175.101/24"),)),
        ),
        enabled=True,
        vrrp=VrrpConfig(50, 100, True, Checksum.RFC9568),
        hotwire=Hotwire("hotwire"),
    )


def test_mac_addresses_get_one_form():
    text = NODE.replace("52:54:00:48:0a:01", "52-54-00-48-0A-01")
    assert load_node(text).ports["lan"].mac == "52:54:00:48:0a:01"


@pytest.mark.parametrize(
    "text, centiseconds",
    [
        ("10ms", 1),
        ("100ms", 10),
        ("1s", 100),
        ("1.5s", 150),
        ("0.01s", 1),
        ("40.95s", 4095),
        ("40950ms", 4095),
    ],
)
def test_intervals(text, centiseconds):
    cluster = load_cluster(CLUSTER.replace("vrid_offset = 50", f'advertisement_interval = "{text}"'))
    assert cluster.vrrp.advertisement_interval == centiseconds


def test_the_last_vrid_can_be_used():
    cluster = load_cluster(CLUSTER.replace('port = "wan"', 'port = "wan"\nnumber = 205'))
    assert cluster.ha_interfaces[1].vrid == 255


def test_point_to_point_networks_have_no_broadcast_address():
    node = load_node(NODE.replace("192.168.12.141/24", "192.168.12.0/31"))
    assert node.ports["lan"].addresses == (IPv4Interface("192.168.12.0/31"),)


def test_admin_may_have_either_or_both():
    assert load_admin(ADMIN) == Admin(None, (KEY,))
    hashed = "$y$j9T$abcdefgh$abcdefghijklmnop"
    assert load_admin(f'schema = 1\npassword_hash = "{hashed}"') == Admin(hashed, ())


READERS = {
    "address": values.address,
    "interface": values.interface_address,
    "interface of the hotwire": values.ipv4_interface,
    "network": values.network,
    "host": network_values.host,
    "destination": network_values.destination,
    "prefix": network_values.prefix,
    "IPv6 address": network_values.ipv6_address,
    "endpoint": follow_words.endpoint,
    "range": follow_words.address_range,
}
ZONED = ("fe80::1%{}", "fe80::1%{}/64", "fe80::%{}/64", "fe80::1%{}/128", "[fe80::1%{}]:51820", "10.0.0.1%{}")


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("zone", ["eth0", "\n[Network]\nDHCP=yes\n#", ""])
@pytest.mark.parametrize("text", ZONED)
def test_no_address_has_a_zone_which_could_hold_lines_of_another_file(read, zone, text):
    with pytest.raises(ValueError, match=" "):
        read(text.format(zone))


def test_a_zone_is_refused_in_the_files_with_its_key():
    route = '[[routes]]\ndestination = "fe80::%x\\n[Network]/64"\nport = "lan"\n'
    with pytest.raises(ConfigError) as refused:
        load_node(NODE + route)
    assert str(refused.value).startswith("node.toml: routes[0].destination: ")
    assert "has a zone: leave it out" in str(refused.value)


@pytest.mark.parametrize("load, text", [(load_node, NODE), (load_cluster, CLUSTER), (load_admin, ADMIN)])
def test_a_byte_order_mark_at_the_beginning_means_nothing(load, text):
    assert load(f"\ufeff{text}") == load(text)
    with pytest.raises(ConfigError, match="is not TOML"):
        load(f"\ufeff\ufeff{text}")


names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
host_names = (
    st.lists(names, min_size=1, max_size=4)
    .map(".".join)
    .filter(lambda name: not name.split(".")[-1].isdigit())
)
port_names = st.from_regex(r"[a-z][a-z0-9_-]{0,14}", fullmatch=True)
unicast = st.builds(
    lambda second, third, last, prefix: IPv4Interface(f"10.{second}.{third}.{last}/{prefix}"),
    *[st.integers(1, 254)] * 3,
    st.integers(8, 24),
)
narrow = unicast.filter(lambda address: address.network.prefixlen >= 16)
"""Two with another second number are not of one network."""
macs = st.integers(1, (1 << 40) - 1).map(
    lambda number: ":".join(f"{byte:02x}" for byte in (0x52 << 40 | number).to_bytes(6, "big"))
)


@st.composite
def nodes(draw):
    ports = draw(st.lists(port_names, min_size=1, max_size=4, unique=True))
    own_macs = draw(st.lists(macs, min_size=len(ports), max_size=len(ports), unique=True))
    addresses = draw(st.lists(unicast, max_size=4, unique_by=lambda address: address.ip))
    return NodeConfig(
        draw(host_names),
        {
            port: Port(port, mac, tuple(addresses) if port == ports[0] else ())
            for port, mac in zip(ports, own_macs, strict=True)
        },
    )


@st.composite
def clusters(draw):
    ports = draw(st.lists(port_names, min_size=2, max_size=4, unique=True))
    offset = draw(st.integers(0, 200))
    numbers = draw(st.lists(st.integers(1, 55), min_size=3, max_size=3, unique=True))
    addresses = draw(st.lists(narrow, min_size=3, max_size=3, unique_by=lambda address: address.ip.packed[1]))
    master, other = draw(st.lists(host_names, min_size=2, max_size=2, unique=True))
    ends = {master: IPv4Interface("169.254.0.1/24"), other: IPv4Interface("169.254.0.2/24")}
    return ClusterConfig(
        draw(names),
        master,
        tuple(
            HaInterface(port, number, offset + number, (address,))
            for port, number, address in zip(ports[1:], numbers, addresses, strict=False)
        ),
        draw(st.booleans()),
        VrrpConfig(offset, draw(st.integers(1, 4095)), draw(st.booleans()), draw(st.sampled_from(Checksum))),
        draw(st.sampled_from((None, Hotwire(ports[0]), Hotwire(ports[0], addresses=ends)))),
    )


@given(nodes())
def test_a_node_survives_rendering(node):
    assert load_node(render_node(node)) == node


@given(clusters())
def test_a_cluster_survives_rendering(cluster):
    assert load_cluster(render_cluster(cluster)) == cluster


@pytest.mark.parametrize("comment", ["", " admin@office", ' "quoted" \\ back', " Grüße"])
def test_an_admin_survives_rendering(comment):
    admin = Admin("$6$abcdefgh$abcdefgh", (KEY + comment,))
    assert load_admin(render_admin(admin)) == admin


def test_a_used_preseed_has_no_secrets_and_is_complete_again_with_an_admin():
    preseed = Preseed(
        Admin("$6$abcdefgh$secretsecret", (KEY,)),
        load_node(NODE + '[ports.hotwire]\nmac = "52:54:00:48:0a:03"\n'),
        load_cluster(CLUSTER),
    )
    text = render_used_preseed(preseed)
    assert "secret" not in text.split("\n", 1)[1]
    assert KEY not in text
    completed = text + f'[admin]\nssh_keys = ["{KEY}"]\n'
    assert load_preseed(completed) == Preseed(Admin(None, (KEY,)), preseed.node, preseed.cluster)


def test_a_stand_alone_preseed_has_no_cluster():
    node = load_node(NODE)
    text = render_used_preseed(Preseed(Admin(None, (KEY,)), node)) + f'[admin]\nssh_keys = ["{KEY}"]\n'
    assert load_preseed(text) == Preseed(Admin(None, (KEY,)), node, None)
