"""[conntrack]: which connections are told to the other node."""

from ipaddress import ip_network

import pytest

from hadaemon.config import ConfigError, load_cluster, render_cluster
from hadaemon.config.conntrack_model import PROTOCOLS, Conntrack
from tests.unit.config.test_kernel import CLUSTER as WITH_KERNEL

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


@pytest.mark.parametrize(
    "line,path,message",
    [
        ('protocols = "tcp"', "protocols", "must be an array of strings"),
        ("protocols = []", "protocols", "must not be empty: for none at all write enabled = false"),
        ('protocols = ["gre"]', "protocols[0]", '"gre" is not known: write one of tcp, udp, icmp, sctp'),
        ('ignore = ["10.0.0.1/8"]', "ignore[0]", "write the network, 10.0.0.0/8"),
        ('ignore = ["guests"]', "ignore[0]", "is not a network"),
        ('ignore = ["::/0"]', "ignore[0]", "is every connection of its family: for none at all"),
        ("helper = []", "helper", "unknown key: known are: enabled, ignore, protocols"),
    ],
)
def test_what_is_refused(line: str, path: str, message: str):
    with pytest.raises(ConfigError) as error:
        read(line)
    (mistake,) = error.value.mistakes
    assert mistake.path == f"conntrack.{path}"
    assert message in mistake.message
