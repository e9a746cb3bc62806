"""The client behaves as a host on a LAN does, and its record of who answered is right."""

import threading
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest
from scapy.layers.l2 import ARP, Ether

from firmware.lab.client import Client, Probe, Watch
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import DeadlineExceeded
from firmware.lab.switch import Switch
from firmware.lab.topology import PlannedClient

VIRTUAL = IPv4Address("192.168.12.1")
ALPHA = "52:54:00:48:0a:01"
BETA = "52:54:00:48:0b:01"
SECONDS = 10.0


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    switch = Switch("lan", tmp_path / "lan.pcap")
    yield switch
    switch.close()


def host(switch: Switch, name: str, mac: str, address: str) -> Client:
    return Client(PlannedClient(name, "lan", mac, IPv4Interface(f"{address}/24")), switch)


@pytest.fixture
def client(switch: Switch) -> Client:
    return host(switch, "client", "52:54:00:48:c0:01", "192.168.12.50")


def announce(switch: Switch, mac: str) -> None:
    """A gratuitous ARP request for the virtual address, from a port of its own."""
    send = switch.attach(f"announcer-{mac}-{time.monotonic_ns()}", lambda _: None)
    arp = ARP(op=1, hwsrc=mac, psrc=str(VIRTUAL), pdst=str(VIRTUAL))
    send(bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / arp))


def test_a_host_that_is_there_answers(switch: Switch, client: Client) -> None:
    host(switch, "alpha", ALPHA, str(VIRTUAL))
    assert client.ping(VIRTUAL, Deadline(SECONDS)) < SECONDS
    assert client.neighbour(VIRTUAL) == ALPHA


def test_hosts_meet_within_their_vlan(switch: Switch) -> None:
    def of(vlan: int | None, name: str, mac: str, address: str) -> Client:
        planned = PlannedClient(name, "lan", mac, IPv4Interface(f"{address}/24"), vlan=vlan)
        return Client(planned, switch)

    of(2, "alpha", ALPHA, str(VIRTUAL))
    within = of(2, "within", "52:54:00:48:c0:02", "192.168.12.52")
    assert within.ping(VIRTUAL, Deadline(SECONDS)) < SECONDS
    outside = of(None, "outside", "52:54:00:48:c0:03", "192.168.12.53")
    with pytest.raises(DeadlineExceeded):
        outside.ping(VIRTUAL, Deadline(0.3))


def test_a_host_that_is_not_there_is_told(client: Client) -> None:
    with pytest.raises(DeadlineExceeded, match=r"an ARP answer for 192\.168\.12\.1"):
        client.ping(VIRTUAL, Deadline(0.3))


def test_only_an_announcement_moves_an_address_that_is_known(switch: Switch, client: Client) -> None:
    host(switch, "alpha", ALPHA, str(VIRTUAL))
    client.ping(VIRTUAL, Deadline(SECONDS))
    answered = threading.Event()
    host(switch, "beta", BETA, str(VIRTUAL))
    macs: list[str] = []

    def note(mac: str) -> None:
        macs.append(mac)
        if len(macs) == 2:
            answered.set()

    client.ask(VIRTUAL, note)
    assert answered.wait(SECONDS)
    assert set(macs) == {ALPHA, BETA}
    assert client.neighbour(VIRTUAL) == ALPHA, "an answer does not move it"
    announce(switch, BETA)
    wait_until(lambda: client.neighbour(VIRTUAL) == BETA, Deadline(SECONDS), "the move")


def test_an_announcement_of_a_stranger_is_not_remembered(switch: Switch, client: Client) -> None:
    announce(switch, ALPHA)
    host(switch, "router", "52:54:00:48:c0:02", "192.168.12.9")
    client.ping(IPv4Address("192.168.12.9"), Deadline(SECONDS))
    assert client.neighbour(VIRTUAL) is None


def test_a_watch_names_the_owner_and_its_silence(switch: Switch, client: Client) -> None:
    host(switch, "alpha", ALPHA, str(VIRTUAL))
    with client.watch(VIRTUAL) as watch:
        watch.wait_for_owner(ALPHA, Deadline(SECONDS))
        assert watch.owners == (ALPHA,)
        assert watch.owner == ALPHA
        assert watch.longest_conflict() == 0


def test_who_answered_before_the_question_is_not_the_owner(switch: Switch, client: Client) -> None:
    """An address that has just moved: the last answer of the one that had it is still on record."""
    host(switch, "alpha", ALPHA, str(VIRTUAL))
    with client.watch(VIRTUAL) as watch:
        watch.wait_for_owner(ALPHA, Deadline(SECONDS))
        switch.detach("alpha")
        with pytest.raises(DeadlineExceeded):
            watch.wait_for_owner(ALPHA, Deadline(0.5))


def test_a_watch_of_nobody_has_no_owner(client: Client) -> None:
    with client.watch(VIRTUAL) as watch:
        watch.wait_for_no_owner(Deadline(SECONDS))
        with pytest.raises(DeadlineExceeded, match="nobody"):
            watch.wait_for_owner(ALPHA, Deadline(0.3))


def test_a_watch_sees_two_owners_at_once(switch: Switch, client: Client) -> None:
    host(switch, "alpha", ALPHA, str(VIRTUAL))
    host(switch, "beta", BETA, str(VIRTUAL))
    with client.watch(VIRTUAL) as watch:
        wait_until(lambda: watch.longest_conflict() > 0.3, Deadline(SECONDS), "the conflict")
        with pytest.raises(DeadlineExceeded):
            watch.wait_for_owner(ALPHA, Deadline(0.5))


def record(*answers: set[str]) -> Watch:
    """A closed watch whose record is given: one set of answering MACs for each fifth of a second."""
    watch = Watch.__new__(Watch)
    watch._probes = [
        Probe(0.2 * number, dict.fromkeys(macs, 0.2 * number)) for number, macs in enumerate(answers)
    ]
    return watch


def test_owners_are_told_in_their_order_without_repetition() -> None:
    watch = record({ALPHA}, {ALPHA}, set(), {ALPHA, BETA}, {BETA}, {BETA}, {ALPHA})
    assert watch.owners == (ALPHA, BETA, ALPHA)


def test_the_longest_conflict_is_counted_from_its_first_question() -> None:
    both = {ALPHA, BETA}
    watch = record({ALPHA}, both, both, {BETA}, both, both, both, {ALPHA})
    assert watch.longest_conflict() == pytest.approx(0.6)


FAR = IPv4Address("203.0.113.9")


def replies(client: Client, address: IPv4Address, mac: str, seconds: float) -> bool:
    answered = threading.Event()
    client.send_echo(address, mac, answered.set)
    return answered.wait(seconds)


def test_a_router_answers_for_whom_it_is_the_router_to(switch: Switch, client: Client) -> None:
    planned = PlannedClient("router", "lan", ALPHA, IPv4Interface(f"{VIRTUAL}/24"), (FAR,))
    Client(planned, switch)
    assert replies(client, FAR, ALPHA, SECONDS)
    assert replies(client, VIRTUAL, ALPHA, SECONDS)
    assert not replies(client, IPv4Address("203.0.113.10"), ALPHA, 0.3)


def test_a_host_can_be_silent_to_some(switch: Switch, client: Client) -> None:
    silent = host(switch, "alpha", ALPHA, str(VIRTUAL))
    silent.silent_to = frozenset({client.data.address.ip})
    assert not replies(client, VIRTUAL, ALPHA, 0.3)
    silent.silent_to = frozenset()
    assert replies(client, VIRTUAL, ALPHA, SECONDS)


def test_a_watch_may_ping_somebody_beyond_a_gateway(switch: Switch, client: Client) -> None:
    Client(PlannedClient("router", "lan", ALPHA, IPv4Interface(f"{VIRTUAL}/24"), (FAR,)), switch)
    with client.watch(VIRTUAL, FAR) as watch:
        assert watch.pinged == FAR
        wait_until(lambda: any(probe.replied for probe in watch.probes), Deadline(SECONDS), "an answer")
    assert watch.owners == (ALPHA,)
