"""What conntrackd filtered, its helpers and its size: carried over as far as there is a key for it."""

from ipaddress import IPv4Address

import pytest

from hadaemon.config.conntrack_model import PROTOCOLS, Conntrack, Helper
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


def read_whole(options: str, general: str, more: str = "") -> tuple[Conntrack, Findings]:
    text = SYNC.removesuffix("}\n") + f" Options {{\n{options}\n }}\n}}\nGeneral {{\n{general}\n}}\n{more}"
    findings = Findings()
    return settings_of([read_conntrackd(Source("c.conf", text), findings)], (), findings), findings


def test_helpers_that_were_named_are_assigned_here():
    options = "ExpectationSync {\n ftp\n ras\n q.931\n H.245\n sip tftp\n tns\n }\n TCPWindowTracking On"
    settings, findings = read_whole(options, "")
    assert settings.helpers == tuple(map(Helper, ("ftp", "h323", "sip", "tftp")))
    assert [each.what for each in findings.found if each.fate is Fate.LOST] == [
        "ExpectationSync tns: the kernel has no such helper for what is forwarded"
    ]


@pytest.mark.parametrize("switch,told", [("On", True), ("Off", False)])
def test_helpers_that_were_not_named_are_to_be(switch: str, told: bool):
    settings, findings = read_whole(f"ExpectationSync {switch}", "")
    assert settings == Conntrack()
    assert any("name those that you need" in each.todo for each in findings.found) == told


def test_what_conntrackd_read_itself_the_kernel_reads():
    helper = "Helper {\n Type ftp inet tcp {\n QueueNum 0\n }\n Type rpc inet udp {\n QueueNum 1\n }\n}\n"
    settings, findings = read_whole("", "", helper)
    assert settings.helpers == (Helper("ftp"),)
    (lost,) = [each for each in findings.found if each.fate is Fate.LOST]
    assert lost.what == "Helper rpc inet udp: nobody reads this protocol here"


@pytest.mark.parametrize(
    "limit,most,fate",
    [
        (1 << 20, 1 << 19, Fate.CARRIED),
        (1 << 19, 1 << 18, Fate.CARRIED),
        (131072, 1 << 18, Fate.CHANGED),
        (1 << 24, 1 << 20, Fate.CHANGED),
    ],
)
def test_the_table_is_never_smaller_than_it_is_here_by_default(limit: int, most: int, fate: Fate):
    settings, findings = read_whole("", f"HashLimit {limit}\n HashSize 8192")
    assert settings == Conntrack(max_connections=most)
    assert [each.fate for each in findings.found if "HashLimit" in each.what] == [fate]


def test_a_size_that_is_no_number_is_told_with_its_place():
    _, findings = read_whole("", "HashLimit many")
    assert findings.wrong == ["c.conf:15: HashLimit 'many' is no number"]
