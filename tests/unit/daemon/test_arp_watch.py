"""Who answers for a virtual address, in either family, and which of them is foreign."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest

from hadaemon.cluster import NodeState
from hadaemon.daemon.ports import arp_watch
from hadaemon.daemon.ports.arp_watch import ArpWatch, Place, foreign_stations
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.arp_socket import Heard

LINK = Link(index=7, name="eth1", mac="52:54:00:48:0b:01", permanent_mac="", kind="", carrier=True)
ACTIVE, FOREIGN, VIRTUAL = "52:54:00:48:0a:01", "02:00:00:00:00:66", "00:00:5e:00:02:33"
FOUR, SIX = IPv4Address("192.168.12.1"), IPv6Address("2001:db8:12::1")
OWN4, OWN6 = IPv4Address("192.168.12.141"), IPv6Address("fe80::5054:ff:fe48:a01")


class Loop:
    """Runs what is due when it is told to."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []
        self.readers: dict[int, Callable[[], None]] = {}

    def call_later(self, _: float, work: Callable[..., None], *arguments: Any) -> None:
        self.due.append(lambda: work(*arguments))

    def add_reader(self, number: int, work: Callable[..., None], *arguments: Any) -> None:
        self.readers[number] = lambda: work(*arguments)

    def remove_reader(self, number: int) -> None:
        del self.readers[number]

    def step(self) -> None:
        """What is to be read is read first."""
        for read in list(self.readers.values()):
            read()
        due, self.due = self.due, []
        for work in due:
            work()


class Network:
    """Stations and the addresses that they answer for."""

    def __init__(self, *stations: tuple[str, str]) -> None:
        self.stations = [(mac, ip_address(address)) for mac, address in stations]
        self.asked: list[object] = []
        self.open = 0

    def socket(self, *_: object) -> "Socket":
        self.open += 1
        return Socket(self, 100 + self.open)


class Socket:
    def __init__(self, network: Network, number: int) -> None:
        self.network, self.number = network, number
        self.answers: list[Heard] = []

    def fileno(self) -> int:
        return self.number

    def close(self) -> None:
        self.network.open -= 1

    def ask(self, target: Any, *_: object) -> None:
        self.network.asked.append(target)
        self.answers += [Heard(target, mac, True) for mac, its in self.network.stations if its == target]

    def receive(self) -> Iterator[Heard]:
        yield from self.answers
        self.answers.clear()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, ...]]:
    def look(network: Network, place: Place) -> tuple[str, ...]:
        monkeypatch.setattr(arp_watch, "ArpSocket", network.socket)
        monkeypatch.setattr(arp_watch, "NeighbourSocket", network.socket)
        loop: Any = Loop()
        watch = ArpWatch(lambda: iter([place]), lambda: NodeState.BACKUP, loop)
        watch.start()
        for _ in range(3):
            loop.step()
        assert network.open == 0
        assert loop.readers == {}
        return tuple(each.text for each in watch.problems)

    return look


def place(active: IPv4Address | None = None, active6: IPv6Address | None = None) -> Place:
    return Place("lan", LINK, None, (FOUR,), active, (), (SIX,), active6)


RIGHT = ((ACTIVE, str(FOUR)), (ACTIVE, str(SIX)), (ACTIVE, str(OWN4)), (ACTIVE, str(OWN6)))


@pytest.mark.parametrize("address", [FOUR, SIX])
@pytest.mark.parametrize("known", [{"active": OWN4}, {"active6": OWN6}, {}])
def test_a_foreign_station_is_told_whatever_is_known_of_the_active_node(found, address, known):
    network = Network(*RIGHT, (FOREIGN, str(address)))
    (problem,) = found(network, place(**known))
    assert f"{FOREIGN}" in problem
    assert f"answers for the virtual address {address} too" in problem
    assert (ACTIVE in problem) is (known == {})


@pytest.mark.parametrize("known", [{"active": OWN4}, {"active6": OWN6}, {}])
def test_the_active_node_alone_is_no_problem(found, known):
    network = Network(*RIGHT)
    assert found(network, place(**known)) == ()
    assert set(network.asked) == {FOUR, SIX, *known.values()}


def test_the_virtual_mac_address_is_no_foreign_one(found):
    network = Network((ACTIVE, str(OWN6)), (VIRTUAL, str(SIX)))
    assert found(network, place(active6=OWN6)) == ()


def test_an_active_node_that_does_not_answer_itself_is_the_one_that_may(found):
    """Its source of advertisements needs not be on its interface."""
    assert found(Network((ACTIVE, str(SIX))), place(active6=OWN6)) == ()


def test_a_port_with_ipv6_alone(found):
    only = Place("lan", LINK, None, (), None, (), (SIX,), OWN6)
    network = Network(*RIGHT, (FOREIGN, str(SIX)))
    assert len(found(network, only)) == 1
    assert FOUR not in network.asked


def test_many_addresses_are_asked_for_in_turns(found):
    many = tuple(SIX + number for number in range(20))
    network = Network()
    found(network, Place("lan", LINK, None, (FOUR,), None, (), many, None))
    assert len(network.asked) == 8


@pytest.mark.parametrize(
    "answering, active, foreign",
    [
        ({ACTIVE}, {ACTIVE}, set()),
        ({ACTIVE, FOREIGN}, {ACTIVE}, {FOREIGN}),
        ({FOREIGN}, {ACTIVE}, {FOREIGN}),
        ({FOREIGN}, set(), set()),
        ({ACTIVE, FOREIGN}, set(), {ACTIVE, FOREIGN}),
        ({VIRTUAL}, {ACTIVE}, set()),
        ({VIRTUAL, FOREIGN}, set(), {FOREIGN}),
    ],
)
def test_who_is_foreign(answering: set[str], active: set[str], foreign: set[str]) -> None:
    assert foreign_stations(answering, active) == foreign
