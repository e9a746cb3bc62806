"""What may come to the node itself: what a node of a network needs, and what the rules name."""

from hadaemon.config.firewall_model import Firewall
from hadaemon.config.follow_model import Follow
from hadaemon.config.network_model import Ssh
from hadaemon.firewall.policy import rule_lines
from hadaemon.firewall.text import address_matches, block, comment, ip, joined, limited_log, port_set

_ND = "{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit }"
_LISTENERS = "{ mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report }"
_ERRORS = "{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem }"


def node_chains(firewall: Firewall, follow: Follow, ssh: Ssh | None) -> list[str]:
    """`needed` and `input_new`. `ssh`: the administrator's way in; his own rules go first."""
    dropped = [limited_log(firewall.log_dropped, "hotspare dropped in")] if firewall.log_dropped else []
    return [
        *block("chain needed", *_NEEDED, *_tunnels(follow), *(_PING if firewall.ping else ())),
        *block(
            "chain input_new",
            "jump user_input",
            *_rules(firewall),
            *_administrators(ssh),
            *dropped,
            "counter drop",
        ),
    ]


_NEEDED = (
    # Without an answer to the querier, a switch would no longer send us the group of VRRP.
    "meta l4proto igmp accept",
    f"icmpv6 type {_LISTENERS} ip6 saddr fe80::/10 accept",
    # From a neighbour only (RFC 4861 §7.1). Router advertisements are not for a router.
    f"icmpv6 type {_ND} ip6 hoplimit 255 accept",
    f"icmpv6 type {_ERRORS} accept {comment('also for what is not tracked')}",
    f"iifname @dhcp_clients udp sport 67 udp dport 68 accept {comment('DHCP client')}",
    f"iifname @dhcp_servers udp sport 68 udp dport 67 accept {comment('DHCP server')}",
)

_PING = ("icmp type echo-request accept", "icmpv6 type echo-request accept")


def _administrators(ssh: Ssh | None) -> list[str]:
    """At own addresses only, as with any service that is let in."""
    if ssh is None:
        return []
    return [
        joined(
            f"iifname @{port_set(port)}",
            f"{ip(family)} daddr != @virtual{family}",
            match,
            f"tcp dport {ssh.tcp_port} accept",
            comment("SSH for administrators"),
        )
        for port in ssh.ports
        for family in (4, 6)
        for _, match in address_matches(ssh.sources, (), family)
    ]


def _tunnels(follow: Follow) -> list[str]:
    """A tunnel answers nobody who does not have a key."""
    ports = sorted(each.listen_port for each in follow.wireguard if each.listen_port is not None)
    return [f"iifname @ports udp dport {port} accept {comment('WireGuard')}" for port in ports]


def _rules(firewall: Firewall) -> list[str]:
    return [
        line
        for position, rule in enumerate(firewall.rules)
        if rule.to_node
        for line in rule_lines(firewall, rule, f"rules[{position}]")
    ]
