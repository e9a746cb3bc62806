"""What may come to the node itself: what a node of a network needs, and what the rules name."""

from hadaemon.firewall.model import Firewall
from hadaemon.firewall.policy import rule_lines
from hadaemon.firewall.text import block, comment, limited_log

_ND = "{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit }"
_LISTENERS = "{ mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report }"
_ERRORS = "{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem }"


def node_chains(firewall: Firewall) -> list[str]:
    """`ha`, `needed` and `input_new`."""
    dropped = [limited_log(firewall.log_dropped, "hotspare dropped in")] if firewall.log_dropped else []
    return [
        *block("chain ha", *_HA),
        *block("chain needed", *_NEEDED, *(_PING if firewall.ping else ())),
        *block("chain input_new", "jump user_input", *_rules(firewall), *dropped, "counter drop"),
    ]


_HA = (
    f"iifname @ha_ports accept {comment('the daemon judges and counts foreign routers itself')}",
    "counter drop",
)

_NEEDED = (
    # Without an answer to the querier, a switch would no longer send us the group of VRRP.
    "meta l4proto igmp accept",
    f"icmpv6 type {_LISTENERS} ip6 saddr fe80::/10 accept",
    # From a neighbour only (RFC 4861 §7.1). Router advertisements are not for a router.
    f"icmpv6 type {_ND} ip6 hoplimit 255 accept",
    f"icmpv6 type {_ERRORS} accept {comment('also for what is not tracked')}",
    f"iifname @dhcp_clients udp sport 67 udp dport 68 accept {comment('DHCP client')}",
)

_PING = ("icmp type echo-request accept", "icmpv6 type echo-request accept")


def _rules(firewall: Firewall) -> list[str]:
    return [
        line
        for position, rule in enumerate(firewall.rules)
        if rule.to_node
        for line in rule_lines(firewall, rule, f"rules[{position}]")
    ]
