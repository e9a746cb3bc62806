"""Names, exceptions, ranges and exemptions, from cluster.toml to the text for nftables."""

from dataclasses import replace

import pytest

from hadaemon.config import check_pair, load_cluster
from hadaemon.firewall.advice import advice
from hadaemon.firewall.outdated import outdated
from hadaemon.firewall.ruleset import rule_set
from tests.unit.firewall.rules import CLUSTER, INTERFACES, chain, node
from tests.unit.firewall.test_outdated import flow, port_of

NAMES = """
[networks]
office = ["192.168.0.0/25", "192.168.0.128/25", "2001:db8:12::/64"]
servers = { file = "servers.txt" }
six = ["2001:db8:6::/48"]
[services]
web = ["http", "https", "udp/443"]
"""
LISTS = {"servers.txt": "10.9.0.0/24\n10.9.0.7\n10.9.1.7\n"}
HEAD = "jump user_forward"
LAST = "counter drop"


def cluster(firewall: str):
    found = load_cluster(CLUSTER + NAMES + firewall, lists=LISTS)
    check_pair(node(), found)
    return found


def rules(firewall: str):
    return rule_set(node(), cluster(firewall), INTERFACES)


def sets(text: str) -> dict[str, str]:
    """Of each set of networks its elements."""
    found = {}
    for part in text.split("\tset net")[1:]:
        name, _, rest = part.partition(" {\n")
        lines = [line.strip() for line in rest.partition("\n\t}")[0].splitlines()]
        assert "flags interval" in lines
        found[f"net{name}"] = lines[2] if len(lines) > 2 else ""
    return found


def test_each_name_is_a_set_of_each_family():
    assert sets(rules("").text) == {
        "net4_office": "elements = { 192.168.0.0/24 }",
        "net6_office": "elements = { 2001:db8:12::/64 }",
        "net4_servers": "elements = { 10.9.0.0/24, 10.9.1.7/32 }",
        "net6_servers": "",
        "net4_six": "",
        "net6_six": "elements = { 2001:db8:6::/48 }",
    }


ANY = "iifname @ports oifname @ports"
RULES = {
    "a name": (
        'source = ["office"]',
        [f"{ANY} ip saddr @net4_office", f"{ANY} ip6 saddr @net6_office"],
    ),
    "names of one family": ('source = ["servers"]', [f"{ANY} ip saddr @net4_servers"]),
    "names and networks": (
        'source = ["office", "10.0.0.0/8", "servers", "172.16.0.0/12"]',
        [
            f"{ANY} ip saddr {{ 10.0.0.0/8, 172.16.0.0/12 }}",
            f"{ANY} ip saddr @net4_office",
            f"{ANY} ip saddr @net4_servers",
            f"{ANY} ip6 saddr @net6_office",
        ],
    ),
    "both sides": (
        'source = ["office", "six"]\ndestination = ["servers", "2001:db8::/32"]',
        [
            f"{ANY} ip saddr @net4_office ip daddr @net4_servers",
            f"{ANY} ip6 saddr @net6_office ip6 daddr 2001:db8::/32",
            f"{ANY} ip6 saddr @net6_six ip6 daddr 2001:db8::/32",
        ],
    ),
    "all but a name": (
        'source = ["!office"]',
        [f"{ANY} ip saddr != @net4_office", f"{ANY} ip6 saddr != @net6_office"],
    ),
    "all but a name of one family": (
        'destination = ["!servers"]',
        [f"{ANY} ip daddr != @net4_servers", f"{ANY} meta nfproto ipv6"],
    ),
    "a name without some of it": (
        'source = ["office", "!192.168.0.66", "!192.168.0.67", "!servers"]',
        [
            f"{ANY} ip saddr @net4_office ip saddr != 192.168.0.66/31 ip saddr != @net4_servers",
            f"{ANY} ip6 saddr @net6_office",
        ],
    ),
    "a service": (
        'services = ["web", "ping"]',
        [
            f"{ANY} icmp type echo-request",
            f"{ANY} icmpv6 type echo-request",
            f"{ANY} tcp dport {{ 443, 80 }}",
            f"{ANY} udp dport 443",
        ],
    ),
    "a ping of all but": (
        'source = ["!servers"]\nservices = ["ping"]',
        [
            f"{ANY} ip saddr != @net4_servers icmp type echo-request",
            f"{ANY} meta nfproto ipv6 icmpv6 type echo-request",
        ],
    ),
}


@pytest.mark.parametrize("what", RULES)
def test_rules(what: str):
    more, lines = RULES[what]
    found = chain(rules(f'[[firewall.rules]]\naction = "allow"\n{more}\n'), "forward_new")
    assert found == [HEAD, *(f"{line} ct state new accept" for line in lines), LAST]


def test_an_exception_opens_no_virtual_address_of_the_node():
    found = rules(
        '[[firewall.rules]]\naction = "allow"\nto = ["node"]\nservices = ["ssh"]\n'
        'destination = ["!192.168.0.1"]\nsource = ["office"]\n'
    )
    line = "iifname @ports ip saddr @net4_office ip daddr != 192.168.0.1/32 ip daddr != @virtual4"
    assert f"{line} tcp dport 22 ct state new accept" in chain(found, "input_new")


NAT = """
[[firewall.source_nat]]
address = "none"
destination = ["servers"]
[[firewall.source_nat]]
address = "192.168.1.100-192.168.1.102"
from = ["inside"]
source = ["office", "!192.168.0.66"]
[[firewall.destination_nat]]
address = "192.168.1.100"
services = ["web"]
to = "192.168.0.80"
source = ["!servers"]
"""


def test_nat():
    found = rules(NAT)
    assert chain(found, "postrouting")[2:] == [
        f"{ANY} ip daddr @net4_servers accept",
        "iifname @port_inside oifname @ports ip saddr @net4_office ip saddr != 192.168.0.66/32 "
        "snat ip to 192.168.1.100-192.168.1.102 persistent",
    ]
    assert chain(found, "prerouting")[2:] == [
        f"iifname @ports ip saddr != @net4_servers ip daddr 192.168.1.100 {service} dnat ip to 192.168.0.80"
        for service in ("tcp dport { 443, 80 }", "udp dport 443")
    ]


def test_of_a_range_the_first_address_that_is_not_virtual_is_told():
    told = [each for each in advice(cluster(NAT)) if "source_nat" in each]
    assert len(told) == 1
    assert told[0].startswith("cluster.toml: firewall.source_nat[1].address: 192.168.1.101 is no virtual")


TO_SERVERS = flow("192.168.0.3", "10.9.0.7")
WITHOUT = NAT.replace('"none"', '"192.168.1.100"')


@pytest.mark.parametrize(
    "found,before,after,gone",
    [
        (replace(TO_SERVERS, answered_to=flow("192.168.1.100", "10.0.0.1").source), WITHOUT, NAT, True),
        (TO_SERVERS, WITHOUT, NAT, False),
        (TO_SERVERS, NAT, WITHOUT, True),
        (flow("192.168.0.3", "192.0.2.1", to="192.168.1.102"), "", NAT, False),
        (flow("192.168.0.3", "192.0.2.1", to="192.168.1.103"), "", NAT, True),
        (flow("192.168.0.66", "192.0.2.1"), "", NAT, False),
        (flow("192.168.0.66", "192.0.2.1"), "", NAT.replace(', "!192.168.0.66"', ""), True),
        (flow("192.0.2.1", "192.168.1.100", by="192.168.0.80", port=443), NAT, "", True),
    ],
)
def test_what_a_change_outdates(found, before: str, after: str, gone: bool):
    assert outdated(found, cluster(before).firewall, cluster(after).firewall, port_of) is gone


def test_a_long_list_is_one_set():
    lists = {"servers.txt": "\n".join(f"10.{n >> 7 & 255}.{n * 2 & 255}.0/24" for n in range(5000))}
    rule = '[[firewall.rules]]\naction = "drop"\nsource = ["servers"]\n'
    found = load_cluster(CLUSTER + NAMES + rule, lists=lists)
    text = rule_set(node(), found, INTERFACES).text
    assert text.count("@net4_servers") == 1
    assert text.count(".0/24") == 5000 + 1
