"""Router advertisements as an independent decoder reads them, and when they go out."""

from ipaddress import IPv6Address, IPv6Network

import pytest
from scapy.layers.inet6 import (
    ICMPv6ND_RA,
    ICMPv6ND_RS,
    ICMPv6NDOptDNSSL,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptRDNSS,
    ICMPv6NDOptSrcLLAddr,
)

from hadaemon.config import RouterAdvertisements
from hadaemon.radv.message import is_solicitation, router_advertisement
from hadaemon.radv.schedule import Schedule

MAC = bytes.fromhex("00005e000233")


def decoded(told: RouterAdvertisements) -> ICMPv6ND_RA:
    return ICMPv6ND_RA(router_advertisement(told, MAC))


def test_everything_that_is_configured_is_told():
    found = decoded(
        RouterAdvertisements(
            (IPv6Network("2001:db8:12::/64"), IPv6Network("2001:db8:13::/48")),
            interval=60,
            lifetime=180,
            preferred_lifetime=100,
            valid_lifetime=200,
            managed=True,
            other=True,
            mtu=1400,
            dns=(IPv6Address("2001:db8:12::53"), IPv6Address("2001:db8:12::54")),
            search=("example.org", "lan.example.org"),
        )
    )
    assert (found.type, found.code, found.M, found.O, found.routerlifetime) == (134, 0, 1, 1, 180)
    assert found[ICMPv6NDOptSrcLLAddr].lladdr == "00:00:5e:00:02:33"
    assert found[ICMPv6NDOptMTU].mtu == 1400
    first, second = found[ICMPv6NDOptPrefixInfo], found.getlayer(ICMPv6NDOptPrefixInfo, 2)
    assert (first.prefix, first.prefixlen, first.L, first.A) == ("2001:db8:12::", 64, 1, 1)
    assert (first.preferredlifetime, first.validlifetime) == (100, 200)
    assert (second.prefixlen, second.L, second.A) == (48, 1, 0)
    assert (found[ICMPv6NDOptRDNSS].dns, found[ICMPv6NDOptRDNSS].lifetime) == (
        ["2001:db8:12::53", "2001:db8:12::54"],
        180,
    )
    assert found[ICMPv6NDOptDNSSL].searchlist == ["example.org.", "lan.example.org."]


def test_what_is_not_configured_is_not_told():
    found = decoded(RouterAdvertisements(()))
    assert (found.M, found.O, found.routerlifetime) == (0, 0, 1800)
    assert list(found.layers())[1:] == [ICMPv6NDOptSrcLLAddr]


SOLICITATION = bytes(ICMPv6ND_RS())


@pytest.mark.parametrize(
    "message, hop_limit, unspecified, asks",
    [
        (SOLICITATION, 255, False, True),
        (SOLICITATION, 255, True, True),
        (SOLICITATION, 254, False, False),
        (SOLICITATION[:7], 255, False, False),
        (SOLICITATION + b"\1\1abcdef", 255, False, True),
        (SOLICITATION + b"\1\1abcdef", 255, True, False),
        (SOLICITATION + b"\1\0abcdef", 255, False, False),
        (SOLICITATION + b"\1\2abcdef", 255, False, False),
        (SOLICITATION + b"\1", 255, False, False),
        (b"\x85\1" + SOLICITATION[2:], 255, False, False),
    ],
)
def test_who_asks(message: bytes, hop_limit: int, unspecified: bool, asks: bool):
    assert is_solicitation(message, hop_limit, unspecified) is asks


def test_three_come_quickly_and_then_as_configured():
    schedule = Schedule(interval=600, due=0.0)
    waits = []
    for _ in range(4):
        now = schedule.due
        schedule = schedule.after_sending(now, chance=1.0)
        waits.append(schedule.due - now)
    assert waits == [16.0, 16.0, 600.0, 600.0]
    assert Schedule(600, 0.0, sent=5).after_sending(0.0, chance=0.0).due == pytest.approx(198.0)


def test_who_asks_is_answered_soon_and_not_too_often():
    schedule = Schedule(600, 0.0, sent=3).after_sending(100.0, chance=1.0)
    assert schedule.after_solicitation(101.0, chance=1.0).due == 103.0, "three seconds between two"
    assert schedule.after_solicitation(200.0, chance=1.0).due == 200.5
    assert schedule.after_solicitation(200.0, 0.0).after_solicitation(200.1, 1.0).due == 200.0, (
        "one answer to both"
    )
