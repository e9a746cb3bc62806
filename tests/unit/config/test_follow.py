"""[follow] of cluster.toml: what it may say, what it may not, and what becomes of it."""

import pytest

from hadaemon.config import (
    ConfigError,
    check_pair,
    load_cluster,
    load_node,
    render_cluster,
    render_used_preseed,
)
from hadaemon.config.model import Admin, Preseed
from hadaemon.follow.files import drop_ins, files
from hadaemon.follow.follower import followers
from hadaemon.follow.table import follow_table
from hadaemon.setup.networkd import network_files

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["10.99.0.2/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
[ports.hotwire]
mac = "52:54:00:48:0a:03"
[ports.modem]
mac = "52:54:00:48:0a:04"
[ports.trunk]
mac = "52:54:00:48:0a:05"
[ports.guest]
parent = "trunk"
vlan = 7
"""
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
addresses = { alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["192.168.175.101/24"]
"""
KEY = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyE="
FOLLOW = f"""
[follow]
ports = ["guest"]
[[follow.services]]
unit = "openvpn-server@office.service"
stop_timeout = "3s"
source = "192.168.175.101"
[[follow.services]]
unit = "report.timer"
counts = true
[[follow.wireguard]]
name = "wg0"
private_key = "{KEY}"
addresses = ["10.8.0.1/24"]
listen_port = 51820
source = "192.168.175.101"
[[follow.wireguard.peers]]
public_key = "{KEY}"
preshared_key = "{KEY}"
allowed = ["10.8.0.2/32", "10.8.0.0/24"]
endpoint = "198.51.100.7:51820"
keepalive = 25
[[follow.pppoe]]
name = "wan0"
port = "modem"
user = "me@provider.example"
password = "very secret"
[[follow.dhcp]]
port = "lan"
range = "192.168.12.100-192.168.12.199"
dns = ["192.168.12.1"]
domain = "office.example.org"
hosts = {{ "52:54:00:aa:bb:cc" = "192.168.12.80" }}
[follow.haproxy]
enabled = true
transparent = true
"""


def test_what_is_read_is_what_is_written():
    cluster = load_cluster(CLUSTER + FOLLOW)
    check_pair(load_node(NODE), cluster)
    assert load_cluster(render_cluster(cluster)) == cluster
    assert load_cluster(CLUSTER).follow.interfaces == ()


def test_a_used_preseed_keeps_neither_keys_nor_passwords():
    preseed = Preseed(Admin("$6$abcdefgh$abcdefgh"), load_node(NODE), load_cluster(CLUSTER + FOLLOW))
    text = render_used_preseed(preseed)
    assert "very secret" not in text
    assert "private_key" not in text
    assert "preshared_key" not in text
    assert 'name = "wg0"' in text


def test_links_are_started_first_and_the_administrators_own_units_last():
    assert [each.unit for each in followers(load_cluster(CLUSTER + FOLLOW).follow)] == [
        "hotspare-pppoe@wan0.service",
        "hotspare-wireguard@wg0.service",
        "hotspare-dhcp.service",
        "hotspare-haproxy.service",
        "openvpn-server@office.service",
        "report.timer",
    ]


def written() -> dict[str, str]:
    cluster = load_cluster(CLUSTER + FOLLOW)
    names = {"lan": "eth0", "modem": "eth3"}
    return {
        file.name: file.text
        for file in files("alpha", cluster, names, {"lan": "vrrp4.51"}, {"web.cfg": "frontend web\n"})
    }


def test_what_takes_everything_has_a_table_of_its_own():
    text = CLUSTER + FOLLOW.replace('"10.8.0.2/32"', '"10.8.0.2/32", "0.0.0.0/0", "::/0"')
    cluster = load_cluster(text)
    assert load_cluster(text).follow.whole == {4, 6}
    assert load_cluster(CLUSTER + FOLLOW).follow.whole == frozenset()
    found = {file.name: file.text for file in files("alpha", cluster, {}, {}, {})}
    assert "route replace 0.0.0.0/0 dev wg0 table 73\n" in found["wg0.ip"]
    assert "route replace ::/0 dev wg0 table 73\n" in found["wg0.ip"]
    assert "route replace 10.8.0.2/32 dev wg0\n" in found["wg0.ip"]
    assert "AllowedIPs = 10.8.0.2/32, 0.0.0.0/0, ::/0, 10.8.0.0/24\n" in found["wg0.wg"]
    assert "FwMark = 0x48e\n" in written()["wg0.wg"], "of any tunnel: it may not go into another one"


def test_the_files_say_what_the_configuration_says():
    found = written()
    assert set(found) == {
        *("wg0.wg", "wg0.ip", "ppp-wan0", "ppp-wan0.ip", "dnsmasq.conf"),
        *("haproxy/00-hotspare.cfg", "haproxy/web.cfg"),
    }
    assert "route replace 10.8.0.2/32 dev wg0" in found["wg0.ip"]
    assert "10.8.0.0/24" not in found["wg0.ip"], "the route to it comes with the address"
    assert "nic-eth3\nifname wan0\n" in found["ppp-wan0"]
    assert found["ppp-wan0.ip"] == "", "it is there in any case"
    assert "dhcp-range=set:lan,192.168.12.100,192.168.12.199,255.255.255.0,43200s" in found["dnsmasq.conf"]
    assert "interface=vrrp4.51\n" in found["dnsmasq.conf"], "where the virtual address is"
    assert "option:router,192.168.12.1\n" in found["dnsmasq.conf"]
    assert "peer beta 192.168.180.3:3784" in found["haproxy/00-hotspare.cfg"]
    assert "localpeer alpha" in found["haproxy/00-hotspare.cfg"]


DIAL_IN = """
schema = 1
name = "o"
master = "a"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[follow.pppoe]]
port = "modem"
user = "u"
password = "p"
"""


def test_a_dial_in_within_a_vlan_has_an_interface_with_its_tag():
    cluster = load_cluster(f'{DIAL_IN}name = "wan0"\nvlan = 7\n')
    assert load_cluster(render_cluster(cluster)) == cluster
    found = {file.name: file.text for file in files("alpha", cluster, {"modem": "eth3"}, {}, {})}
    assert "nic-v-wan0\nifname wan0\n" in found["ppp-wan0"]
    steps = "link add link eth3 name v-wan0 type vlan id 7\nlink set dev v-wan0 up\n"
    assert found["ppp-wan0.ip"] == steps


@pytest.mark.parametrize(
    "lines,reason",
    [
        ('name = "wan0"\nvlan = 0', "4094"),
        ('name = "wan0"\nvlan = "7"', "vlan"),
        ('name = "fourteen-signs"\nvlan = 7', "13 characters"),
    ],
)
def test_a_wrong_vlan_of_a_dial_in(lines: str, reason: str):
    with pytest.raises(ConfigError, match=reason):
        load_cluster(f"{DIAL_IN}{lines}\n")


def test_a_port_whose_card_is_missing_makes_no_file():
    cluster = load_cluster(CLUSTER + FOLLOW)
    assert {file.name for file in files("alpha", cluster, {}, {}, {})} == {
        "wg0.wg",
        "wg0.ip",
        "haproxy/00-hotspare.cfg",
    }


def test_a_service_gets_its_source_by_its_control_group():
    cluster = load_cluster(CLUSTER + FOLLOW)
    (name,) = drop_ins(cluster)
    assert name == "openvpn-server@office.service.d/50-hotspare-source.conf"
    table = follow_table(cluster.follow)
    assert drop_ins(cluster)[name].endswith(
        "NFTSet=cgroup:inet:hotspare_follow:unit_openvpn_server_office_service\n"
    )
    assert "set unit_openvpn_server_office_service { type cgroupsv2; }" in table
    assert "udp sport 51820 meta nfproto ipv4 snat ip to 192.168.175.101" in table
    assert "socket transparent 1" in table


def test_without_any_of_that_the_table_is_not_there():
    assert "delete table inet hotspare_follow" in follow_table(load_cluster(CLUSTER).follow)


REFUSED = {
    "unit": ('"report.timer"', '"report"', "services[1].unit: 'report' is no unit"),
    "ours": ('"report.timer"', '"hadaemon.service"', "hadaemon.service is not yours to start and stop"),
    "target": ('"report.timer"', '"runlevel6.target"', "is no unit"),
    "option": ('"report.timer"', '"--now.service"', "is no unit"),
    "stop": ('"3s"', '"5000s"', "stop_timeout:"),
    "source": (
        'source = "192.168.175.101"\n[[follow.services]]',
        'source = "192.168.175.9"\n[[follow.services]]',
        "services[0].source: 192.168.175.9 is no virtual address of this cluster",
    ),
    "timer": (
        'unit = "report.timer"',
        'unit = "report.timer"\nsource = "192.168.12.1"',
        "only a .service has a source",
    ),
    "key": (f'private_key = "{KEY}"', 'private_key = "short"', "private_key: is not a WireGuard key"),
    "twice": ('name = "wan0"', 'name = "wg0"', "wg0 is there twice"),
    "taken": ('name = "wan0"', 'name = "lan"', '"lan" is a port or a zone already'),
    "allowed": ('"10.8.0.2/32", ', '"10.8.0.2/24", ', "is an address within a network"),
    "no listen_port": ("listen_port = 51820\n", "", "needs listen_port"),
    "password": ('"very secret"', '"pa\u00dfwort"', "password: has 1 to 128 printable ASCII characters"),
    "modem": (
        'port = "modem"',
        'port = "moden"',
        'pppoe[0].port: node alpha has no port "moden": did you mean modem?',
    ),
    "ha": ('ports = ["guest"]', 'ports = ["lan"]', 'ports[0]: "lan" is an HA interface'),
    "trunk": ('ports = ["guest"]', 'ports = ["trunk"]', 'ports[0]: "trunk" has VLANs on it'),
    "hotwire": ('ports = ["guest"]', 'ports = ["hotwire"]', "is the hotwire, which is exclusive"),
    "range": (
        "192.168.12.100-192.168.12.199",
        "192.168.13.100-192.168.13.199",
        "dhcp[0].range: is not in the network",
    ),
    "backwards": (
        "192.168.12.100-192.168.12.199",
        "192.168.12.199-192.168.12.100",
        "the first address comes first",
    ),
    "virtual": (
        "192.168.12.100-192.168.12.199",
        "192.168.12.1-192.168.12.199",
        "which is the virtual address",
    ),
    "no virtual": ('port = "lan"\nrange', 'port = "modem"\nrange', "a DHCP server speaks from one"),
    "host": ('"192.168.12.80"', '"192.168.13.80"', "192.168.13.80 is not in 192.168.12.0/24"),
    "peers": (
        'addresses = { alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }',
        "",
        "needs hotwire.addresses",
    ),
    "unknown": ("[follow]", "[follow]\nport = 1", "follow.port: unknown key: did you mean ports?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_with_its_place(case):
    old, new, message = REFUSED[case]
    text = CLUSTER + FOLLOW
    assert old in text
    with pytest.raises(ConfigError) as refused:
        check_pair(load_node(NODE), load_cluster(text.replace(old, new, 1)))
    assert message in str(refused.value)
    assert KEY not in str(refused.value)


def test_an_own_address_in_the_network_of_a_dhcp_server_is_refused():
    with pytest.raises(ConfigError, match="clients would bind to it"):
        check_pair(
            load_node(NODE.replace("10.99.0.2/24", "192.168.12.141/24")), load_cluster(CLUSTER + FOLLOW)
        )


def test_a_port_that_follows_is_not_taken_up_by_networkd():
    texts = network_files(load_node(NODE), load_cluster(CLUSTER + FOLLOW))
    guest, lan = texts["10-hotspare-guest.network"], texts["10-hotspare-lan.network"]
    assert "ActivationPolicy=manual" in guest
    assert "IgnoreCarrierLoss" not in guest
    assert "ActivationPolicy" not in lan
