"""From cluster.toml to the text for nftables."""

import re
from pathlib import Path

import pytest

from hadaemon.config import ConfigError, check_pair, load_cluster, load_node, render_cluster
from hadaemon.firewall.advice import advice
from hadaemon.firewall.ruleset import closed, rule_set
from hadaemon.firewall.snippets import Snippet, snippet_problems
from hadaemon.hotwire.addresses import default_address
from hadaemon.hotwire.exclusive import SERVICES
from tests.unit.firewall.rules import CLUSTER, INTERFACES, NODE, chain, cluster, node, rules
from tests.unit.firewall.settings import FILE as SETTINGS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "firewall.md").read_text(encoding="utf-8")
(SIX_RULES,) = re.findall(r"```toml policy\n(.*?)```", DOCUMENT, re.DOTALL)

NAT = """
[[firewall.source_nat]]
address = "192.168.1.100"
from = ["inside"]
to = ["outside"]
[[firewall.destination_nat]]
address = "192.168.1.100"
services = ["https"]
to = "192.168.0.80"
to_port = 8443
from = ["outside"]
[[firewall.destination_nat]]
address = "192.168.1.100"
services = ["any"]
to = "192.168.0.81"
"""
"""The first guide's section on NAT: everything with the cluster's address."""


def test_without_rules_nothing_is_forwarded_and_the_node_has_what_it_needs():
    found = rules("")
    assert chain(found, "forward_new") == ["jump user_forward", "counter drop"]
    assert chain(found, "input_new") == ["jump user_input", "counter drop"]
    for hook in ("input", "forward"):
        assert f"type filter hook {hook} priority filter; policy drop;" in found.text
    assert "icmp type echo-request accept" in chain(found, "needed")
    assert "icmp type echo-request accept" not in chain(rules("[firewall]\nping = false"), "needed")


INSIDE4 = "iifname @port_inside ip ttl 255 ip daddr 224.0.0.18"
INSIDE6 = "iifname @port_inside ip6 hoplimit 255 ip6 daddr ff02::12"
OUTSIDE4 = "iifname @port_outside ip ttl 255 ip daddr 224.0.0.18"
FOREIGN = "limit rate 16/second burst 16 packets accept"
ROUTED = ["ip ttl != 255 counter drop", "ip6 hoplimit != 255 counter drop"]


def room(family: str, rate: int, port: str) -> str:
    senders = {"ip": "senders4", "ip6": "senders6"}[family]
    return f"update @{senders}_{port} {{ {family} saddr {limit(rate)} }} accept"


def limit(rate: int) -> str:
    return f"limit rate {rate}/second burst {rate // 4} packets"


def test_advertisements_come_in_from_neighbours_only_and_each_sender_has_its_room():
    found = rules("")
    assert chain(found, "ha") == [
        *ROUTED,
        f"{INSIDE4} @th,8,8 51 {room('ip', 40, 'inside')}",
        f"{INSIDE4} @th,8,8 51 {limit(80)} accept",
        f"{INSIDE6} @th,8,8 51 {room('ip6', 40, 'inside')}",
        f"{INSIDE6} @th,8,8 51 {limit(80)} accept",
        f"{OUTSIDE4} @th,8,8 52 {room('ip', 40, 'outside')}",
        f"{OUTSIDE4} @th,8,8 52 {limit(80)} accept",
        *(f"{way} @th,8,8 != {own} {FOREIGN}" for way, own in ((INSIDE4, 51), (INSIDE6, 51), (OUTSIDE4, 52))),
        "counter drop",
    ]
    assert found.text.count("size 8") == 3, "each port has its own places"
    assert chain(rule_set(node(), None, INTERFACES), "ha") == [*ROUTED, "counter drop"]


@pytest.mark.parametrize("interval, own, shared", [("100ms", 40, 80), ("50ms", 80, 160), ("10ms", 400, 800)])
def test_a_short_interval_has_more_room(interval: str, own: int, shared: int):
    listed = chain(rules(f'[vrrp]\nadvertisement_interval = "{interval}"\n'), "ha")
    assert listed[2:4] == [
        f"{INSIDE4} @th,8,8 51 {room('ip', own, 'inside')}",
        f"{INSIDE4} @th,8,8 51 {limit(shared)} accept",
    ]


def test_two_over_one_port_have_a_room_each_by_their_intervals():
    over = 'port = "inside"\naddresses_on = "outside"\nadvertisement_interval = "10ms"'
    found = rule_set(node(), load_cluster(CLUSTER.replace('port = "outside"', over)), INTERFACES)
    assert [line for line in chain(found, "ha") if line.startswith(INSIDE4)] == [
        f"{INSIDE4} @th,8,8 51 {room('ip', 40, 'inside')}",
        f"{INSIDE4} @th,8,8 51 {limit(80)} accept",
        f"{INSIDE4} @th,8,8 52 {room('ip', 400, 'outside')}",
        f"{INSIDE4} @th,8,8 52 {limit(800)} accept",
        f"{INSIDE4} @th,8,8 != {{ 51, 52 }} {FOREIGN}",
    ]
    assert [found.text.count(f"set senders4_{port} ") for port in ("inside", "outside")] == [1, 1]


def test_unicast_comes_to_the_own_address_and_the_other_node_has_its_own_room():
    peers = 'peers = { alpha = "192.168.1.2", beta = "192.168.1.3" }\n'
    found = rule_set(
        load_node(NODE.replace("192.168.1.1/24", "192.168.1.2/24")),
        load_cluster(CLUSTER + peers),
        INTERFACES,
    )
    way = "iifname @port_outside ip ttl 255 ip daddr 192.168.1.2"
    assert [line for line in chain(found, "ha") if line.startswith(way)] == [
        f"{way} @th,8,8 52 ip saddr 192.168.1.3 {limit(120)} accept",
        f"{way} {FOREIGN}",
    ]
    assert "senders4_outside" not in found.text


@pytest.mark.parametrize("found", [rules(""), rules(SIX_RULES), rule_set(node(), None, INTERFACES)])
def test_nothing_but_vrrp_comes_in_from_our_own_addresses(found):
    """The kernel lets it in (accept_local), for the sake of an address owner."""
    assert "net.ipv4.conf.all.accept_local = 1" in SETTINGS.read_text(encoding="utf-8")
    head, rule = chain(found, "own_source")
    assert "hook prerouting priority raw" in head
    assert rule == ('iifname != "lo" meta nfproto ipv4 meta l4proto != 112 fib saddr type local counter drop')
    assert "iifname" not in closed().replace('iifname "lo" accept', ""), "before the rules nothing comes in"


def test_it_replaces_its_table_whole_and_touches_no_other():
    lines = rules(SIX_RULES).text.splitlines()
    at = lines.index("table inet hotspare")
    assert lines[at + 1 : at + 3] == ["delete table inet hotspare", "table inet hotspare {"]
    assert all(line.startswith("define own") for line in lines[:at])
    assert [line for line in lines[at:] if re.match(r"\S", line)] == [*lines[at : at + 3], "}"]


def test_what_is_a_nodes_own_is_a_variable():
    own = [line for line in rules("").text.splitlines() if line.startswith("define")]
    assert own == [
        'define own_name = "alpha"',
        "define own4_inside = 192.168.0.1",
        "define own4_outside = 192.168.1.1",
        f"define own4_hotwire = {default_address('alpha').ip}",
    ]


def test_every_service_of_the_hotwire_has_its_rule_and_the_rest_is_dropped():
    for way, encrypted in (("hotwire_in", "meta ipsec exists "), ("hotwire_out", "rt ipsec exists ")):
        listed = chain(rules(""), way)
        for service in SERVICES:
            only = "" if service.clear else encrypted
            assert f"{service.protocol} dport {service.port} {only}accept" in listed
        assert "meta l4proto esp accept" in listed
        assert listed[-1] == "counter drop"
        assert [line for line in listed if "udp sport" in line] == []


def test_what_asks_for_no_key_passes_encrypted_alone():
    """Whoever has the cable would otherwise put connections into the kernel of the active node."""
    open_to_all = [service.name for service in SERVICES if service.clear]
    assert open_to_all == ["ssh", "pairing", "heartbeat"]


def test_without_protection_the_list_alone_counts():
    plain = CLUSTER.replace("[hotwire]", '[hotwire]\nprotection = "none"')
    found = rule_set(node(), load_cluster(plain), INTERFACES)
    for way in ("hotwire_in", "hotwire_out"):
        assert not [line for line in chain(found, way) if "ipsec" in line or "esp" in line]
        assert "udp dport 3780 accept" in chain(found, way)


@pytest.mark.parametrize("firewall", ["", SIX_RULES, NAT])
def test_the_hotwire_is_judged_before_everything_else(firewall):
    found = rules(firewall)
    assert chain(found, "input")[1] == "iifname @hotwire jump hotwire_in"
    assert chain(found, "forward")[1:3] == ["iifname @hotwire counter drop", "oifname @hotwire counter drop"]
    (ports,) = [line for line in found.text.splitlines() if '"eth0", "eth1"' in line and "elements" in line][
        :1
    ]
    assert "eth3" not in ports


def test_the_six_rules():
    found = rules(SIX_RULES)
    forward = chain(found, "forward")
    assert "policy drop;" in forward[0]  # 1
    assert "ct state { established, related } accept" not in forward
    assert chain(found, "forward_new")[1:-1] == [
        "iifname @port_outside oifname @ports ct state { established, related } accept",  # 2
        "iifname @port_inside oifname @ports meta l4proto tcp ct state new accept",  # 3
        "iifname @port_inside oifname @ports meta l4proto tcp ct state established accept",  # 4
    ]
    new = [line for line in forward if "ct state new" in line]
    assert new == [
        "meta l4proto tcp ct state new tcp flags & (fin | syn | rst | ack) == syn goto forward_new",
        "meta l4proto tcp ct state new jump broken",
    ]
    assert "ct state invalid jump broken" in forward  # 5
    assert chain(found, "broken")[0].startswith("limit rate 10/minute burst 5 packets log prefix")
    nat = "iifname @ports oifname @ports ip saddr 192.168.0.3/32 snat ip to 192.168.1.100"
    assert chain(found, "postrouting")[2:] == [nat]  # 6


def test_nat_with_the_address_of_the_cluster():
    found = rules(NAT)
    assert chain(found, "postrouting")[2:] == [
        "iifname @port_inside oifname @port_outside meta nfproto ipv4 snat ip to 192.168.1.100"
    ]
    assert chain(found, "prerouting")[2:] == [
        "iifname @port_outside ip daddr 192.168.1.100 tcp dport 443 dnat ip to 192.168.0.80:8443",
        "iifname @ports ip daddr 192.168.1.100 dnat ip to 192.168.0.81",
    ]
    assert chain(found, "forward_new")[0] == "jump user_forward"
    allowed = chain(found, "forward_new")[1:3]
    assert all("ct status dnat ct state new ct original ip daddr 192.168.1.100" in line for line in allowed)
    assert "ip daddr 192.168.0.80 " in allowed[0]
    assert "tcp dport 8443 accept" in allowed[0]
    assert advice(cluster(NAT)) == ()


def test_rules_and_snippets_are_asked_before_what_a_port_forward_lets_in():
    blocked = '[[firewall.rules]]\naction = "drop"\nsource = ["203.0.113.0/24"]\n'
    loud = '[[firewall.rules]]\naction = "reject"\nfrom = ["outside"]\nservices = ["tcp/8443"]\n'
    judged = chain(rules(NAT + blocked + loud), "forward_new")
    assert judged[0] == "jump user_forward"
    assert judged[1].endswith("ip saddr 203.0.113.0/24 ct state new counter drop")
    assert judged[2].endswith("tcp dport 8443 ct state new reject with icmpx admin-prohibited")
    assert all("ct status dnat" in line and line.endswith("accept") for line in judged[3:5])
    assert judged[5:] == ["counter drop"]


ALL = '[[firewall.rules]]\naction = "drop"\n'
FIRST = '[[firewall.rules]]\naction = "allow"\ndestination = ["192.168.0.80", "192.168.0.81"]\n'
BOTH, ONE = (0, 1), (0,)


@pytest.mark.parametrize(
    "more, which",
    [
        (ALL, BOTH),
        (ALL + 'from = ["outside"]\n', ONE),
        (ALL + 'to = ["inside"]\n', BOTH),
        (ALL + 'from = ["outside"]\nto = ["inside"]\ndestination = ["192.168.0.0/24"]\n', ONE),
        (FIRST + ALL, ()),
        (ALL + 'to = ["dmz"]\n', ()),
        (ALL + 'to = ["node"]\n', ()),
        (ALL + 'services = ["ssh"]\n', ()),
        (ALL + 'source = ["203.0.113.0/24"]\n', ()),
        (ALL + 'destination = ["192.168.0.9"]\n', ()),
        (ALL + 'states = ["established"]\n', ()),
        (ALL.replace("drop", "allow") + ALL, ()),
        (ALL.replace("drop", "allow") + 'from = ["inside"]\n' + ALL, ONE),
    ],
)
def test_a_rule_that_shuts_a_port_forward_is_told(more: str, which: tuple[int, ...]):
    said = advice(cluster(NAT + more))
    assert [line.partition(": ")[2].partition(":")[0] for line in said] == [
        f"firewall.destination_nat[{position}]" for position in which
    ]
    assert all("lets nothing in, because rules[" in line for line in said)


def test_nat_to_an_address_of_one_node_is_advised_against():
    nat = NAT.replace('"192.168.1.100"', '"192.168.1.102"', 1).replace('"192.168.1.100"', '"192.168.1.7"', 1)
    said = advice(cluster(nat + '[[firewall.source_nat]]\naddress = "own"\nto = ["inside"]\n'))
    assert [line.partition(": ")[2].partition(":")[0] for line in said] == [
        "firewall.source_nat[0].address",
        "firewall.source_nat[1].address",
        "firewall.destination_nat[0].address",
    ]
    assert all("connections" in line and "break at a switch" in line for line in said)
    assert "the cluster has 192.168.0.100, 192.168.1.100" in said[0]
    assert advice(cluster('[[firewall.source_nat]]\naddress = "own"\nto = ["dmz"]\n')) == ()


def test_ssh_reaches_own_addresses_only():
    ssh = '[[firewall.rules]]\naction = "allow"\nto = ["node"]\nfrom = ["inside"]\nservices = ["ssh"]\n'
    assert chain(rules(ssh), "input_new")[1:-1] == [
        "iifname @port_inside ip daddr != @virtual4 tcp dport 22 ct state new accept",
        "iifname @port_inside ip6 daddr != @virtual6 tcp dport 22 ct state new accept",
    ]
    named = ssh + 'destination = ["192.168.0.100"]\n'
    assert chain(rules(named), "input_new")[1:-1] == [
        "iifname @port_inside ip daddr 192.168.0.100/32 tcp dport 22 ct state new accept"
    ]
    assert chain(rules(ssh), "forward_new") == ["jump user_forward", "counter drop"]


def test_a_rule_of_both_families_is_two_and_what_overlaps_is_one():
    firewall = """
[[firewall.rules]]
action = "reject"
source = ["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"]
services = ["ping", "tcp/80", "tcp/70-90", "tcp/91", "udp/53"]
"""
    v4, v6 = "ip saddr 10.0.0.0/8", "ip6 saddr 2001:db8::/32"
    end = "ct state new reject with icmpx admin-prohibited"
    assert chain(rules(firewall), "forward_new")[1:-1] == [
        f"iifname @ports oifname @ports {address} {service} {end}"
        for address, service in (
            (v4, "icmp type echo-request"),
            (v4, "tcp dport 70-91"),
            (v4, "udp dport 53"),
            (v6, "icmpv6 type echo-request"),
            (v6, "tcp dport 70-91"),
            (v6, "udp dport 53"),
        )
    ]


def test_a_port_without_a_card_lets_nothing_pass_and_a_strange_name_stays_out():
    text = rules("").text
    assert "set port_dmz {\n\t\ttype ifname\n\t}" in text
    strange = {"inside": ('eth0" }',), "outside": ("eth*", "wan0")}
    text = rule_set(node(), cluster(""), strange).text
    assert "eth" not in text
    assert 'elements = { "wan0" }' in text


def test_a_node_without_a_cluster_forwards_nothing():
    found = rule_set(node(), None, INTERFACES)
    assert chain(found, "forward_new") == ["jump user_forward", "counter drop"]


def test_a_node_that_is_not_in_a_cluster_yet_can_be_paired_over_its_hotwire():
    alone = rule_set(node(), None, INTERFACES).text
    assert 'set hotwire {\n\t\ttype ifname\n\t\telements = { "eth3" }' in alone
    unnamed = load_cluster(CLUSTER.replace('[hotwire]\nport = "hotwire"\n', ""))
    assert (
        'set hotwire {\n\t\ttype ifname\n\t\telements = { "eth3" }'
        in rule_set(node(), unnamed, INTERFACES).text
    )


def test_the_closed_rule_set_is_the_one_in_the_image():
    overlay = Path(__file__).parents[3] / "rootfs-overlay/usr/share/hotspare/closed.nft"
    text = overlay.read_text(encoding="utf-8")
    assert text.partition("\n\n")[2] == closed(), "write it anew: python -m hadaemon.firewall.ruleset"
    assert text.count("policy drop;") == 3


def test_it_is_written_back_as_it_was_read():
    for firewall in ("", SIX_RULES, NAT, "[firewall]\nping = false\nlog_invalid = 'off'\n"):
        found = load_cluster(CLUSTER + firewall)
        assert load_cluster(render_cluster(found)) == found


WRONG = {
    "zones": ('[firewall.zones]\na = ["inside"]\nb = ["inside"]', 'zones.b[0]: "inside" is already at'),
    "zone named node": ('[firewall.zones]\nnode = ["inside"]', "zones.node: "),
    "zone named as a port": ('[firewall.zones]\ndmz = ["inside"]', "zones.dmz: "),
    "port of a zone": ('[firewall.zones]\na = ["insid"]', "zones.a[0]: there is no zone and no port"),
    "unknown port": (
        '[[firewall.rules]]\naction = "allow"\nfrom = ["insde"]',
        'rules[0].from[0]: there is no zone and no port "insde": did you mean inside?',
    ),
    "hotwire": (
        '[[firewall.rules]]\naction = "allow"\nto = ["hotwire"]',
        'rules[0].to[0]: "hotwire" is the hotwire, which is exclusive',
    ),
    "hotwire in a zone": ('[firewall.zones]\na = ["hotwire"]', 'zones.a[0]: "hotwire" is the hotwire'),
    "action": ('[[firewall.rules]]\naction = "permit"', "rules[0].action: "),
    "node and more": ('[[firewall.rules]]\naction = "drop"\nto = ["node", "dmz"]', "rules[0].to: "),
    "service": ('[[firewall.rules]]\naction = "drop"\nservices = ["tcp/0"]', "rules[0].services[0]: "),
    "range": ('[[firewall.rules]]\naction = "drop"\nservices = ["udp/9-8"]', "rules[0].services[0]: "),
    "network": (
        '[[firewall.rules]]\naction = "drop"\nsource = ["192.168.0.3/24"]',
        "rules[0].source[0]: 192.168.0.3/24 is an address within a network: write the network, 192.168.0.0/",
    ),
    "families": (
        '[[firewall.rules]]\naction = "drop"\nsource = ["10.0.0.1"]\ndestination = ["::2"]',
        "rules[0].destination: is of another family",
    ),
    "NAT of two families": (
        '[[firewall.destination_nat]]\naddress = "192.168.1.100"\nto = "2001:db8::2"\nservices = ["any"]',
        "destination_nat[0].to: ",
    ),
    "to_port": (
        '[[firewall.destination_nat]]\naddress = "10.0.0.9"\nto = "10.0.0.1"\nservices = ["any"]\nto_port=1',
        "destination_nat[0].to_port: ",
    ),
    "no service": (
        '[[firewall.destination_nat]]\naddress = "192.168.1.100"\nto = "10.0.0.1"',
        "destination_nat[0].services: is missing",
    ),
    "name": ('[[firewall.rules]]\naction = "drop"\nname = "a\\"b"', "rules[0].name: "),
    "rate": ('[firewall]\nlog_invalid = "often"', "log_invalid: "),
    "unknown key": (
        '[[firewall.rules]]\naction = "drop"\nform = []',
        "rules[0].form: unknown key: did you mean from?",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_with_its_place(mistake):
    firewall, message = WRONG[mistake]
    with pytest.raises(ConfigError) as refused:
        check_pair(node(), load_cluster(CLUSTER + firewall))
    assert any(f"cluster.toml: firewall.{message}" in str(problem) for problem in refused.value.mistakes), (
        refused
    )


def test_all_mistakes_at_once():
    firewall = '[[firewall.rules]]\naction = "a"\nservices = ["b"]\n[[firewall.source_nat]]\naddress = "c"\n'
    with pytest.raises(ConfigError) as refused:
        load_cluster(CLUSTER + firewall)
    paths = [problem.path for problem in refused.value.mistakes]
    assert paths == [
        "firewall.rules[0].action",
        "firewall.rules[0].services[0]",
        "firewall.source_nat[0].address",
    ]


SNIPPETS = {
    "chain user_forward {\n} }\nchain b {": "line 2: one } too many",
    "chain user_forward {": "1 } missing",
    'include "/etc/shadow"': "line 1: include is not possible",
    'chain a {\n log prefix "x\n}': "line 2: a quotation mark is missing",
    "chain a {\0}": "control characters",
    "chain a {\r}": "control characters",
}


@pytest.mark.parametrize("text", SNIPPETS)
def test_a_snippet_stays_where_it_belongs(text):
    (problem,) = snippet_problems([Snippet("cluster.d/firewall/a.nft", text)], {})
    assert problem.startswith("cluster.d/firewall/a.nft: ")
    assert SNIPPETS[text] in problem


def test_braces_and_words_in_comments_and_strings_do_not_count():
    text = '# } include "\nchain user_forward { log prefix "} include" }\n'
    assert list(snippet_problems([Snippet("a", text)], {})) == []


def test_an_error_of_nft_is_told_with_the_line_of_the_snippet():
    snippets = [Snippet("a.nft", "\n"), Snippet("b.nft", "chain user_forward {\n nonsense\n}")]
    found = rule_set(node(), cluster(""), INTERFACES, snippets)
    line = found.text.splitlines().index(" nonsense") + 1
    said = found.explain(f"/dev/stdin:{line}:2-9: Error: syntax error, unexpected string\n nonsense\n ^^^")
    assert said == ("b.nft: line 2: Error: syntax error, unexpected string",)
    assert found.explain("/dev/stdin:1:1-5: Error: x") == ('Error: x, in: define own_name = "alpha"',)
    assert found.explain("Operation not permitted") == ("Operation not permitted",)


def test_administrators_are_let_in_after_the_rules_of_ones_own():
    ssh = '\n[ssh]\nports = ["inside"]\nsources = ["192.168.0.0/24"]\n'
    rule = '[[firewall.rules]]\naction = "drop"\nto = ["node"]\nsource = ["192.168.0.9"]\n'
    lines = chain(rules(ssh + rule), "input_new")
    (own,) = [line for line in lines if "dport 22 " in line]
    assert own == "iifname @port_inside ip daddr != @virtual4 ip saddr 192.168.0.0/24 tcp dport 22 accept"
    assert lines.index(own) > next(at for at, line in enumerate(lines) if "192.168.0.9" in line)
    assert (
        "dport 22 "
        not in rules("").text.replace('tcp dport 22 accept comment "SSH', "").split("input_new")[1]
    )
