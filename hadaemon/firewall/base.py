"""The hooks, in the order in which they judge: what is common to all packets, before any rule of yours."""

from typing import Literal

from hadaemon.config.conntrack_model import Conntrack
from hadaemon.config.firewall_model import Established, Firewall
from hadaemon.config.model import Hotwire, Protection
from hadaemon.firewall.helpers import helper_rules
from hadaemon.firewall.outer import ASTRAY
from hadaemon.firewall.text import HA_PROTOCOL, SYN, SYN_ONLY, USER_CHAINS, block, comment, limited_log
from hadaemon.firewall.tunnelled import rules_beside
from hadaemon.hotwire.exclusive import SERVICES, Protocol, Service


def base_chains(firewall: Firewall, conntrack: Conntrack, hotwire: Hotwire | None) -> list[str]:
    """Base chains of the filter, the hotwire's list, and the snippets' chains. `hotwire`: what cluster.toml
    says of it."""
    return [
        *block("chain own_source", "type filter hook prerouting priority raw; policy accept;", _OWN_SOURCE),
        *block(
            "chain untracked_in",
            "type filter hook prerouting priority raw; policy accept;",
            *_untracked("iifname"),
        ),
        *block(
            "chain untracked_out",
            "type filter hook output priority raw; policy accept;",
            *_untracked("oifname"),
        ),
        *block("chain input", "type filter hook input priority filter; policy drop;", *_input(firewall)),
        *block(
            "chain forward",
            "type filter hook forward priority filter; policy drop;",
            *_forward(firewall, conntrack),
        ),
        *block("chain output", "type filter hook output priority filter; policy accept;", *_OUTPUT),
        *block("chain hotwire_in", *_hotwire("in", hotwire)),
        *block("chain hotwire_out", *_hotwire("out", hotwire)),
        *block("chain broken", *_broken(firewall)),
        *(line for chain in USER_CHAINS for line in block(f"chain {chain}")),
    ]


_OWN_SOURCE = (
    f'iifname != "lo" meta nfproto ipv4 meta l4proto != {HA_PROTOCOL} fib saddr type local '
    f"counter drop {comment('from one of our own addresses: forged, or a loop')}"
)
"""As the kernel does by itself, unless accept_local lets in the advertisements of an address owner: it speaks
from a virtual address, also while we have that (RFC 9568 §5.1.1.1). VRRP is judged by the chain `ha`."""


def _untracked(key: str) -> list[str]:
    """What the pair lives by never waits for a place in the table of connections, even when that is full."""
    return [f"{key} @hotwire notrack", f"meta l4proto {HA_PROTOCOL} notrack"]


def _input(firewall: Firewall) -> list[str]:
    return [
        "iifname @hotwire jump hotwire_in",
        'iifname "lo" accept',
        f"meta l4proto {HA_PROTOCOL} jump ha",
        "ct state { established, related } accept",
        "ct state invalid jump broken",
        ASTRAY,
        "jump needed",
        f"meta l4proto tcp {SYN_ONLY} goto input_new",
        "meta l4proto tcp jump broken",
        "goto input_new",
    ]


def _forward(firewall: Firewall, conntrack: Conntrack) -> list[str]:
    """The hotwire first: no rule, and no established connection, leads to it or from it."""
    passing = (
        ["ct state { established, related } accept"] if firewall.established is Established.ALLOW else []
    )
    return [
        "iifname @hotwire counter drop",
        "oifname @hotwire counter drop",
        f"meta l4proto {HA_PROTOCOL} counter drop {comment('advertisements are never forwarded')}",
        *rules_beside(own=False),
        # Answers to what leaves by a dial-in or a tunnel have to fit through it; not every router says so.
        f"oifname @narrow {SYN} tcp option maxseg size set rt mtu",
        *passing,
        "ct state invalid jump broken",
        *helper_rules(conntrack),
        f"meta l4proto tcp ct state new {SYN_ONLY} goto forward_new",
        "meta l4proto tcp ct state new jump broken",
        "goto forward_new",
    ]


_OUTPUT = [
    'oifname "lo" accept',
    "oifname @hotwire jump hotwire_out",
    *rules_beside(own=True),
    "jump user_output",
]


def _hotwire(way: Literal["in", "out"], hotwire: Hotwire | None) -> list[str]:
    """Its list and nothing else, without connection tracking: answers over TCP pass by not being the begin of
    a connection."""
    protected = hotwire is None or hotwire.protection is Protection.ESP
    rules = [rule for service in SERVICES for rule in _carried(service, _ENCRYPTED[way] if protected else "")]
    if protected:
        rules.append(f"meta l4proto esp accept {comment('encrypted: it is judged again when it is opened')}")
    if hotwire is not None and hotwire.advertisements:
        rules.append(f"meta l4proto {HA_PROTOCOL} {'jump ha' if way == 'in' else 'accept'}")
    return [*rules, "counter drop"]


_ENCRYPTED = {"in": "meta ipsec exists ", "out": "rt ipsec exists "}
"""It came encrypted, with keys of ours; it will leave encrypted."""


def _carried(service: Service, encrypted: str) -> list[str]:
    what, only = comment(service.name), "" if service.clear else encrypted
    rules = [f"{service.protocol} dport {service.port} {only}accept {what}"]
    if service.protocol is Protocol.TCP:
        rules.append(f"tcp sport {service.port} tcp flags & (syn | ack) != syn {only}accept {what}")
    return rules


def _broken(firewall: Firewall) -> list[str]:
    """Packets that belong to no connection and begin none."""
    log = [limited_log(firewall.log_invalid, "hotspare invalid")] if firewall.log_invalid is not None else []
    return [*log, "counter drop"]
