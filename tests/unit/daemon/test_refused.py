"""What the filter refuses is counted by its reason, and a flood of it is looked at now and then only."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any

from hadaemon.daemon.ports.refused import LOOKED_AT, PAUSE, Refused
from hadaemon.io.packets.vrrp_socket import Packet
from hadaemon.vrrp import IPV4_GROUP, Admission, DiscardReason, IPAddress, Version, Vrid

SENDER, OWN = IPv4Address("192.0.2.3"), IPv4Address("192.0.2.2")
ADMISSION = Admission(Version.V3, (Vrid(51),), IPV4_GROUP)


class Socket:
    """Hands out what waits."""

    def __init__(self, waiting: list[Packet]) -> None:
        self.waiting = waiting
        self.closed = False

    def fileno(self) -> int:
        return 7

    def receive(self, count: int) -> Iterator[Packet]:
        for _ in range(count):
            if not self.waiting:
                return
            yield self.waiting.pop(0)

    def close(self) -> None:
        self.closed = True


class Loop:
    """Runs nothing by itself."""

    def __init__(self) -> None:
        self.readers: dict[int, Callable[[], None]] = {}
        self.later: list[tuple[float, Callable[[], None]]] = []

    def add_reader(self, descriptor: int, call: Callable[[], None]) -> None:
        self.readers[descriptor] = call

    def remove_reader(self, descriptor: int) -> None:
        self.readers.pop(descriptor, None)

    def call_later(self, delay: float, call: Callable[[], None]) -> Any:
        self.later.append((delay, call))
        return SimpleNamespace(cancel=self.later.clear)


def packet(message: bytes, ttl: int = 255, to: IPAddress = IPV4_GROUP) -> Packet:
    return Packet(message, SENDER, to, ttl)


def started(*waiting: Packet) -> tuple[Refused, Socket, Loop, list[tuple[IPAddress, DiscardReason]]]:
    counted: list[tuple[IPAddress, DiscardReason]] = []
    socket, loop = Socket(list(waiting)), Loop()
    stand_in: Any = socket
    stand_in_loop: Any = loop
    subject = Refused(
        stand_in, ADMISSION, stand_in_loop, lambda source, reason: counted.append((source, reason))
    )
    return subject, socket, loop, counted


def test_each_is_counted_for_its_reason_and_what_is_for_somebody_else_is_not():
    _, _, loop, counted = started(
        packet(b"\x31\x33", ttl=64), packet(b"\x21\x33"), packet(b"\x31\x34"), packet(b"\x31\x33", to=OWN)
    )
    loop.readers[7]()
    reasons = (DiscardReason.TTL, DiscardReason.VERSION, DiscardReason.VRID)
    assert counted == [(SENDER, reason) for reason in reasons]


def test_a_flood_is_looked_at_once_in_a_while():
    subject, socket, loop, counted = started(*[packet(b"\x21\x33")] * (3 * LOOKED_AT))
    loop.readers[7]()
    assert len(counted) == LOOKED_AT
    assert loop.readers == {}, "nothing wakes the daemon meanwhile"
    ((delay, listen),) = loop.later
    assert delay == PAUSE
    listen()
    loop.readers[7]()
    assert len(counted) == 2 * LOOKED_AT
    subject.close()
    assert socket.closed
    assert loop.readers == {}
    assert loop.later == []
