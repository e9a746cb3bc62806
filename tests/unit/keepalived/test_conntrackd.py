"""What conntrackd filtered: carried over as far as there is a key for it."""

from ipaddress import IPv4Address

import pytest

from hadaemon.config.conntrack_model import PROTOCOLS, Conntrack
from hadaemon.keepalived.conntrackd import read_conntrackd, settings_of
from hadaemon.keepalived.report import Fate, Findings
from hadaemon.keepalived.source import Source

SYNC = """Sync {
    Mode FTFW {
        DisableExternalCache On
    }
    UDP {
        IPv4_address 172.31.9.1
        IPv4_Destination_Address 172.31.9.2
        Interface eth2
    }
}
"""


def read(filters: str, findings: Findings, *addresses: str) -> Conntrack:
    text = SYNC + "General {\n Filter From Userspace {\n" + filters + "\n }\n}\n"
    found = read_conntrackd(Source("c.conf", text), findings)
    return settings_of([found, None], {IPv4Address(each) for each in addresses}, findings)


@pytest.mark.parametrize(
    "filters,protocols",
    [
        ("Protocol Accept {\n TCP\n UDP\n }", ("tcp", "udp")),
        ("Protocol Accept {\n ICMP\n IPv6-ICMP\n DCCP\n TCP\n }", ("tcp", "icmp")),
        ("Protocol Ignore {\n UDP\n }", ("tcp", "icmp", "sctp")),
        ("State Accept {\n ESTABLISHED for TCP\n }", PROTOCOLS),
        ("Protocol Accept {\n DCCP\n }", PROTOCOLS),
    ],
)
def test_protocols(filters: str, protocols: tuple[str, ...]):
    assert read(filters, Findings()) == Conntrack(protocols=protocols)


def test_what_is_no_address_of_the_pair_is_ignored():
    lines = ("127.0.0.1", "172.31.9.2", "192.0.2.1", "192.0.2.2", "10.9.8.7/8")
    block = "\n".join(f"  IPv4_address {line}" for line in lines)
    findings = Findings()
    settings = read(f"Address Ignore {{\n{block}\n IPv6_address ::/0\n }}", findings, "192.0.2.1")
    assert [str(each) for each in settings.ignore] == ["192.0.2.2/32", "10.0.0.0/8"]
    (lost,) = [each for each in findings.found if each.fate is Fate.LOST]
    assert "a whole family" in lost.what
    assert findings.wrong == []


def test_what_is_no_address_is_told_with_its_place():
    findings = Findings()
    read("Address Ignore {\n IPv4_address 10.0.0.300\n }", findings)
    (wrong,) = findings.wrong
    assert wrong.startswith("c.conf:14: ")


def test_nodes_that_told_different_protocols():
    findings, sides = Findings(), []
    for name in ("TCP", "UDP"):
        text = SYNC + f"General {{\n Filter {{\n Protocol Accept {{\n {name}\n }}\n }}\n}}\n"
        sides.append(read_conntrackd(Source("c.conf", text), findings))
    assert settings_of(sides, (), findings).protocols == ("tcp",)
    assert any("different protocols" in each.what for each in findings.found)
