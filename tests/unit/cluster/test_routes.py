"""Tracked routes: what is missing on the active node for too long makes it the worse one, once."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from hadaemon.cluster import NodeState, PeerReport, ResumeRequested, RouteChanged
from hadaemon.config import TrackedRoute
from hadaemon.status.node import TrackedRouteStatus
from tests.unit.cluster.pair import ALPHA, BETA, Driver, cluster_config
from tests.unit.cluster.test_transitions import ACTIVE_PEER
from tests.unit.cluster.world import World

DEFAULT = TrackedRoute(IPv4Network("0.0.0.0/0"), "wan", patience=5.0)
OFFICE = TrackedRoute(IPv4Network("10.1.0.0/16"), None, patience=5.0)


def active(*routes: TrackedRoute) -> Driver:
    return Driver(ALPHA, tracked_routes=routes or (DEFAULT,)).become_active()


def priority(driver: Driver) -> int:
    score = driver.node.status(driver.now).score
    assert score is not None
    return score.priority


def test_a_route_that_was_never_told_of_is_not_missing():
    driver = active()
    driver.run(100.0)
    assert priority(driver) == 254
    assert driver.problems == ()


def test_a_route_that_is_missing_for_longer_than_its_patience_is_a_lesser_fault():
    driver = active()
    driver.do(RouteChanged(DEFAULT, False))
    driver.run(4.9)
    assert priority(driver) == 254
    driver.run(0.2)
    assert priority(driver) == 252
    (problem,) = driver.node.status(driver.now).problems
    assert (problem.kind.word, problem.resource) == ("route-missing", "0.0.0.0/0 over wan")
    assert "no route to 0.0.0.0/0 over wan" in problem.text
    assert driver.node.status(driver.now).tracked_routes == (
        TrackedRouteStatus("0.0.0.0/0", "wan", present=False, failed=True),
    )
    assert driver.node.as_peer().failed_groups == 1
    driver.do(RouteChanged(DEFAULT, True))
    assert priority(driver) == 254, "it is back, and counts no more"
    assert driver.problems == ()


def test_a_route_that_comes_in_time_costs_nothing():
    driver = active()
    driver.do(RouteChanged(DEFAULT, False))
    driver.run(4.9)
    driver.do(RouteChanged(DEFAULT, True))
    driver.run(100.0)
    assert priority(driver) == 254


def test_each_route_counts_for_itself():
    driver = active(DEFAULT, OFFICE)
    driver.do(RouteChanged(DEFAULT, False))
    driver.do(RouteChanged(OFFICE, False))
    driver.run(6.0)
    assert priority(driver) == 250


def test_a_backup_is_not_blamed_and_has_its_patience_once_it_is_active():
    driver = Driver(ALPHA, tracked_routes=(DEFAULT,), preempt=False)
    driver.do(RouteChanged(DEFAULT, False))
    for _ in range(20):
        driver.hear(254, after=1.0)
    assert driver.node.state is NodeState.BACKUP
    assert priority(driver) == 254
    driver.run(4.5)
    assert driver.node.state is NodeState.ACTIVE
    assert priority(driver) == 254
    driver.run(5.1)
    assert priority(driver) == 252


def faulty_backup() -> Driver:
    """It has given way to the other node, because its route was missing."""
    driver = Driver(ALPHA, tracked_routes=(DEFAULT,), witness=True)
    driver.run(10.0)
    assert driver.node.state is NodeState.ACTIVE
    driver.do(RouteChanged(DEFAULT, False))
    driver.run(5.1)
    driver.do(PeerReport(ACTIVE_PEER))
    driver.hear(253)
    assert driver.node.state is NodeState.BACKUP
    return driver


def test_a_node_that_gave_way_keeps_the_fault_and_says_what_to_do():
    driver = faulty_backup()
    for _ in range(1000):
        driver.do(PeerReport(ACTIVE_PEER))
        driver.hear(253, after=1.0)
    assert driver.node.state is NodeState.BACKUP, "it is preferred, and would have no route again"
    assert priority(driver) == 252
    (problem,) = (each for each in driver.problems if "route" in each)
    assert "hactl resume" in problem


@pytest.mark.parametrize("event", [RouteChanged(DEFAULT, True), ResumeRequested()])
def test_the_fault_ends_when_the_route_is_seen_or_an_administrator_says_so(event):
    driver = faulty_backup()
    driver.do(event)
    assert priority(driver) == 254
    assert not [each for each in driver.problems if "route" in each]


def test_a_route_that_is_not_tracked_does_not_matter():
    driver = active()
    driver.do(RouteChanged(OFFICE, False))
    driver.do(RouteChanged(replace(DEFAULT, port=None), False))
    driver.run(100.0)
    assert priority(driver) == 254


def test_a_configuration_that_is_read_again_knows_what_was_missing():
    before = active()
    before.do(RouteChanged(DEFAULT, False))
    before.run(6.0)
    after = Driver(ALPHA, before=before, tracked_routes=(DEFAULT, OFFICE))
    assert priority(after) == 252
    assert priority(Driver(ALPHA, before=before, tracked_routes=(OFFICE,))) == 254


def pair(preempt: bool = True) -> World:
    world = World(cluster_config(witness=True, preempt=preempt, tracked_routes=(DEFAULT,)), seed=1)
    for name in (ALPHA, BETA):
        world.boot(name)
    world.run(60.0)
    assert world.answering() == [ALPHA]
    return world


@pytest.mark.parametrize("preempt", [True, False])
def test_the_pair_moves_once_to_the_node_that_has_the_route(preempt):
    world = pair(preempt)
    world.route(ALPHA, present=False)
    world.run(20.0)
    assert world.answering() == [BETA]
    quiet_from = world.now
    world.run(3600.0)
    assert world.changes_since(quiet_from) == []


def test_where_neither_has_the_route_the_pair_stays_with_the_preferred_one():
    world = pair()
    world.route(ALPHA, present=False)
    world.route(BETA, present=False)
    world.run(60.0)
    assert world.answering() == [ALPHA]
    quiet_from = world.now
    world.run(3600.0)
    assert world.changes_since(quiet_from) == [], "they do not take turns"
