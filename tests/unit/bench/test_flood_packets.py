"""What `bench flood` sends is what it says: judged by the daemon's own decoder, and by its files."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from firmware.bench.failover.daemons import cluster_toml
from firmware.bench.failover.topology import PAIR
from firmware.bench.failover.wire import of_sources
from firmware.bench.flood.contenders import KEY, KEY_ID, with_signatures
from firmware.bench.flood.floods import FLOODS, Flood
from firmware.bench.flood.packets import GROUP_MAC, STRANGER_MAC, Forged, trailer
from hadaemon.config import load_cluster
from hadaemon.io.packets.vrrp_socket import split_ipv4
from hadaemon.vrrp import Advertisement, Discard, DiscardReason, SignatureMode, Signatures, Verifier, decode

ETHERNET = 14
LAN = PAIR[0]
LIKE_A_NODES = Forged("10.48.1.66", LAN.vrid, 100, LAN.virtual)


def said(forged: Forged, checking: Verifier | None = None) -> Advertisement:
    """What the daemon takes a packet for; raises Discard."""
    packet = split_ipv4(forged.frame()[ETHERNET:])
    assert packet is not None
    return decode(packet.payload, packet.source, packet.destination, packet.ttl, authentication=checking)


def reason(forged: Forged, checking: Verifier | None = None) -> DiscardReason:
    with pytest.raises(Discard) as caught:
        said(forged, checking)
    return caught.value.reason


def flood(key: str) -> Flood:
    (found,) = (each for each in FLOODS if each.key == key)
    return found


def test_a_packet_of_the_right_shape_is_an_advertisement() -> None:
    advertisement = said(LIKE_A_NODES)
    assert (advertisement.vrid, advertisement.priority, advertisement.interval) == (LAN.vrid, 100, 10)
    assert advertisement.addresses == (IPv4Address(LAN.virtual),)
    frame = LIKE_A_NODES.frame()
    assert frame[:12].hex(":") == f"{GROUP_MAC}:{STRANGER_MAC}"


def test_the_other_ones_are_what_they_are_called() -> None:
    assert reason(replace(LIKE_A_NODES, damaged=True)) is DiscardReason.CHECKSUM
    assert reason(replace(LIKE_A_NODES, ttl=64)) is DiscardReason.TTL
    (foreign,) = flood("foreign").packets
    assert said(foreign).vrid not in {port.vrid for port in PAIR}
    senders = {each.source for each in flood("senders").packets}
    assert len(senders) == len(flood("senders").packets) >= 100
    taken = {LAN.virtual, LAN.client, LAN.own("alpha"), LAN.own("beta")}
    assert not senders & taken, "nobody is impersonated"
    routed = flood("routed")
    assert len(routed.packets) == routed.receivers == 2
    assert all(reason(each) is DiscardReason.TTL for each in routed.packets)


def test_a_signed_pair_refuses_what_is_not_signed_and_what_is_signed_wrongly() -> None:
    files = with_signatures({"cluster.toml": cluster_toml(PAIR, 0.1), "node.toml": ""})
    configured = load_cluster(files["cluster.toml"], "cluster.toml").vrrp.authentication
    assert configured == Signatures(SignatureMode.ENFORCE, KEY_ID, {KEY_ID: bytes.fromhex(KEY)})
    verifier = Verifier(configured, [LAN.vrid])  # type: ignore[list-item]
    (unsigned,), (signed,) = flood("unsigned").packets, flood("signed").packets
    assert (unsigned.priority, signed.priority) == (255, 255)
    assert reason(unsigned, verifier) is DiscardReason.AUTH_MISSING
    assert reason(signed, verifier) is DiscardReason.AUTH_FAILED
    assert len(trailer(KEY_ID, bytes(16))) == 28


def test_the_wires_filter_jumps_to_its_ends() -> None:
    program = of_sources(("10.48.1.2", "10.48.1.3"))
    drop, keep = len(program) - 2, len(program) - 1
    assert [operand for *_, operand in program[drop:]] == [0, program[keep][3]]
    assert 1 + 1 + program[1][2] == drop, "not VRRP"
    for at in (3, 4):
        assert at + 1 + program[at][1] == keep
    assert program[3][3] == int(IPv4Address("10.48.1.2"))
