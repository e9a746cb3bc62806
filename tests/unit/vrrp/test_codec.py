"""The advertisement on the wire (RFC 9568 §5.2, §7.1)."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scapy.layers.inet import IP, in4_chksum
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.layers.vrrp import VRRP, VRRPv3
from scapy.packet import Raw
from scapy.utils import checksum as rfc1071

from hadaemon.vrrp import (
    IP_PROTOCOL,
    IPV4_GROUP,
    IPV6_GROUP,
    TTL,
    Advertisement,
    Centiseconds,
    Checksum,
    Discard,
    DiscardReason,
    Priority,
    Version,
    Vrid,
    decode,
    encode,
)

SOURCE = IPv4Address("192.0.2.1")
SOURCE6 = IPv6Address("fe80::1")


def advertisement(*addresses, vrid=51, priority=254, interval=100, version=Version.V3):
    addresses = addresses or (IPv4Address("198.51.100.1"),)
    return Advertisement(Vrid(vrid), Priority(priority), Centiseconds(interval), addresses, version)


def advertisements(addresses):
    return st.builds(
        Advertisement,
        st.integers(1, 255),
        st.integers(0, 255),
        st.integers(1, 4095),
        st.lists(addresses, min_size=1, max_size=20).map(tuple),
    )


def refused(payload, source=SOURCE, destination=IPV4_GROUP, ttl=TTL, version=Version.V3):
    with pytest.raises(Discard) as discard:
        decode(payload, source, destination, ttl, version)
    return discard.value.reason


@given(advertisements(st.ip_addresses(v=4)), st.ip_addresses(v=4), st.sampled_from(Checksum))
def test_ipv4_round_trip_with_either_checksum(sent, source, variant):
    assert decode(encode(sent, source, IPV4_GROUP, variant), source, IPV4_GROUP, TTL) == sent


@given(advertisements(st.ip_addresses(v=6)), st.ip_addresses(v=6))
def test_ipv6_round_trip(sent, source):
    assert decode(encode(sent, source, IPV6_GROUP), source, IPV6_GROUP, TTL) == sent


@given(
    st.integers(1, 255),
    st.integers(0, 255),
    st.integers(1, 255),
    st.lists(st.ip_addresses(v=4), min_size=1, max_size=255).map(tuple),
)
def test_version_2_round_trip(vrid, priority, seconds, addresses):
    sent = Advertisement(Vrid(vrid), Priority(priority), Centiseconds(100 * seconds), addresses, Version.V2)
    packet = encode(sent, SOURCE, IPV4_GROUP)
    assert decode(packet, SOURCE, IPV4_GROUP, TTL, Version.V2) == sent
    assert rfc1071(packet) == 0, "no pseudo-header in version 2"


def test_scapy_reads_version_2():
    addresses = (IPv4Address("198.51.100.1"), IPv4Address("198.51.100.2"))
    sent = Advertisement(Vrid(51), Priority(254), Centiseconds(500), addresses, Version.V2)
    seen = VRRP(encode(sent, SOURCE, IPV4_GROUP))
    assert (seen.version, seen.type, seen.vrid, seen.priority, seen.ipcount) == (2, 1, 51, 254, 2)
    assert (seen.authtype, seen.adv, seen.addrlist) == (0, 5, ["198.51.100.1", "198.51.100.2"])
    assert (seen.auth1, seen.auth2) == (0, 0)


def test_we_read_version_2_of_scapy():
    packet = VRRP(vrid=51, priority=200, adv=3, addrlist=["198.51.100.1"], ipcount=1)
    received = decode(bytes(packet), SOURCE, IPV4_GROUP, TTL, Version.V2)
    assert received == Advertisement(
        Vrid(51), Priority(200), Centiseconds(300), (IPv4Address("198.51.100.1"),), Version.V2
    )


@pytest.mark.parametrize("configured, sent", [(Version.V2, Version.V3), (Version.V3, Version.V2)])
def test_the_other_version_is_discarded(configured, sent):
    packet = encode(
        Advertisement(Vrid(51), Priority(1), Centiseconds(100), (SOURCE,), sent), SOURCE, IPV4_GROUP
    )
    assert refused(packet, version=configured) is DiscardReason.VERSION


def test_version_2_has_no_ipv6_and_no_pseudo_header():
    packet = encode(advertisement(IPv6Address("fe80::51")), SOURCE6, IPV6_GROUP)
    assert refused(b"\x21" + packet[1:], SOURCE6, IPV6_GROUP, version=Version.V2) is DiscardReason.VERSION
    message = encode(
        Advertisement(Vrid(51), Priority(1), Centiseconds(100), (SOURCE,), Version.V2), SOURCE, IPV4_GROUP
    )
    blank = message[:6] + b"\0\0" + message[8:]
    header = IP(src=str(SOURCE), dst=str(IPV4_GROUP), proto=IP_PROTOCOL)
    value = in4_chksum(IP_PROTOCOL, header, blank).to_bytes(2, "big")
    assert refused(blank[:6] + value + blank[8:], version=Version.V2) is DiscardReason.CHECKSUM


def test_version_2_without_authentication_data_is_too_short():
    message = encode(
        Advertisement(Vrid(51), Priority(1), Centiseconds(100), (SOURCE,), Version.V2), SOURCE, IPV4_GROUP
    )
    assert refused(message[:-8], version=Version.V2) is DiscardReason.LENGTH


def test_over_ipv6_the_checksum_covers_all_of_the_payload():
    packet = encode(advertisement(IPv6Address("fe80::51")), SOURCE6, IPV6_GROUP)
    assert refused(packet + bytes(18), SOURCE6, IPV6_GROUP) is DiscardReason.CHECKSUM
    assert refused(packet + b"\1", SOURCE6, IPV6_GROUP) is DiscardReason.CHECKSUM


def test_the_bytes_of_an_advertisement():
    packet = encode(advertisement(), SOURCE, IPV4_GROUP)
    assert packet[:6] == bytes([0x31, 51, 254, 1, 0, 100])
    assert packet[8:] == bytes([198, 51, 100, 1])


@given(advertisements(st.ip_addresses(v=4)))
def test_rfc9568_checksum_is_over_the_message_alone(sent):
    packet = encode(sent, SOURCE, IPV4_GROUP, Checksum.RFC9568)
    assert rfc1071(packet) == 0


@given(advertisements(st.ip_addresses(v=4)), st.ip_addresses(v=4))
def test_rfc5798_checksum_is_what_scapy_computes(sent, source):
    packet = encode(sent, source, IPV4_GROUP, Checksum.RFC5798)
    blank = packet[:6] + b"\0\0" + packet[8:]
    header = IP(src=str(source), dst=str(IPV4_GROUP), proto=IP_PROTOCOL)
    assert int.from_bytes(packet[6:8], "big") == in4_chksum(IP_PROTOCOL, header, blank)


@given(advertisements(st.ip_addresses(v=6)))
def test_ipv6_checksum_is_what_scapy_computes(sent):
    packet = encode(sent, SOURCE6, IPV6_GROUP)
    blank = packet[:6] + b"\0\0" + packet[8:]
    header = IPv6(src=str(SOURCE6), dst=str(IPV6_GROUP), nh=IP_PROTOCOL)
    assert int.from_bytes(packet[6:8], "big") == in6_chksum(IP_PROTOCOL, header, blank)


def test_scapy_reads_what_we_send():
    sent = advertisement(IPv4Address("198.51.100.1"), IPv4Address("198.51.100.2"), interval=4095)
    header = IP(src=str(SOURCE), dst=str(IPV4_GROUP), ttl=TTL, proto=IP_PROTOCOL)
    seen = IP(bytes(header / Raw(encode(sent, SOURCE, IPV4_GROUP))))[VRRPv3]
    assert (seen.version, seen.type, seen.vrid, seen.priority, seen.ipcount) == (3, 1, 51, 254, 2)
    assert (seen.res, seen.adv, seen.addrlist) == (0, 4095, ["198.51.100.1", "198.51.100.2"])


def test_we_read_what_scapy_sends():
    packet = IP(src=str(SOURCE), dst=str(IPV4_GROUP), ttl=TTL, proto=IP_PROTOCOL) / VRRPv3(
        vrid=51, priority=200, adv=100, addrlist=["198.51.100.1"], ipcount=1
    )
    received = decode(bytes(packet)[20:], SOURCE, IPV4_GROUP, TTL)
    assert received == advertisement(priority=200)


def with_checksum(message: bytes) -> bytes:
    return message[:6] + rfc1071(message[:6] + b"\0\0" + message[8:]).to_bytes(2, "big") + message[8:]


GOOD = encode(advertisement(), SOURCE, IPV4_GROUP)

BROKEN = {
    "TTL": (GOOD, 254, DiscardReason.TTL),
    "nothing": (b"", TTL, DiscardReason.LENGTH),
    "version 2": (b"\x21" + GOOD[1:], TTL, DiscardReason.VERSION),
    "version 2 too short": (b"\x21", TTL, DiscardReason.VERSION),
    "type 2": (b"\x32" + GOOD[1:], TTL, DiscardReason.TYPE),
    "half a header": (GOOD[:7], TTL, DiscardReason.LENGTH),
    "half an address": (GOOD[:-1], TTL, DiscardReason.LENGTH),
    "no addresses": (with_checksum(b"\x31\x33\xfe\x00\x00\x64\x00\x00"), TTL, DiscardReason.COUNT),
    "flipped bit": (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), TTL, DiscardReason.CHECKSUM),
    "interval 0": (with_checksum(GOOD[:4] + b"\0\0\0\0" + GOOD[8:]), TTL, DiscardReason.INTERVAL),
    "VRID 0": (with_checksum(b"\x31\x00" + GOOD[2:]), TTL, DiscardReason.VRID),
}


@pytest.mark.parametrize("payload, ttl, reason", BROKEN.values(), ids=BROKEN)
def test_a_broken_packet_is_discarded_with_its_reason(payload, ttl, reason):
    assert refused(payload, ttl=ttl) is reason


ALL_WRONG = bytearray(b"\x22\x00\xfe\x00\x00\x00\xff\xff")


def test_the_checks_come_in_the_order_of_the_standard():
    """Repairing a packet that is wrong in every way, check by check."""
    packet = bytearray(ALL_WRONG)
    reasons = [refused(bytes(packet), ttl=1), refused(bytes(packet))]
    packet[0] = 0x32
    reasons.append(refused(bytes(packet)))
    packet[0] = 0x31
    reasons.append(refused(bytes(packet[:7])))
    reasons.append(refused(bytes(packet)))
    packet[3:4], packet[8:] = b"\x01", b"\xc6\x33\x64\x01"
    reasons.append(refused(bytes(packet)))
    reasons.append(refused(with_checksum(bytes(packet))))
    packet[5] = 100
    reasons.append(refused(with_checksum(bytes(packet))))
    packet[1] = 51
    assert decode(with_checksum(bytes(packet)), SOURCE, IPV4_GROUP, TTL) == advertisement()
    assert reasons == ["ttl", "version", "type", "length", "count", "checksum", "interval", "vrid"]


def test_ethernet_padding_is_ignored():
    assert decode(GOOD + bytes(18), SOURCE, IPV4_GROUP, TTL) == advertisement()
    assert decode(GOOD + b"\xff" * 18, SOURCE, IPV4_GROUP, TTL) == advertisement()


def test_reserved_bits_are_ignored():
    packet = with_checksum(GOOD[:4] + struct.pack("!H", 0xF000 | 100) + GOOD[6:])
    assert decode(packet, SOURCE, IPV4_GROUP, TTL) == advertisement()


def test_over_ipv6_the_pseudo_header_is_required():
    sent = advertisement(IPv6Address("fe80::51"))
    packet = encode(sent, SOURCE6, IPV6_GROUP)
    assert refused(with_checksum(packet), SOURCE6, IPV6_GROUP) is DiscardReason.CHECKSUM
    assert refused(packet, IPv6Address("fe80::2"), IPV6_GROUP) is DiscardReason.CHECKSUM


@given(st.binary(min_size=6, max_size=60), st.integers(1, 12))
def test_damage_that_keeps_the_checksum_is_read_or_discarded(body, count):
    """Past the checksum the fields themselves are at stake."""
    message = with_checksum(
        (b"\x31" + body[1:3] + bytes([count]) + body[4:6] + b"\0\0" + body[6:]).ljust(8, b"\0")
    )
    assume(len(message) % 2 == 0)
    try:
        received = decode(message, SOURCE, IPV4_GROUP, TTL)
    except Discard:
        return
    assert len(received.addresses) == count
    assert received.vrid == message[1]
    assert received.interval > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"vrid": 0},
        {"vrid": 256},
        {"priority": -1},
        {"priority": 256},
        {"interval": 0},
        {"interval": 4096},
        {"interval": 50, "version": Version.V2},
        {"interval": 25600, "version": Version.V2},
    ],
)
def test_an_advertisement_that_cannot_be_sent_cannot_be_made(wrong):
    with pytest.raises(ValueError, match="is not in"):
        advertisement(**wrong)


@pytest.mark.parametrize("count", [0, 256])
def test_an_advertisement_has_1_to_255_addresses(count):
    with pytest.raises(ValueError, match="addresses, not 1-255"):
        Advertisement(Vrid(1), Priority(1), Centiseconds(1), (SOURCE,) * count)


@pytest.mark.parametrize(
    "addresses, version, message",
    [((SOURCE, SOURCE6), Version.V3, "IPv4 and IPv6"), ((SOURCE6,), Version.V2, "no IPv6")],
)
def test_an_advertisement_has_one_family_that_its_version_knows(addresses, version, message):
    with pytest.raises(ValueError, match=message):
        advertisement(*addresses, version=version)
