"""A ping group that counts on the active node alone: no backup is blamed; who gave way keeps the fault."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import NodeState, PeerReport, PingResult, ResumeRequested, Start
from hadaemon.config import CountsOn, PingGroup
from hadaemon.status.node import PingGroupStatus
from tests.unit.cluster.pair import ALPHA, BETA, Driver, cluster_config
from tests.unit.cluster.test_routes import ACTIVE_PEER, priority
from tests.unit.cluster.world import World

HOSTS = IPv4Address("9.9.9.9"), IPv4Address("1.1.1.1")
INTERNET = PingGroup("internet", HOSTS, failures=3, recoveries=2, counts_on=CountsOn.ACTIVE)


def ask(driver: Driver, times: int, answered: bool = False, group: PingGroup = INTERNET) -> None:
    for _ in range(times):
        for host in group.hosts:
            driver.do(PingResult(group.name, host, answered))


def active(group: PingGroup = INTERNET) -> Driver:
    return Driver(ALPHA, ping_groups=(group,)).become_active()


def read_again(before: Driver, group: PingGroup) -> Driver:
    """An active node stays active."""
    after = Driver(ALPHA, before=before, start=False, ping_groups=(group,))
    for port in after.ports:
        after.link(port)
    after.do(Start(before.node.state is NodeState.ACTIVE))
    assert after.node.state is before.node.state
    after.run(0.01)
    return after


def status(driver: Driver) -> PingGroupStatus:
    (found,) = driver.node.status(driver.now).ping_groups
    return found


def ping_problems(driver: Driver) -> list[str]:
    return [each for each in driver.problems if "ping group" in each]


def test_an_active_node_is_blamed_at_once_when_no_host_answers():
    driver = active()
    ask(driver, 2)
    assert priority(driver) == 254
    ask(driver, 1)
    assert priority(driver) == 252
    assert status(driver) == PingGroupStatus("internet", True, ("9.9.9.9", "1.1.1.1"))
    (problem,) = ping_problems(driver)
    assert problem.endswith("9.9.9.9, 1.1.1.1 do not answer")
    ask(driver, 2, answered=True)
    assert priority(driver) == 254


def test_one_host_that_answers_is_enough():
    driver = active()
    for _ in range(9):
        driver.do(PingResult("internet", HOSTS[0], False))
        driver.do(PingResult("internet", HOSTS[1], True))
    assert priority(driver) == 254


def test_a_backup_is_not_blamed_and_asks_anew_once_it_is_active():
    driver = Driver(ALPHA, ping_groups=(INTERNET,), preempt=False)
    for _ in range(20):
        driver.hear(254, after=1.0)
        ask(driver, 1)
    assert driver.node.state is NodeState.BACKUP
    assert priority(driver) == 254
    assert status(driver) == PingGroupStatus("internet", False, ("9.9.9.9", "1.1.1.1"))
    assert ping_problems(driver) == []
    driver.run(4.5)
    assert driver.node.state is NodeState.ACTIVE
    assert status(driver) == PingGroupStatus("internet", False, ())
    ask(driver, 2)
    assert priority(driver) == 254
    ask(driver, 1)
    assert priority(driver) == 252


def faulty_backup() -> Driver:
    """It has given way to the other node, because no host answered it."""
    driver = Driver(ALPHA, ping_groups=(INTERNET,), witness=True)
    driver.run(10.0)
    ask(driver, 3)
    driver.do(PeerReport(ACTIVE_PEER))
    driver.hear(253)
    assert driver.node.state is NodeState.BACKUP
    return driver


def test_a_node_that_gave_way_keeps_the_fault_and_says_what_to_do():
    driver = faulty_backup()
    for _ in range(200):
        driver.do(PeerReport(ACTIVE_PEER))
        driver.hear(253, after=1.0)
        ask(driver, 1)
    assert driver.node.state is NodeState.BACKUP
    assert priority(driver) == 252
    (problem,) = ping_problems(driver)
    assert "when this node was active" in problem
    assert "hactl resume" in problem


def test_the_fault_ends_when_a_host_answers_or_an_administrator_says_so():
    driver = faulty_backup()
    ask(driver, 2, answered=True)
    assert priority(driver) == 254
    driver = faulty_backup()
    driver.do(ResumeRequested())
    assert priority(driver) == 254
    ask(driver, 3)
    assert priority(driver) == 254, "it is backup, and does not try"


def test_an_active_node_is_not_forgiven_what_it_lacks():
    driver = active()
    ask(driver, 3)
    driver.do(ResumeRequested())
    assert priority(driver) == 252


def test_a_faulty_node_that_must_take_over_keeps_the_fault_until_a_host_answers():
    driver = faulty_backup()
    driver.do(PeerReport(None))
    driver.run(10.0)
    assert driver.node.state is NodeState.ACTIVE
    assert priority(driver) == 252
    ask(driver, 2, answered=True)
    assert priority(driver) == 254


def test_a_configuration_that_is_read_again_knows_what_did_not_answer():
    before = active()
    ask(before, 3)
    assert priority(read_again(before, INTERNET)) == 252
    assert priority(read_again(faulty_backup(), INTERNET)) == 252
    assert priority(read_again(before, replace(INTERNET, hosts=(IPv4Address("8.8.8.8"),)))) == 254
    half = active()
    ask(half, 2)
    after = read_again(half, INTERNET)
    ask(after, 1)
    assert priority(after) == 252, "it was active all the time, and does not begin to count anew"


def test_what_a_backup_counted_before_it_was_active_does_not_count():
    driver = Driver(ALPHA, ping_groups=(INTERNET,), preempt=False)
    driver.hear(254)
    ask(driver, 2)
    driver.run(4.5)
    assert driver.node.state is NodeState.ACTIVE
    ask(driver, 1)
    assert priority(driver) == 254


@pytest.mark.parametrize("now", CountsOn)
def test_whom_a_group_counts_on_may_change_while_it_fails(now: CountsOn):
    was = CountsOn.ACTIVE if now is CountsOn.BOTH else CountsOn.BOTH
    before = active(replace(INTERNET, counts_on=was))
    ask(before, 3)
    assert priority(read_again(before, replace(INTERNET, counts_on=now))) == 252


def pair(preempt: bool) -> World:
    world = World(cluster_config(witness=True, preempt=preempt, ping_groups=(INTERNET,)), seed=1)
    for name in (ALPHA, BETA):
        world.boot(name)
    world.run(60.0)
    assert world.answering() == [ALPHA], "the spare reaches nothing, and stands by all the same"
    return world


@pytest.mark.parametrize("preempt", [True, False])
def test_the_pair_moves_once_to_the_node_that_reaches_somebody(preempt):
    world = pair(preempt)
    world.ping(ALPHA, "internet", answered=False)
    world.run(20.0)
    assert world.answering() == [BETA]
    quiet_from = world.now
    world.run(3600.0)
    assert world.changes_since(quiet_from) == []


def test_where_neither_reaches_anybody_the_pair_stays_with_the_preferred_one():
    world = pair(preempt=True)
    for name in (ALPHA, BETA):
        world.ping(name, "internet", answered=False)
    world.run(60.0)
    assert world.answering() == [ALPHA]
    quiet_from = world.now
    world.run(3600.0)
    assert world.changes_since(quiet_from) == [], "they do not take turns"
