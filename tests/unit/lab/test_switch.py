"""The switch learns, floods, loses, delays and writes everything down."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest
from scapy.utils import rdpcap

from firmware.lab.deadline import stretched
from firmware.lab.switch import RING_FRAMES, STALL_SECONDS, ForwardingTable, Quality, Switch

A, B, C = (bytes((2, 0, 0, 0, 0, number)) for number in (1, 2, 3))
EVERYBODY = b"\xff" * 6
VRRP_GROUP = bytes.fromhex("01005e000012")
SECONDS = stretched(10.0)


def frame(target: bytes, source: bytes, payload: bytes = b"payload") -> bytes:
    return target + source + b"\x88\xb5" + payload


class TestForwardingTable:
    PORTS = ("one", "two", "three")

    def test_the_unknown_and_the_group_go_everywhere_but_back(self) -> None:
        table = ForwardingTable()
        for target in (A, EVERYBODY, VRRP_GROUP):
            assert table.destinations(frame(target, B), "two", self.PORTS) == ("one", "three")

    def test_the_known_goes_to_its_port_alone(self) -> None:
        table = ForwardingTable()
        table.learn(frame(EVERYBODY, A), "one")
        assert table.destinations(frame(A, B), "two", self.PORTS) == ("one",)

    def test_a_frame_for_the_side_it_came_from_goes_nowhere(self) -> None:
        table = ForwardingTable()
        table.learn(frame(EVERYBODY, A), "one")
        assert table.destinations(frame(A, C), "one", self.PORTS) == ()

    def test_an_address_that_speaks_elsewhere_has_moved(self) -> None:
        table = ForwardingTable()
        table.learn(frame(EVERYBODY, A), "one")
        table.learn(frame(EVERYBODY, A), "three")
        assert table.destinations(frame(A, B), "two", self.PORTS) == ("three",)

    def test_a_pulled_cable_is_forgotten(self) -> None:
        table = ForwardingTable()
        table.learn(frame(EVERYBODY, A), "one")
        table.learn(frame(EVERYBODY, B), "two")
        table.forget("one")
        assert table.destinations(frame(A, C), "three", self.PORTS) == ("one", "two")
        assert table.destinations(frame(B, C), "three", self.PORTS) == ("two",)

    def test_a_cable_learns_nothing(self) -> None:
        table = ForwardingTable(learns=False)
        table.learn(frame(EVERYBODY, A), "one")
        assert table.destinations(frame(A, B), "one", ("one", "two")) == ("two",), "whoever it is for"

    def test_a_group_is_never_learned_as_a_sender(self) -> None:
        table = ForwardingTable()
        table.learn(frame(A, VRRP_GROUP), "one")
        assert table.destinations(frame(VRRP_GROUP, B), "two", self.PORTS) == ("one", "three")


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    switch = Switch("lan", tmp_path / "lan.pcap")
    yield switch
    switch.close()


@pytest.fixture
def machine(switch: Switch, tmp_path: Path) -> Iterator[socket.socket]:
    """A machine behind a pair of sockets, as a QEMU is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.settimeout(SECONDS)
        end.bind(str(tmp_path / "machine"))
        switch.attach_socket("machine", tmp_path / "switch", tmp_path / "machine")
        yield end


class Host:
    """A host in this process that keeps what it gets."""

    def __init__(self, switch: Switch, port: str) -> None:
        self.inbox: Queue[bytes] = Queue()
        self.send: Callable[[bytes], None] = switch.attach(port, self.inbox.put)

    def receives(self) -> bytes:
        return self.inbox.get(timeout=SECONDS)

    def has_nothing(self) -> bool:
        try:
            return not self.inbox.get_nowait()
        except Empty:
            return True


def test_hosts_hear_each_other_and_nobody_overhears(switch: Switch) -> None:
    one, two, three = (Host(switch, name) for name in ("one", "two", "three"))
    one.send(frame(EVERYBODY, A))
    assert two.receives() == three.receives() == frame(EVERYBODY, A)
    two.send(frame(A, B))
    assert one.receives() == frame(A, B)
    one.send(frame(EVERYBODY, A, b"end"))
    assert three.receives() == frame(EVERYBODY, A, b"end"), "the answer to one was not for three"


def test_a_machine_behind_sockets_is_a_port_like_any_other(
    switch: Switch, machine: socket.socket, tmp_path: Path
) -> None:
    host = Host(switch, "host")
    with machine:
        host.send(frame(EVERYBODY, A))
        assert machine.recv(2000) == frame(EVERYBODY, A)
        machine.sendto(frame(A, B), str(tmp_path / "switch"))
        assert host.receives() == frame(A, B)
    host.send(frame(EVERYBODY, A, b"to nobody"))
    host.send(frame(EVERYBODY, A, b"and still alive"))
    assert switch.port_names == ("machine", "host")


def test_a_burst_to_a_slow_machine_keeps_its_order(switch: Switch, machine: socket.socket) -> None:
    host = Host(switch, "host")
    frames = [frame(EVERYBODY, A, bytes((number,))) for number in range(40)]
    for sent in frames:
        host.send(sent)
    assert [machine.recv(2000) for _ in frames] == frames, "more than the kernel queues at once"


def test_a_machine_that_stands_still_for_a_moment_loses_nothing_and_it_is_noted(
    switch: Switch, machine: socket.socket
) -> None:
    """Its socket holds a dozen frames; a real card has a ring."""
    host = Host(switch, "host")
    frames = [frame(EVERYBODY, A, number.to_bytes(2, "big")) for number in range(RING_FRAMES // 2)]
    for sent in frames:
        host.send(sent)
    time.sleep(4 * STALL_SECONDS)
    assert [machine.recv(2000) for _ in frames] == frames
    (stall,) = switch.stalls
    assert (stall.port, stall.lost) == ("machine", 0)
    assert stall.seconds >= STALL_SECONDS


def test_a_machine_that_stands_still_for_good_keeps_no_more_than_its_ring(
    switch: Switch, machine: socket.socket
) -> None:
    one, two = Host(switch, "one"), Host(switch, "two")
    for number in range(2 * RING_FRAMES):
        one.send(frame(EVERYBODY, A, number.to_bytes(2, "big")))
    for number in range(2 * RING_FRAMES):
        assert two.receives() == frame(EVERYBODY, A, number.to_bytes(2, "big")), "others hear all"
    kept = 0
    machine.settimeout(stretched(1))
    with contextlib.suppress(TimeoutError):
        while machine.recv(2000):
            kept += 1
    assert RING_FRAMES <= kept <= RING_FRAMES + 100, "and what the socket holds itself"


def test_a_port_can_lose_everything_and_recover(switch: Switch) -> None:
    one, two, three = (Host(switch, name) for name in ("one", "two", "three"))
    switch.set_quality("two", Quality(loss=1.0))
    one.send(frame(EVERYBODY, A))
    assert three.receives() == frame(EVERYBODY, A)
    assert two.has_nothing()
    switch.set_quality("two", Quality())
    one.send(frame(EVERYBODY, A, b"again"))
    assert two.receives() == frame(EVERYBODY, A, b"again")


def test_a_port_can_be_slow(switch: Switch) -> None:
    one, two = Host(switch, "one"), Host(switch, "two")
    switch.set_quality("two", Quality(delay=0.05))
    started = time.monotonic()
    one.send(frame(EVERYBODY, A))
    two.receives()
    assert time.monotonic() - started >= 0.05


def test_every_frame_is_in_the_capture(tmp_path: Path) -> None:
    switch = Switch("lan", tmp_path / "lan.pcap")
    one, two = Host(switch, "one"), Host(switch, "two")
    one.send(frame(EVERYBODY, A))
    two.receives()
    switch.close()
    assert [bytes(packet) for packet in rdpcap(str(tmp_path / "lan.pcap"))] == [frame(EVERYBODY, A)]


def test_a_runt_is_dropped(switch: Switch) -> None:
    one, two = Host(switch, "one"), Host(switch, "two")
    one.send(b"short")
    one.send(frame(EVERYBODY, A))
    assert two.receives() == frame(EVERYBODY, A)


@pytest.mark.parametrize("listener", [False, True], ids=["switched-off", "standing-still"])
def test_a_cable_takes_every_frame_whoever_is_at_its_other_end(tmp_path: Path, listener: bool) -> None:
    """A QEMU that cannot send waits for good, and its guest resets the card."""
    cable = Switch("hotwire", tmp_path / "hotwire.pcap", learns=False)
    with contextlib.closing(cable), contextlib.ExitStack() as ends:
        for name in ("alpha", "beta"):
            cable.attach_socket(name, tmp_path / f"switch.{name}", tmp_path / name)
        alpha = ends.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        alpha.settimeout(SECONDS)
        if listener:
            beta = ends.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            beta.bind(str(tmp_path / "beta"))
        for number in range(3 * RING_FRAMES):
            alpha.sendto(frame(B, A, number.to_bytes(2, "big")), str(tmp_path / "switch.alpha"))
    assert len(rdpcap(str(tmp_path / "hotwire.pcap"))) == 3 * RING_FRAMES
