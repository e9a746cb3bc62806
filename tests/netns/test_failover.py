"""Who holds the virtual addresses when something fails: two daemons, real kernel, real packets."""

import signal
import time

from scapy.layers.vrrp import VRRPv3

from .capture import is_gratuitous_arp
from .pair import ACTIVE_DOWN, DROP_ADDRESSES, INTERVAL, MAC, OWN, PORTS, VIRTUAL, Pair
from .ping import Pinger
from .waiting import stretched, wait_for

SLACK = 0.5
"""Seconds for starting processes and a busy machine; outcomes are asserted here, milliseconds elsewhere."""


def test_the_master_becomes_active_and_the_spare_backup(pair: Pair) -> None:
    pair.start()
    wait_for("the spare hears the master", lambda: pair.beta.status()["status"]["peer"], within=2)
    alpha, beta = pair.alpha.status()["status"], pair.beta.status()["status"]
    assert (alpha["role"], alpha["state"]) == ("master", "active")
    assert (beta["role"], beta["state"]) == ("spare", "backup")
    assert beta["peer"]["state"] == "active"
    assert beta["peer"]["address"] in OWN["alpha"].values()


def test_own_addresses_are_never_touched(pair: Pair) -> None:
    pair.start()
    pair.alpha.signal(signal.SIGTERM)
    assert pair.alpha.wait_end() == 0
    pair.wait_holder(pair.beta)
    for node in pair.nodes:
        assert node.own_addresses() == set(OWN[node.name].values())


def test_a_killed_active_is_replaced_and_the_helper_leaves_no_address(pair: Pair) -> None:
    pair.start()
    pair.alpha.signal(signal.SIGKILL)
    pair.alpha.wait_end()
    assert pair.alpha.virtual_addresses() == set(VIRTUAL.values()), "nothing else removed them"
    pair.alpha.namespace.run(*DROP_ADDRESSES)
    assert pair.alpha.virtual_addresses() == set()
    pair.wait_holder(pair.beta, within=ACTIVE_DOWN + SLACK)
    assert pair.beta.state() == "active"


def test_a_restarted_daemon_drops_what_a_killed_one_left(pair: Pair) -> None:
    pair.start()
    pair.alpha.signal(signal.SIGKILL)
    pair.alpha.wait_end()
    pair.beta.wait_state("active")
    pair.alpha.cluster = pair.alpha.cluster.replace('master = "alpha"', 'master = "beta"')
    pair.alpha.configure()
    pair.alpha.start()
    pair.alpha.wait_state("backup")
    pair.wait_holder(pair.beta)


def test_a_terminated_active_says_so_and_is_replaced_within_the_skew_time(pair: Pair) -> None:
    pair.start()
    lan = pair.capture("lan")
    pair.alpha.signal(signal.SIGTERM)
    source = OWN["alpha"]["lan"]
    release, _ = lan.wait(
        "priority 0",
        lambda frame: VRRPv3 in frame and frame[VRRPv3].priority == 0 and frame.payload.src == source,
        within=SLACK,
    )
    takeover, _ = lan.wait(
        "the other node's advertisement",
        lambda frame: VRRPv3 in frame and frame.payload.src == OWN["beta"]["lan"],
        within=SLACK,
    )
    assert takeover - release < ACTIVE_DOWN - INTERVAL, "it waited instead of taking the release"
    assert pair.alpha.wait_end() == 0
    pair.wait_holder(pair.beta)


def test_the_master_comes_back(pair: Pair) -> None:
    pair.start()
    pair.alpha.signal(signal.SIGTERM)
    pair.alpha.wait_end()
    pair.wait_holder(pair.beta)
    pair.alpha.start()
    pair.wait_holder(pair.alpha)
    pair.beta.wait_state("backup")


def test_without_preemption_the_master_stays_backup(pair: Pair) -> None:
    for node in pair.nodes:
        node.cluster = node.cluster.replace("[vrrp]", "[vrrp]\npreempt = false")
    pair.start()
    pair.alpha.signal(signal.SIGTERM)
    pair.alpha.wait_end()
    pair.wait_holder(pair.beta)
    adverts = pair.capture("lan")
    pair.alpha.start()
    pair.alpha.wait_state("backup")
    count = 2 * int(ACTIVE_DOWN / INTERVAL)
    wait_for("the active goes on", lambda: len(adverts.adverts(OWN["beta"]["lan"])) > count, within=3)
    assert (pair.alpha.state(), pair.beta.state()) == ("backup", "active")


def test_one_lost_link_moves_both_interfaces(pair: Pair) -> None:
    pair.start()
    for port in PORTS:
        pair.alpha.pull(port)
        pair.wait_holder(pair.beta, within=ACTIVE_DOWN + SLACK)
        assert pair.alpha.state() == "backup"
        pair.alpha.plug(port)
        pair.wait_holder(pair.alpha)


def test_the_client_learns_who_answers(pair: Pair) -> None:
    pair.start()
    address = VIRTUAL["lan"]
    pinger = Pinger(pair.client, address)

    def neighbour() -> str:
        return pair.client.run("ip", "neighbour", "show", address)

    pinger.ping(within=1)
    assert MAC["alpha"]["lan"] in neighbour()
    lan = pair.capture("lan")
    pair.alpha.signal(signal.SIGTERM)
    _, frame = lan.wait(
        "a gratuitous ARP of beta",  # Alpha repeats its own, as long as it is active.
        lambda frame: is_gratuitous_arp(frame, address) and frame.src == MAC["beta"]["lan"],
        within=3,
    )
    assert frame.dst == "ff:ff:ff:ff:ff:ff"
    wait_for("the client's ARP entry follows", lambda: MAC["beta"]["lan"] in neighbour(), within=1)
    pinger.ping(within=1)


def test_never_two_hold_an_address_while_both_daemons_live(pair: Pair) -> None:
    """Held through a hand-over by a pulled cable of which the pair still sees the other half."""
    pair.start()
    pair.alpha.pull("wan")
    deadline = time.monotonic() + stretched(1.0)
    both_since: float | None = None
    while time.monotonic() < deadline:
        held = [node.virtual_addresses() & {VIRTUAL["lan"]} for node in pair.nodes]
        now = time.monotonic()
        both_since = (both_since or now) if all(held) else None
        assert both_since is None or now - both_since < INTERVAL + stretched(0.05)
    assert pair.beta.virtual_addresses() == set(VIRTUAL.values())
