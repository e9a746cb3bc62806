"""conntrackd.conf: what it must say, and what it must not."""

import re
from ipaddress import IPv4Address, ip_address, ip_network

from hadaemon.config.conntrack_model import Conntrack
from hadaemon.conntrack.conntrackd_conf import ConntrackdFiles, Ends, conntrackd_conf

ENDS = Ends("eth2", IPv4Address("192.168.180.2"), IPv4Address("192.168.180.3"))
PLACES = ConntrackdFiles("/run/here/ctl", "/run/here/lock")


def written(own: tuple[str, ...] = (), max_entries: int = 1 << 20) -> str:
    return conntrackd_conf(ENDS, map(ip_address, own), max_entries, PLACES)


def told(settings: Conntrack) -> str:
    return conntrackd_conf(ENDS, (), 1 << 20, PLACES, settings)


def words(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\t+(\w+) (\S+)$", text, re.MULTILINE))


def test_injection_over_unicast_on_the_hotwire():
    text = written()
    assert "Mode FTFW" in text
    assert "Multicast" not in text
    said = words(text)
    assert said["DisableExternalCache"] == said["StartupResync"] == said["NetlinkEventsReliable"] == "On"
    assert (said["Interface"], said["Port"]) == ("eth2", "3780")
    assert said["IPv4_Destination_Address"] == "192.168.180.3"
    assert "\t\tIPv4_address 192.168.180.2\n" in text


def test_the_cache_holds_twice_what_the_kernel_may_have():
    for entries in (1 << 18, 1 << 20):
        said = words(written(max_entries=entries))
        assert int(said["HashLimit"]) == 2 * entries
        assert 0 < int(said["HashSize"]) <= int(said["HashLimit"])
    assert int(words(written(max_entries=0))["HashLimit"]) > 0


def test_what_ends_at_the_node_stays_at_home():
    text = written(own=("192.0.2.1", "fe80::1", "192.0.2.1", "192.168.180.2"))
    ignored = text[text.index("Address Ignore") :]
    assert re.findall(r"_address (\S+)", ignored) == [
        *("127.0.0.0/8", "::1"),
        *("192.0.2.1", "192.168.180.2", "192.168.180.3", "fe80::1"),
    ]


def test_what_is_told_is_what_was_asked_for():
    protocols = written().partition("Protocol Accept {")[2].partition("}")[0].split()
    assert protocols == ["TCP", "UDP", "ICMP", "IPv6-ICMP", "SCTP"]
    text = told(Conntrack(protocols=("udp", "icmp")))
    assert text.partition("Protocol Accept {")[2].partition("}")[0].split() == ["UDP", "ICMP", "IPv6-ICMP"]


def test_networks_and_hosts_are_ignored_beside_what_always_is():
    networks = ("10.0.0.0/8", "198.51.100.7/32", "2001:db8::/32", "192.168.180.2/32")
    text = told(Conntrack(ignore=tuple(map(ip_network, networks))))
    assert re.findall(r"_address (\S+)", text[text.index("Address Ignore") :]) == [
        *("127.0.0.0/8", "::1", "192.168.180.2", "192.168.180.3", "198.51.100.7"),
        *("10.0.0.0/8", "2001:db8::/32"),
    ]
    assert "IPv6_address 2001:db8::/32" in text


def test_what_it_must_not_say():
    for word in ("PollSecs", "CommitTimeout", "NetlinkOverrunResync On"):
        assert word not in written()


def test_braces_are_balanced():
    text = written(("192.0.2.1",))
    assert text.count("{") == text.count("}")
    assert text.endswith("}\n")
