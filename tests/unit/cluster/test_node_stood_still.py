"""A node that stood still: what it believes may be over, so it listens before it acts."""

import pytest

from hadaemon.cluster import (
    GuardActed,
    HotwireChanged,
    NodeState,
    StateChanged,
    Tick,
)
from hadaemon.cluster.election import UNDER_WAY
from tests.unit.cluster.pair import ALPHA, BETA, Driver
from tests.unit.cluster.test_node import ALL, DOWN_OF_MASTER, DOWN_OF_SPARE, MASTER, NOTHING


def test_an_active_that_overslept_lets_go_and_says_nothing():
    driver = Driver(ALPHA).become_active()
    driver.do(Tick(), after=3.5)
    assert driver.sent() == []
    assert driver.addresses() == NOTHING
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.next_deadline == pytest.approx(driver.now + DOWN_OF_MASTER)


def test_an_active_that_is_late_but_cannot_have_been_replaced_goes_on():
    driver = Driver(ALPHA)
    driver.do(Tick(), after=DOWN_OF_MASTER)
    driver.do(Tick(), after=2.9)
    assert driver.sent() == [MASTER, MASTER]
    assert driver.node.state is NodeState.ACTIVE


def test_a_backup_that_overslept_reads_what_has_come_in_before_it_takes_over():
    driver = Driver(BETA)
    driver.do(Tick(), after=DOWN_OF_SPARE + 1.1)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.next_deadline == pytest.approx(driver.now + DOWN_OF_SPARE)


def test_a_node_that_stood_still_listens_although_the_hotwire_had_lost_its_link_before():
    driver = Driver(BETA, witness=True)
    driver.do(HotwireChanged(True))
    for port in driver.ports:
        driver.hear(MASTER, port)
    driver.do(HotwireChanged(False))
    driver.run(2.0)
    assert driver.node.state is NodeState.ACTIVE, "one advertisement missed was enough"
    driver.do(Tick(), after=3.5)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.next_deadline == pytest.approx(driver.now + DOWN_OF_SPARE)


def test_an_advertisement_may_be_on_its_way_when_the_hotwire_loses_its_link():
    """One was due half a second before: the link's loss says what that means, after another moment."""
    driver = Driver(BETA, witness=True)
    driver.do(HotwireChanged(True))
    for port in driver.ports:
        driver.hear(MASTER, port)
    driver.do(HotwireChanged(False), after=1.5)
    driver.run(0.9 * UNDER_WAY)
    assert driver.node.state is NodeState.BACKUP
    driver.run(0.2 * UNDER_WAY)
    assert driver.node.state is NodeState.ACTIVE


def test_a_backup_that_missed_an_interval_of_the_active_node_listens_again_although_its_own_is_longer():
    driver = Driver(BETA, interval=500)
    for port in driver.ports:
        driver.hear(MASTER, port, interval=30)
    driver.do(Tick(), after=3 * 0.3 + 0.8)
    assert driver.node.state is NodeState.BACKUP


def test_an_owner_that_stood_still_is_active_at_once_and_sets_its_addresses_again():
    """Its guard has taken them away, though it never ceased to want them."""
    driver = Driver(ALPHA, priorities={ALPHA: 255, BETA: 100}).become_active()
    driver.do(Tick(), after=3.5)
    assert driver.node.state is NodeState.ACTIVE
    assert driver.addresses() == ALL


def test_what_the_guard_did_is_noticed_by_a_node_that_thinks_it_is_in_time():
    driver = Driver(ALPHA).become_active()
    driver.do(GuardActed(), after=0.5)
    assert driver.node.state is NodeState.BACKUP
    assert driver.addresses() == NOTHING


def test_a_node_that_woke_by_itself_is_not_woken_again_by_its_guard():
    driver = Driver(ALPHA, priorities={ALPHA: 255, BETA: 100}).become_active()
    driver.do(Tick(), after=3.5)
    driver.do(GuardActed(), after=0.01)
    assert driver.node.state is NodeState.ACTIVE
    assert driver.addresses() == ALL, "asked for again"
    assert not any(isinstance(action, StateChanged) for action in driver.last)
