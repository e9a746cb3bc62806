"""The virtual router's MAC address (RFC 9568 §7.3): a takeover changes nothing for a client."""

import signal
import socket

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vrrp import VRRPv3

from .kernel_settings import apply
from .pair import DROP_ADDRESSES, INTERVAL, VIRTUAL, VRID, Pair
from .ping import Pinger
from .test_hactl import hactl
from .waiting import wait_for

VIRTUAL_MAC = {"lan": "00:00:5e:00:01:33", "wan": "00:00:5e:00:01:34"}
"""VRID 51 and 52."""


@pytest.fixture
def virtual_pair(pair: Pair) -> Pair:
    """A pair with virtual MAC addresses, on nodes whose kernel is set as the image sets it."""
    for node in pair.nodes:
        node.cluster = node.cluster.replace("[vrrp]", "[vrrp]\nvirtual_mac = true")
        apply(node.namespace)
    pair.start()
    return pair


def macvlans(pair: Pair) -> list[list[str]]:
    """The names of the macvlans on both nodes."""
    shown = [node.namespace.run("ip", "-br", "link", "show", "type", "macvlan") for node in pair.nodes]
    return [sorted(line.split("@")[0] for line in text.splitlines()) for text in shown]


def neighbour(pair: Pair) -> str:
    return pair.client.run("ip", "neighbour", "show", VIRTUAL["lan"])


def test_a_takeover_leaves_the_clients_arp_entry_as_it_is(virtual_pair: Pair) -> None:
    pair = virtual_pair
    assert macvlans(pair) == [["vrrp4.51", "vrrp4.52"], []]
    pinger = Pinger(pair.client, VIRTUAL["lan"])
    pinger.ping(within=1)
    assert VIRTUAL_MAC["lan"] in neighbour(pair)
    lan = pair.capture("lan")
    pair.alpha.signal(signal.SIGTERM)
    pair.wait_holder(pair.beta)
    pinger.ping(within=2)
    assert VIRTUAL_MAC["lan"] in neighbour(pair)
    assert macvlans(pair) == [[], ["vrrp4.51", "vrrp4.52"]]
    told = {frame[ARP].hwsrc for _, frame in lan.read() if ARP in frame and frame[ARP].psrc == VIRTUAL["lan"]}
    assert told == {VIRTUAL_MAC["lan"]}, "no real MAC address was ever told for a virtual one"


def test_a_better_router_with_the_virtual_mac_address_is_heard(virtual_pair: Pair) -> None:
    """As RFC 9568 §7.2 has it: keepalived with `use_vmac` and FRR send from it, too."""
    pair = virtual_pair
    better = VRRPv3(
        vrid=VRID["lan"], priority=255, adv=round(INTERVAL * 100), ipcount=1, addrlist=[VIRTUAL["lan"]]
    )
    source = Ether(src=VIRTUAL_MAC["lan"], dst="01:00:5e:00:00:12")
    frame = bytes(source / IP(src="192.168.12.66", dst="224.0.0.18", ttl=255, proto=112) / better)
    with pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))

        def yields() -> bool:
            sender.send(frame)
            return pair.alpha.state() == "backup"

        wait_for("it gives way", yields, within=3)


def test_a_planned_switch_moves_the_mac_address(virtual_pair: Pair) -> None:
    pair = virtual_pair
    assert hactl(pair.alpha, "switch").returncode == 0
    pair.wait_holder(pair.beta)
    wait_for("only one has it", lambda: macvlans(pair) == [[], ["vrrp4.51", "vrrp4.52"]], within=2)
    Pinger(pair.client, VIRTUAL["lan"]).ping(within=2)


def test_what_a_killed_daemon_left_is_removed_by_the_next(virtual_pair: Pair) -> None:
    pair = virtual_pair
    pair.alpha.signal(signal.SIGKILL)
    pair.alpha.wait_end()
    pair.alpha.namespace.run(*DROP_ADDRESSES)
    pair.wait_holder(pair.beta)
    pair.alpha.cluster = pair.alpha.cluster.replace("virtual_mac = true", "virtual_mac = false")
    pair.alpha.cluster = pair.alpha.cluster.replace('master = "alpha"', 'master = "beta"')
    pair.alpha.configure()
    pair.alpha.start()
    pair.alpha.wait_state("backup")
    assert macvlans(pair)[0] == []


def test_a_reload_that_turns_it_on_and_off_keeps_the_addresses(pair: Pair) -> None:
    pair.start()
    for value, names in (("true", ["vrrp4.51", "vrrp4.52"]), ("false", [])):
        old = "[vrrp]" if value == "true" else "[vrrp]\nvirtual_mac = true"
        pair.alpha.cluster = pair.alpha.cluster.replace(old, f"[vrrp]\nvirtual_mac = {value}")
        pair.alpha.configure()
        assert pair.alpha.ask("reload")["ok"]
        assert pair.alpha.state() == "active"
        assert macvlans(pair)[0] == names
        assert pair.alpha.virtual_addresses() == set(VIRTUAL.values())
