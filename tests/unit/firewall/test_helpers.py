"""Helpers of connection tracking: assigned by explicit rules, to new connections that are forwarded."""

from hadaemon.firewall.ruleset import RuleSet
from tests.unit.firewall.rules import chain, rules


def helped(*names: str) -> RuleSet:
    return rules(f"[conntrack]\nhelpers = {list(names)}")


def assigned(found: RuleSet) -> list[str]:
    return [line for line in chain(found, "forward") if "ct helper" in line]


def test_none_is_assigned_that_is_not_named():
    assert "ct helper" not in rules("").text


def test_each_has_its_object_and_a_rule_for_its_ports():
    found = helped("sip", "ftp", "ftp/2121", "h323")
    assert assigned(found) == [
        'tcp dport { 21, 2121 } ct state new ct helper set "helper_ftp_tcp"',
        'tcp dport 1720 ct state new ct helper set "helper_h323_tcp"',
        'udp dport 1719 ct state new ct helper set "helper_h323_udp"',
        'tcp dport 5060 ct state new ct helper set "helper_sip_tcp"',
        'udp dport 5060 ct state new ct helper set "helper_sip_udp"',
    ]
    lines = [line.strip() for line in found.text.splitlines()]
    for name, kernel, protocol in (("ftp", "ftp", "tcp"), ("h323", "Q.931", "tcp"), ("h323", "RAS", "udp")):
        at = lines.index(f"ct helper helper_{name}_{protocol} {{")
        assert lines[at + 1 : at + 3] == [f'type "{kernel}" protocol {protocol};', "}"]


def test_a_connection_has_it_before_the_rules_decide_and_what_is_related_passes():
    found = helped("ftp")
    forward = chain(found, "forward")
    (rule,) = assigned(found)
    decided = [position for position, line in enumerate(forward) if "goto forward_new" in line]
    assert forward.index("ct state invalid jump broken") < forward.index(rule) < min(decided)
    assert "ct state { established, related } accept" in forward
