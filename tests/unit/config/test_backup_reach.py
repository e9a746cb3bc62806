"""What a node cannot reach while it is backup is told when the configuration is checked."""

import pytest

from hadaemon.config import check_pair, load_cluster, load_node
from hadaemon.config.notes import notes

NODE = """
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["10.99.0.2/24"]
"""
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["203.0.113.2/29"]
"""
ROUTE = '[[routes]]\ndestination = "default"\ngateway = "203.0.113.1"\nport = "wan"\n'
KEY = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyE="
TUNNEL = f"""[[follow.wireguard]]
name = "wg0"
private_key = "{KEY}"
addresses = ["10.8.0.1/24"]
[[follow.wireguard.peers]]
public_key = "{KEY}"
allowed = ["192.168.77.0/24"]
"""
DIAL_IN = '[[follow.pppoe]]\nname = "wan0"\nport = "wan"\nuser = "me"\npassword = "secret"\n'
NO_GATEWAY = "it has no own address in the network of the gateway 203.0.113.1"


def said(more: str, node: str = NODE) -> list[str]:
    own, cluster = load_node(node), load_cluster(CLUSTER + more)
    check_pair(own, cluster)
    return list(notes(own, cluster))


@pytest.mark.parametrize(
    "more, key, why",
    [
        (
            f'{ROUTE}[dns]\nservers = ["192.168.12.53", "9.9.9.9"]\n',
            "dns.servers",
            f"reach 9.9.9.9: {NO_GATEWAY}",
        ),
        (f'{ROUTE}[ntp]\nservers = ["ntp.example.org"]\n', "ntp.servers", f"ntp.example.org: {NO_GATEWAY}"),
        (f'{ROUTE}[syslog]\nservers = ["198.51.100.9"]\n', "syslog.servers", f"198.51.100.9: {NO_GATEWAY}"),
        (
            f'{ROUTE}[alarms.webhook]\nurl = "https://alarms.example.org/a"\n',
            "alarms.webhook.url",
            f"alarms.example.org: {NO_GATEWAY}",
        ),
        (
            f'{ROUTE}[[ping_groups]]\nname = "up"\nhosts = ["203.0.113.1", "9.9.9.9"]\n',
            "ping_groups[0].counts_on",
            f"it can reach none of them: {NO_GATEWAY}; so the group counts as failed there",
        ),
        (
            '[[ping_groups]]\nname = "up"\nhosts = ["203.0.113.1"]\nport = "wan"\n',
            "ping_groups[0].counts_on",
            "it has no own address in 203.0.113.0/29, only the virtual one, 203.0.113.2",
        ),
        (
            f'{TUNNEL}[[ping_groups]]\nname = "branch"\nhosts = ["192.168.77.1"]\n',
            "ping_groups[0].counts_on",
            "tunnel wg0 is up on the active node alone",
        ),
        (
            f'{DIAL_IN}[ntp]\nservers = ["ntp.example.org"]\n',
            "ntp.servers",
            "the dial-in wan0 is up on the active node alone",
        ),
    ],
)
def test_what_only_the_active_node_reaches_is_told(more, key, why):
    (note,) = said(more)
    assert note.startswith(f"cluster.toml: {key}: while node alpha is backup")
    assert why in note


ASKING = '[dns]\nservers = ["9.9.9.9"]\n[ntp]\nservers = ["ntp.example.org"]\n'


@pytest.mark.parametrize(
    "more, node",
    [
        # A gateway in an own network, on another port.
        ('[[routes]]\ndestination = "default"\ngateway = "192.168.12.254"\n' + ASKING, NODE),
        # The backup has another way, which counts more.
        (
            ROUTE.replace("wan", 'wan"\nmetric = 9\n#') + '[[routes]]\ndestination = "default"\n'
            'gateway = "192.168.12.254"\n' + ASKING,
            NODE,
        ),
        # What DHCP tells is not known.
        (ASKING, NODE + '[ports.modem]\nmac = "52:54:00:48:0a:03"\ndhcp = true\n'),
        # One of the hosts is enough.
        (ROUTE + '[[ping_groups]]\nname = "up"\nhosts = ["192.168.12.254", "9.9.9.9"]\n', NODE),
        # No node has a way: that is another mistake.
        (ASKING, NODE),
    ],
)
def test_what_the_backup_reaches_is_not_told(more, node):
    assert said(more, node) == []


def test_a_node_with_its_own_settings_is_told_with_its_own_file():
    (note,) = said(ROUTE, NODE + '[ntp]\nservers = ["ntp.example.org"]\n')
    assert note.startswith("node.toml: ntp.servers: while node alpha is backup")


def test_a_port_that_follows_is_down():
    node = NODE + '[ports.modem]\nmac = "52:54:00:48:0a:03"\naddresses = ["10.5.0.2/24"]\n'
    (note,) = said('[dns]\nservers = ["10.5.0.1"]\n[follow]\nports = ["modem"]\n', node)
    assert "port modem is up on the active node alone" in note
