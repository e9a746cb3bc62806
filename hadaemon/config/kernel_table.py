"""The kernel's settings that `[kernel]` may have, with their values, and those that are somebody else's.

The shortest timeouts leave room for the refreshes of connections, 25 s apart (docs/conntrack.md). A setting
that exists for each port is here only where `all` counts for every port.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

_REFRESHED = 60
"""Seconds: the shortest timeout of a connection that lives by its refreshes."""
_DAYS = 30 * 86400
_COUNT = 1 << 24
_BYTES = 1 << 30
_TCP_FRAGMENT = 48
"""Bytes: the smallest segment that the kernel takes."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number, both bounds included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Rising:
    """Several numbers in a string, none smaller than the one before it; both bounds included."""

    count: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Words:
    """One of these."""

    words: tuple[str, ...]


Kind: TypeAlias = Number | Rising | Words

_SWITCH = Number(0, 1)
_REFRESHED_TIME = Number(_REFRESHED, _DAYS)
_TIME = Number(1, _DAYS)

_IPV4: Mapping[str, Kind] = {
    "conf.all.log_martians": _SWITCH,
    "fib_multipath_hash_policy": Number(0, 3),
    "fib_multipath_use_neigh": _SWITCH,
    "icmp_echo_ignore_broadcasts": _SWITCH,
    "icmp_errors_use_inbound_ifaddr": _SWITCH,
    "icmp_ignore_bogus_error_responses": _SWITCH,
    "icmp_msgs_burst": Number(0, _COUNT),
    "icmp_msgs_per_sec": Number(0, _COUNT),
    "icmp_ratelimit": Number(0, 60000),
    "icmp_ratemask": Number(0, (1 << 19) - 1),
    "igmp_max_memberships": Number(20, 1 << 16),
    "ip_default_ttl": Number(32, 255),
    "ip_forward_update_priority": _SWITCH,
    "ip_forward_use_pmtu": _SWITCH,
    "ip_local_port_range": Rising(2, 1024, 65535),
    "ip_no_pmtu_disc": Number(0, 3),
    "ipfrag_high_thresh": Number(4 << 20, _BYTES),
    "ipfrag_time": Number(1, 300),
    "neigh.default.gc_thresh1": Number(128, _COUNT),
    "neigh.default.gc_thresh2": Number(128, _COUNT),
    "neigh.default.gc_thresh3": Number(128, _COUNT),
}
_TCP: Mapping[str, Kind] = {
    "abort_on_overflow": _SWITCH,
    "base_mss": Number(_TCP_FRAGMENT, 65535),
    "challenge_ack_limit": Number(1, (1 << 31) - 1),
    "congestion_control": Words(("cubic", "reno")),
    "ecn": Number(0, 2),
    "ecn_fallback": _SWITCH,
    "fastopen": Number(0, 3),
    "fin_timeout": Number(1, 300),
    "keepalive_intvl": Number(1, 32767),
    "keepalive_probes": Number(1, 127),
    "keepalive_time": Number(1, 32767),
    "max_orphans": Number(256, _COUNT),
    "max_syn_backlog": Number(64, _COUNT),
    "max_tw_buckets": Number(256, _COUNT),
    "min_snd_mss": Number(_TCP_FRAGMENT, 65535),
    "moderate_rcvbuf": _SWITCH,
    "mtu_probing": Number(0, 2),
    "no_metrics_save": _SWITCH,
    "notsent_lowat": Number(4096, (1 << 32) - 1),
    "orphan_retries": Number(0, 255),
    "retries1": Number(1, 255),
    "retries2": Number(1, 255),
    "rfc1337": _SWITCH,
    "rmem": Rising(3, 4096, _BYTES),
    "sack": _SWITCH,
    "slow_start_after_idle": _SWITCH,
    "syn_retries": Number(1, 127),
    "synack_retries": Number(1, 255),
    "syncookies": Number(0, 2),
    "timestamps": Number(0, 2),
    "tw_reuse": Number(0, 2),
    "window_scaling": _SWITCH,
    "wmem": Rising(3, 4096, _BYTES),
}
_IPV6: Mapping[str, Kind] = {
    "auto_flowlabels": Number(0, 3),
    "fib_multipath_hash_policy": Number(0, 3),
    "flowlabel_consistency": _SWITCH,
    "icmp.echo_ignore_anycast": _SWITCH,
    "icmp.echo_ignore_multicast": _SWITCH,
    "ip6frag_high_thresh": Number(4 << 20, _BYTES),
    "ip6frag_time": Number(1, 300),
    "neigh.default.gc_thresh1": Number(128, _COUNT),
    "neigh.default.gc_thresh2": Number(128, _COUNT),
    "neigh.default.gc_thresh3": Number(128, _COUNT),
    "route.gc_thresh": Number(128, _COUNT),
    "route.max_size": Number(4096, _COUNT),
}
_CONNTRACK: Mapping[str, Kind] = {
    "acct": _SWITCH,
    "checksum": _SWITCH,
    "expect_max": Number(64, 1 << 20),
    "generic_timeout": _TIME,
    "gre_timeout": _TIME,
    "gre_timeout_stream": _TIME,
    "icmp_timeout": _REFRESHED_TIME,
    "icmpv6_timeout": _REFRESHED_TIME,
    "sctp_timeout_closed": _TIME,
    "sctp_timeout_cookie_echoed": _TIME,
    "sctp_timeout_cookie_wait": _TIME,
    "sctp_timeout_established": _REFRESHED_TIME,
    "sctp_timeout_heartbeat_sent": _REFRESHED_TIME,
    "sctp_timeout_shutdown_ack_sent": _TIME,
    "sctp_timeout_shutdown_recd": _TIME,
    "sctp_timeout_shutdown_sent": _TIME,
    "tcp_ignore_invalid_rst": _SWITCH,
    "tcp_max_retrans": Number(1, 255),
    "tcp_timeout_close": _TIME,
    "tcp_timeout_close_wait": _REFRESHED_TIME,
    "tcp_timeout_established": _REFRESHED_TIME,
    "tcp_timeout_fin_wait": _REFRESHED_TIME,
    "tcp_timeout_last_ack": _REFRESHED_TIME,
    "tcp_timeout_max_retrans": _REFRESHED_TIME,
    "tcp_timeout_syn_recv": _TIME,
    "tcp_timeout_syn_sent": _TIME,
    "tcp_timeout_time_wait": _TIME,
    "tcp_timeout_unacknowledged": _REFRESHED_TIME,
    "timestamp": _SWITCH,
    "udp_timeout": _REFRESHED_TIME,
    "udp_timeout_stream": _REFRESHED_TIME,
}
SETTINGS: Mapping[str, Kind] = {
    **{f"net.ipv4.{name}": kind for name, kind in _IPV4.items()},
    **{f"net.ipv4.tcp_{name}": kind for name, kind in _TCP.items()},
    **{f"net.ipv6.{name}": kind for name, kind in _IPV6.items()},
    **{f"net.netfilter.nf_conntrack_{name}": kind for name, kind in _CONNTRACK.items()},
}
"""By their names. Times are seconds, of `icmp_ratelimit` milliseconds; sizes are bytes."""

_FIREWALL = "the firewall, once its rules are loaded"
_CONNECTIONS = "max_connections of [conntrack]"
_BOTH = "the firmware, the same on both nodes"
_FIRMWARE = "the firmware, and the pair rests on it"
OWNED = (
    ("net.ipv4.ip_forward", _FIREWALL),
    ("net.ipv[46].conf.*.forwarding", _FIREWALL),
    ("net.ipv4.icmp_echo_ignore_all", "ping of [firewall]"),
    ("net.ipv6.icmp.echo_ignore_all", "ping of [firewall]"),
    ("net.netfilter.nf_conntrack_log_invalid", "log_invalid of [firewall], which has a limit"),
    ("net.netfilter.nf_conntrack_max", _CONNECTIONS),
    ("net.nf_conntrack_max", _CONNECTIONS),
    ("net.netfilter.nf_conntrack_buckets", _CONNECTIONS),
    ("net.netfilter.nf_conntrack_events", _FIRMWARE),
    ("net.netfilter.nf_conntrack_tcp_loose", _FIRMWARE),
    ("net.netfilter.nf_conntrack_tcp_be_liberal", _FIRMWARE),
    ("net.ipv[46].ip_nonlocal_bind", _FIRMWARE),
    ("net.ipv4.ping_group_range", "the firmware for whoever logs in"),
    ("net.ipv[46].conf.*", "the firmware for each port"),
    ("kernel.*", _BOTH),
)
"""Patterns of names, and by whom those are set; what is in SETTINGS is not meant."""
