"""[kernel]: what is read, what is refused and why, and how it fits to the image's own settings."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from hadaemon.config import ConfigError, load_cluster, render_cluster
from hadaemon.config.kernel import _written
from hadaemon.config.kernel_table import OWNED, SETTINGS, Kind, Number, Rising
from tests.unit.firewall.settings import settings

CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[kernel]
"""
PAGE = Path(__file__).parents[3] / "docs/firewall.md"


def read(lines: str) -> dict[str, str]:
    return dict(load_cluster(CLUSTER + lines).kernel)


def refused(line: str) -> str:
    with pytest.raises(ConfigError) as error:
        read(line)
    (mistake,) = error.value.mistakes
    return f"{mistake.path}: {mistake.message}"


def test_none_are_the_default():
    assert read("") == {}
    assert "[kernel]" not in render_cluster(load_cluster(CLUSTER))


@pytest.mark.parametrize(
    "line,value",
    [
        ('"net.ipv4.tcp_timestamps" = 0', "0"),
        ('"net.netfilter.nf_conntrack_tcp_timeout_established" = 86400', "86400"),
        ('"net.ipv4.tcp_wmem" = "4096  16384\\t4194304"', "4096 16384 4194304"),
        ('"net.ipv4.tcp_congestion_control" = "reno"', "reno"),
        ('"net.ipv4.conf.all.log_martians" = 1', "1"),
    ],
)
def test_a_value_is_what_the_kernel_takes(line: str, value: str):
    assert list(read(line).values()) == [value]


@pytest.mark.parametrize(
    "line,told",
    [
        ('"net.ipv4.tcp_timestamp" = 0', "did you mean net.ipv4.tcp_timestamps?"),
        ('"dev.raid.speed_limit" = 0', "docs/firewall.md#kernel-settings has those that can"),
        ("net.ipv4.tcp_sack = 0", "in quotation marks"),
        ('"net.ipv4.ip_forward" = 0', "is set by the firewall, once its rules are loaded: leave it out"),
        ('"net.ipv6.conf.all.forwarding" = 0', "is set by the firewall, once its rules are loaded"),
        ('"net.ipv4.conf.lan.rp_filter" = 1', "is set by the firmware for each port"),
        ('"net.ipv4.conf.all.arp_ignore" = 0', "is set by the firmware for each port"),
        ('"net.netfilter.nf_conntrack_max" = 9', "is set by max_connections of [conntrack]: leave it out"),
        ('"net.netfilter.nf_conntrack_buckets" = 9', "is set by max_connections of [conntrack]"),
        ('"kernel.panic" = 0', "is set by the firmware, the same on both nodes"),
        ('"net.ipv4.icmp_echo_ignore_all" = 1', "is set by ping of [firewall]"),
        ('"net.ipv4.tcp_timestamps" = 3', "must be an integer from 0 to 2"),
        ('"net.ipv4.tcp_timestamps" = "0"', "without quotation marks"),
        ('"net.ipv4.tcp_timestamps" = true', "must be an integer"),
        ('"net.netfilter.nf_conntrack_udp_timeout" = 30', "must be an integer from 60 to 2592000"),
        ('"net.ipv4.tcp_congestion_control" = "fast"', "must be one of cubic, reno"),
        ('"net.ipv4.tcp_congestion_control" = ["reno"]', "must be one of cubic, reno"),
        ('"net.ipv4.tcp_rmem" = 4096', "must be 3 numbers from 4096"),
        ('"net.ipv4.tcp_rmem" = "4096 9000"', "must be 3 numbers"),
        ('"net.ipv4.tcp_rmem" = "4096 9000 -9"', "must be 3 numbers"),
        ('"net.ipv4.tcp_rmem" = "9000 4096 9000"', "none smaller than the one before it"),
        ('"net.ipv4.ip_local_port_range" = "80 65535"', "from 1024 to 65535"),
    ],
)
def test_what_is_refused(line: str, told: str):
    assert told in refused(line)


def test_it_must_be_a_table():
    with pytest.raises(ConfigError, match=r"kernel: must be a table, \[kernel\]"):
        load_cluster(CLUSTER.replace("[[ha", "kernel = 1\n[[ha").replace("\n[kernel]\n", ""))


def is_owned(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern, _ in OWNED)


def test_what_the_image_sets_is_its_own_or_within_the_range():
    for setting in settings():
        kind = SETTINGS.get(setting.key)
        if kind is None:
            assert is_owned(setting.key), f"{setting.key}: add it to OWNED or SETTINGS"
        else:
            assert _written(kind, int(setting.value)) == setting.value


def written(kind: Kind) -> str:
    if isinstance(kind, Number):
        return f"{kind.low} to {kind.high:,}"
    if isinstance(kind, Rising):
        return f"{kind.count} numbers, {kind.low} to {kind.high:,}"
    return ", ".join(f'"{word}"' for word in kind.words)


def test_the_manual_has_each_of_them():
    rows = "\n".join(f"| `{name}` | {written(kind)} |" for name, kind in SETTINGS.items())
    found = re.findall(r"^\| `net\..*", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert "\n".join(found) == rows, f"docs/firewall.md: write these rows:\n{rows}"
