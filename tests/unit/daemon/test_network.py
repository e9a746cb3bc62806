"""Netlink messages that were lost: when the list is made again, and that a regular look finds the rest."""

import errno
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pyroute2.netlink.rtnl import RTM_NEWLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from hadaemon.daemon.ports import network
from hadaemon.daemon.ports.network import Network
from hadaemon.io.kernel import netlink
from hadaemon.io.kernel.links import Fact, Link, LinkState
from hadaemon.io.kernel.netlink import Netlink, Overrun

LINK = Link(3, "lan", "52:54:00:48:0a:01", "", "veth", carrier=True)
FULL = OSError(errno.ENOBUFS, "No buffer space available")


def message(carrier: bool) -> bytes:
    """What the kernel tells of the link."""
    told = ifinfmsg()
    told["index"], told["flags"] = LINK.index, 0x10001 if carrier else 1
    told["attrs"] = [("IFLA_IFNAME", "lan"), ("IFLA_ADDRESS", LINK.mac)]
    told["header"]["type"] = RTM_NEWLINK
    told.encode()
    return bytes(told.data)


class Socket:
    """Hands out what it was given, then says that there is nothing more."""

    def __init__(self) -> None:
        self.waiting: list[bytes | OSError] = []
        self.sizes: list[int] = []

    def recv(self, size: int) -> bytes:
        if not self.waiting:
            raise BlockingIOError
        found = self.waiting.pop(0)
        if isinstance(found, OSError):
            raise found
        return found

    def setsockopt(self, level: int, option: int, value: int) -> None:
        if option == netlink._SO_RCVBUFFORCE:
            raise PermissionError
        self.sizes.append(value)


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Socket:
    made = Socket()
    monkeypatch.setattr(netlink, "_open", lambda groups: made)
    monkeypatch.setattr(netlink, "NetlinkSocket", lambda part: made)
    return made


def test_lost_messages_are_told_once_all_that_is_older_is_read(monitor: Socket) -> None:
    subject = Netlink()
    monitor.waiting = [message(carrier=False), FULL, message(carrier=False), message(carrier=False)]
    with pytest.raises(Overrun):
        subject.changes()
    assert monitor.waiting == [], "the stale ones would be applied over the list"
    monitor.waiting = [message(carrier=True)]
    assert [fact.carrier for fact in subject.changes() if isinstance(fact, Link)] == [True]


def test_a_monitor_without_privileges_has_the_room_that_anybody_gets(monitor: Socket) -> None:
    Netlink()
    assert monitor.sizes == [netlink._MONITOR_BUFFER]


def test_the_state_of_a_link_is_in_the_fixed_part_of_a_message() -> None:
    for carrier in (False, True):
        assert netlink._link_state(message(carrier)) == (LINK.index, LinkState(True, carrier))


class Kernel:
    """Stands for `Netlink`: it tells nothing of what changes."""

    def __init__(self) -> None:
        self.link = LINK
        self.lists = 0

    def fileno(self) -> int:
        return -1

    def changes(self) -> list[Fact]:
        return []

    def list_all(self) -> list[Fact]:
        self.lists += 1
        return [self.link]

    def list_states(self) -> dict[int, LinkState]:
        return {self.link.index: LinkState(self.link.up, self.link.carrier)}


class Loop:
    """Nothing runs by itself: a test calls what was asked for."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []
        self.soon: list[Callable[[], None]] = []

    def call_later(self, delay: float, call: Callable[[], None]) -> Any:
        self.later.append(call)
        return SimpleNamespace(cancel=lambda: None)

    def call_soon(self, call: Callable[[], None]) -> None:
        self.soon.append(call)

    def add_reader(self, *_: object) -> None:
        """Nothing comes in."""


def test_a_look_at_all_links_finds_what_nobody_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, loop, told = Kernel(), Loop(), []
    monkeypatch.setattr(network, "Netlink", lambda: kernel)
    monkeypatch.setattr(network, "open_udev", lambda: None)
    monkeypatch.setattr(network, "_open_quiet", lambda: None)
    stand_in: Any = loop
    subject = Network(stand_in, lambda: told.append(None))
    loop.later.pop()()
    assert (kernel.lists, loop.soon) == (1, []), "all is as it was"
    kernel.link = replace(LINK, carrier=False)
    loop.later.pop()()
    assert subject.table.links() == (kernel.link,)
    assert told == []
    loop.soon.pop()()
    assert told == [None]
    assert len(loop.later) == 1, "it looks again"
