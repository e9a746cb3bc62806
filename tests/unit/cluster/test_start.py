"""What a node that has just started makes of the other one's words: docs/election.md."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import NodeState, PeerReport, PingResult, Tick
from hadaemon.config import PingGroup
from tests.unit.cluster.pair import ALPHA, BETA, Driver
from tests.unit.cluster.test_transitions import PEER


def state_after(peer, driver: Driver | None = None) -> NodeState:
    driver = driver or Driver(ALPHA, witness=True)
    driver.do(PeerReport(peer), after=0.05)
    return driver.node.state


def test_the_peer_is_backup_and_leaves_it_to_this_node():
    driver = Driver(ALPHA, witness=True)
    assert state_after(PEER, driver) is NodeState.ACTIVE
    assert driver.node.status(driver.now).reason == (
        "beta is not active either, as it says over the hotwire: the preferred node begins"
    )


@pytest.mark.parametrize(
    "otherwise",
    [
        {"state": NodeState.ACTIVE},
        {"state": NodeState.FAULT},
        {"deaf": True},
        {"preferred": True},
    ],
    ids=lambda words: next(iter(words)),
)
def test_it_does_not_where_the_peer_says_something_else(otherwise):
    assert state_after(replace(PEER, **otherwise)) is NodeState.BACKUP


def test_a_node_that_is_not_preferred_listens():
    assert state_after(replace(PEER, name=ALPHA), Driver(BETA, witness=True)) is NodeState.BACKUP
    neither = Driver(ALPHA, witness=True, master="neither")
    assert state_after(PEER, neither) is NodeState.BACKUP


def test_a_lost_link_is_waited_for():
    driver = Driver(ALPHA, witness=True)
    driver.link("wan", carrier=False)
    assert state_after(replace(PEER, links_down=1), driver) is NodeState.BACKUP
    driver = Driver(ALPHA, witness=True)
    assert state_after(replace(PEER, links_down=1), driver) is NodeState.ACTIVE


def test_a_failed_ping_group_is_worse_than_none():
    host = IPv4Address("192.0.2.100")
    group = PingGroup("gateways", (host,))
    driver = Driver(ALPHA, witness=True, ping_groups=(group,))
    for _ in range(group.failures):
        driver.do(PingResult(group.name, host, answered=False))
    assert state_after(PEER, driver) is NodeState.BACKUP
    assert state_after(replace(PEER, failed_groups=1), driver) is NodeState.ACTIVE


def test_who_has_heard_somebody_active_listens_to_the_end():
    driver = Driver(ALPHA, witness=True)
    driver.hear(254, "lan")
    driver.hear(0, "lan", after=0.05)
    assert state_after(PEER, driver) is NodeState.BACKUP


def test_what_was_said_before_a_node_stood_still_is_worth_nothing():
    """The other node may have become active meanwhile: its old words lie in the socket."""
    driver = Driver(ALPHA, witness=True)
    driver.now += 8.0
    driver.do(Tick())
    assert state_after(PEER, driver) is NodeState.BACKUP
