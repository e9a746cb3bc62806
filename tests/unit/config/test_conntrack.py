"""[conntrack]: which connections are told to the other node, their helpers, and how many there may be."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from hadaemon.config import ConfigError, load_cluster, render_cluster
from hadaemon.config.conntrack_model import HELPERS, PROTOCOLS, Conntrack, Helper
from tests.unit.config.test_kernel import CLUSTER as WITH_KERNEL
from tests.unit.firewall.settings import settings

CLUSTER = WITH_KERNEL.replace("[kernel]", "[conntrack]")


def read(lines: str) -> Conntrack:
    return load_cluster(CLUSTER + lines).conntrack


def test_all_is_told_unless_the_file_says_otherwise():
    assert read("") == Conntrack() == Conntrack(True, ("tcp", "udp", "icmp", "sctp"), ())
    assert read("").is_whole
    assert "[conntrack]" not in render_cluster(load_cluster(CLUSTER))


def test_what_is_told():
    found = read('protocols = ["udp", "tcp", "udp"]\nignore = ["10.0.0.0/8", "192.0.2.1", "10.0.0.0/8"]')
    assert found.protocols == ("tcp", "udp")
    assert found.ignore == (ip_network("10.0.0.0/8"), ip_network("192.0.2.1"))
    assert not found.is_whole
    assert read(f"protocols = {list(PROTOCOLS)[::-1]}").is_whole
    assert not read('ignore = ["2001:db8::/32"]').is_whole


def test_helpers_are_none_unless_they_are_named():
    found = read('helpers = ["ftp", "ftp/2121", "sip", "tftp/69"]')
    assert found.helpers == (Helper("ftp"), Helper("ftp", 2121), Helper("sip"), Helper("tftp"))
    assert [list(each.ports) for each in found.helpers[:3]] == [
        [("tcp", 21)],
        [("tcp", 2121)],
        [("tcp", 5060), ("udp", 5060)],
    ]
    assert found.modules == (
        *("nf_conntrack_ftp", "nf_nat_ftp", "nf_conntrack_sip", "nf_nat_sip"),
        *("nf_conntrack_tftp", "nf_nat_tftp"),
    )
    assert found.is_whole, "both kernels have as many connections with helpers as without"
    assert read(f"helpers = {list(HELPERS)}").helpers == tuple(map(Helper, HELPERS))


def test_their_modules_are_in_every_image():
    listed = (Path(__file__).parents[3] / "board/common/modules").read_text(encoding="utf-8").split()
    assert {module for kind in HELPERS.values() for module in kind.modules} <= set(listed)


@pytest.mark.parametrize(
    "most,buckets", [(16384, 4096), (262144, 65536), (300000, 75264), (1 << 20, 1 << 18)]
)
def test_the_table_has_lists_for_as_many_as_it_may_hold(most: int, buckets: int):
    found = read(f"max_connections = {most}")
    assert (found.max_connections, found.buckets) == (most, buckets)
    assert buckets % 512 == 0, "as the kernel has them, so that what was set can be compared"


def test_the_default_is_what_the_image_has():
    values = {each.key: int(each.value) for each in settings() if "conntrack" in each.key}
    assert values["net.netfilter.nf_conntrack_max"] == Conntrack().max_connections
    assert values["net.netfilter.nf_conntrack_buckets"] == Conntrack().buckets


@pytest.mark.parametrize(
    "line,path,message",
    [
        ('protocols = "tcp"', "protocols", "must be an array of strings"),
        ("protocols = []", "protocols", "must not be empty: for none at all write enabled = false"),
        ('protocols = ["gre"]', "protocols[0]", '"gre" is not known: write one of tcp, udp, icmp, sctp'),
        ('ignore = ["10.0.0.1/8"]', "ignore[0]", "write the network, 10.0.0.0/8"),
        ('ignore = ["guests"]', "ignore[0]", "is not a network"),
        ('ignore = ["::/0"]', "ignore[0]", "is every connection of its family: for none at all"),
        ("helper = []", "helper", "unknown key: did you mean helpers?"),
        ('helpers = ["rpc"]', "helpers[0]", '"rpc" is not known: write one of amanda, ftp, h323, irc, pptp'),
        ('helpers = ["netbios-ns"]', "helpers[0]", '"netbios-ns" is not known'),
        ('helpers = ["ftp/0"]', "helpers[0]", 'has no port from 1 to 65535: write e.g. "ftp/2121"'),
        ('helpers = ["ftp/"]', "helpers[0]", '"ftp/" has no port'),
        ('helpers = ["ftp/123456"]', "helpers[0]", "has no port"),
        (
            'helpers = ["h323/1720"]',
            "helpers[0]",
            'has ports of its own for each of its protocols: write "h323"',
        ),
        ('helpers = ["ftp", "irc/21"]', "helpers[1]", "irc/21 has the port of helpers[0]: remove one"),
        ('helpers = ["sip", "ftp", "ftp/21"]', "helpers[2]", "ftp has the port of helpers[1]: remove one"),
        ("helpers = true", "helpers", 'must be an array of strings, e.g. ["ftp", "ftp/2121"]'),
        ("max_connections = 1000", "max_connections", "must be from 16384 to 1048576"),
        ('max_connections = "many"', "max_connections", "must be an integer from 16384 to 1048576"),
    ],
)
def test_what_is_refused(line: str, path: str, message: str):
    with pytest.raises(ConfigError) as error:
        read(line)
    (mistake,) = error.value.mistakes
    assert mistake.path == f"conntrack.{path}"
    assert message in mistake.message
