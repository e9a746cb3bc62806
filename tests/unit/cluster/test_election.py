"""When a peer counts as dead whose hotwire has lost its link: one missed advertisement is enough."""

from types import SimpleNamespace
from typing import cast

import pytest

from hadaemon.cluster.election import UNDER_WAY, death_time
from hadaemon.cluster.watched_port import Heard, WatchedPort
from hadaemon.vrrp import Advertisement, Centiseconds, Priority, Vrid
from tests.unit.cluster.pair import BETA, own_address, virtual_address


def port(at: float, interval: int = 100, priority: int = 254, up: bool = True) -> WatchedPort:
    """One on which the peer was heard last at that time."""
    named = Centiseconds(interval)
    advertisement = Advertisement(Vrid(51), Priority(priority), named, (virtual_address("lan").ip,))
    heard = Heard(own_address(BETA, "lan"), advertisement, at, named)
    return cast(WatchedPort, SimpleNamespace(heard=heard, is_up=up))


SILENT = cast(WatchedPort, SimpleNamespace(heard=None, is_up=True))


@pytest.mark.parametrize(
    "ports, expected",
    [
        ((port(99.5),), 100.52),
        ((port(99.99, interval=2),), 100.02),
        ((port(99.5), SILENT, port(99.75)), 100.77),
        ((port(90.0),), 100.0 + UNDER_WAY),
        ((port(100.0 + UNDER_WAY),), 101.02 + UNDER_WAY),
        ((port(99.9, interval=500), port(99.5)), 100.52),
        ((port(99.9, interval=500), port(99.5, up=False)), 104.92),
        ((port(99.9, interval=500), port(96.0)), 104.92),
        ((port(99.9, up=False),), 100.92),
        ((port(99.9, interval=500, up=False), port(99.5, up=False)), 100.52),
    ],
    ids=[
        "a second",
        "so short that it may be half as late",
        "the last of all",
        "missed long ago",
        "under way",
        "the shortest interval counts",
        "not over a link that is down",
        "not if it was missed before",
        "nothing else was heard",
        "no link is up",
    ],
)
def test_one_advertisement_is_missed_when_it_is_later_than_it_may_be(
    ports: tuple[WatchedPort, ...], expected: float
):
    assert death_time(ports, cut_at=100.0) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "ports",
    [(), (SILENT,), (port(99.5, priority=0),), (port(99.5), port(100.1)), (port(100.006),)],
    ids=["no port", "nobody was heard", "it let go", "it spoke after that", "6 ms after that"],
)
def test_only_the_cable_was_pulled_or_nobody_was_active(ports: tuple[WatchedPort, ...]):
    assert death_time(ports, cut_at=100.0) is None
