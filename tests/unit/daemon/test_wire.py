"""From advertisements to packets: what is said again is the same packet, and what has changed is not."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from types import SimpleNamespace
from typing import Any

from hadaemon.config import ClusterConfig, HaInterface, VrrpConfig
from hadaemon.daemon.ports.wire import Wire
from hadaemon.vrrp import IPV4_GROUP, TTL, Advertisement, Centiseconds, Checksum, Priority, Vrid, decode
from hadaemon.vrrp.authentication import SignatureMode, Signatures
from hadaemon.vrrp.bounds import BoundStep, step_of

OWN = IPv4Address("192.0.2.2")
ADVERTISEMENT = Advertisement(Vrid(51), Priority(254), Centiseconds(100), (IPv4Address("192.0.2.1"),))


def wire(config: VrrpConfig) -> Wire:
    nothing: Any = None
    return Wire(ClusterConfig("office", "alpha", (), vrrp=config), nothing, nothing)


def test_recordings_are_bounded_by_the_shortest_interval():
    signed = VrrpConfig(authentication=Signatures(SignatureMode.ENFORCE, 1, {1: bytes(32)}))
    interfaces = tuple(
        HaInterface("lan", number, Vrid(50 + number), (IPv4Interface("192.0.2.1/24"),), own_interval=interval)
        for number, interval in ((1, Centiseconds(500)), (2, Centiseconds(10)))
    )
    steps: list[BoundStep] = []
    nothing: Any = None
    sequences: Any = SimpleNamespace(heard=lambda step: steps.append(step) or {}, signer=lambda _: nothing)
    Wire(ClusterConfig("office", "alpha", interfaces, vrrp=signed), sequences, nothing)
    assert steps == [step_of(routers=2, interval=0.1)]


def said(packed: bytes) -> Advertisement:
    return decode(packed, OWN, IPV4_GROUP, TTL)


def test_a_change_is_never_hidden_by_what_was_said_before():
    subject = wire(VrrpConfig(checksum=Checksum.RFC5798))
    first = subject.pack(ADVERTISEMENT, OWN, IPV4_GROUP)
    assert subject.pack(replace(ADVERTISEMENT), OWN, IPV4_GROUP) is first
    for changed in (
        replace(ADVERTISEMENT, priority=Priority(0)),
        replace(ADVERTISEMENT, vrid=Vrid(52)),
        replace(ADVERTISEMENT, addresses=(IPv4Address("192.0.2.9"),)),
        ADVERTISEMENT,
    ):
        assert said(subject.pack(changed, OWN, IPV4_GROUP)) == changed
    other = IPv4Address("192.0.2.3")
    assert subject.pack(ADVERTISEMENT, other, IPV4_GROUP) != first, "the checksum has the source"
