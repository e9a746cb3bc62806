"""Flap damping: a node that switches again and again is moved by better health alone, for a while."""

from dataclasses import replace

import pytest

from hadaemon.cluster import NodeState, PeerReport, Remember, ResumeRequested, SwitchRequested
from hadaemon.cluster.damping import Damping
from hadaemon.cluster.election import SWITCH_PATIENCE, TIE_PATIENCE
from hadaemon.cluster.memory import Memory
from hadaemon.cluster.phases import LINGER
from hadaemon.config.model import ElectionConfig
from tests.unit.cluster.pair import ALPHA, BETA, GAMMA, Driver, own_address
from tests.unit.cluster.test_transitions import PEER


def flapping(switches: int, name: str = BETA) -> Driver:
    """The rival comes and goes."""
    driver = Driver(name, flap_switches=switches, flap_window=600.0)
    for _ in range(20):
        driver.become_active()
        driver.hear(254, after=0.5, source=own_address(GAMMA, "lan"))
        if driver.node.status(driver.now).suspended:
            break
    return driver


def test_too_many_switches_suspend_the_node_and_it_says_so():
    driver = flapping(4)
    status = driver.node.status(driver.now)
    assert status.suspended == (
        "suspended after 4 switches in 10 minutes: preference moves nothing until there was none for "
        "10 minutes, or until `hactl resume`"
    )
    assert status.problems[0].text == f"this node is {status.suspended}"
    assert Remember(Memory(suspended=True)) in driver.last


def test_switches_count_on_when_the_configuration_is_read_again():
    config = ElectionConfig(flap_switches=3)
    before, after = Damping(config), Damping(config)
    assert [before.note_switch(now) for now in (0.0, 1.0)] == [False, False]
    after.go_on(before)
    assert after.note_switch(2.0)


def test_a_suspended_backup_leaves_an_equally_healthy_node_active_and_replaces_a_dead_one():
    driver = flapping(4, ALPHA)
    for _ in range(20):
        driver.hear(253, after=1.0)
    assert driver.node.state is NodeState.BACKUP, "preference moves nothing"
    driver.run(5)
    assert driver.node.state is NodeState.ACTIVE


def test_a_suspended_backup_takes_over_from_a_less_healthy_node():
    driver = flapping(4)
    for _ in range(5):
        driver.hear(254 - 8, after=1.0)
    assert driver.node.state is NodeState.ACTIVE


@pytest.mark.parametrize("suspended", [True, False])
def test_a_suspended_active_keeps_what_a_preferred_peer_asks_for(suspended):
    driver = Driver(BETA, witness=True, memory=Memory(suspended=suspended)).become_active()
    driver.do(PeerReport(replace(PEER, name=ALPHA, preferred=True, claims=True)), after=0.5)
    assert driver.node.as_peer().releasing is not suspended


def test_a_suspended_active_hands_over_to_a_healthier_peer():
    driver = Driver(ALPHA, witness=True, memory=Memory(suspended=True)).become_active()
    driver.do(PeerReport(PEER))
    driver.link("lan", carrier=False)
    driver.run(SWITCH_PATIENCE)
    assert driver.node.as_peer().releasing


def test_a_suspension_ends_by_itself_when_nothing_has_switched_for_as_long_as_they_count():
    driver = flapping(4)
    for _ in range(599):
        driver.hear(254, after=1.0)
    assert driver.memory.suspended
    driver.hear(254, after=1.0)
    assert not driver.memory.suspended
    assert driver.node.status(driver.now).suspended is None
    assert driver.node.next_deadline > driver.now, "it is over for good"


def test_a_suspension_that_a_reboot_found_ends_by_itself_too():
    driver = Driver(BETA, memory=Memory(suspended=True), flap_switches=4, flap_window=60.0)
    for _ in range(61):
        driver.hear(254, after=1.0)
    assert not driver.memory.suspended


def test_a_suspension_begins_anew_with_each_switch():
    driver = Driver(BETA, memory=Memory(suspended=True), flap_switches=4, flap_window=60.0)
    driver.become_active()
    for _ in range(60):
        driver.hear(254, after=1.0)
    assert driver.memory.suspended
    driver.hear(254, after=1.0)
    assert not driver.memory.suspended


def test_a_foreign_router_suspends_nobody():
    """Of two nodes neither is the address owner: 255 is none of theirs."""
    driver = Driver(ALPHA, flap_switches=3, flap_window=600.0).become_active()
    for _ in range(10):
        driver.hear(255, after=0.5)
        assert driver.node.state is NodeState.BACKUP
        driver.become_active()
    assert not driver.memory.suspended


def test_a_router_that_the_hotwire_contradicts_suspends_nobody():
    driver = Driver(ALPHA, witness=True, flap_switches=3, flap_window=600.0)
    driver.do(PeerReport(PEER))
    driver.become_active()
    for _ in range(10):
        driver.hear(254, after=0.5, source=own_address(GAMMA, "lan"))
        driver.run(TIE_PATIENCE)
        assert driver.node.state is NodeState.BACKUP
        driver.become_active()
    assert not driver.memory.suspended


def test_a_switch_that_the_peer_confirms_counts_although_its_advertisement_came_first():
    driver = Driver(BETA, witness=True, flap_switches=2, flap_window=600.0)
    peer = replace(PEER, name=ALPHA, preferred=True)
    driver.do(PeerReport(peer))
    driver.become_active()
    driver.hear(254, after=0.5)
    assert not driver.memory.suspended
    driver.do(PeerReport(replace(peer, state=NodeState.ACTIVE)))
    assert driver.memory.suspended


def test_the_peer_confirms_a_switch_once_however_often_it_says_so():
    driver = Driver(BETA, witness=True, flap_switches=3, flap_window=600.0)
    peer = replace(PEER, name=ALPHA, preferred=True)
    driver.do(PeerReport(peer))
    driver.become_active()
    driver.hear(254, after=0.5)
    for _ in range(5):
        driver.do(PeerReport(replace(peer, state=NodeState.ACTIVE)), after=0.1)
    assert not driver.memory.suspended, "two switches"


def test_resume_ends_it_and_counts_anew():
    driver = flapping(4)
    driver.do(ResumeRequested())
    assert driver.node.status(driver.now).suspended is None
    assert Remember(Memory()) in driver.last
    for _ in range(3):
        driver.become_active()
        driver.hear(254, after=0.5)
        if driver.node.status(driver.now).suspended:
            break
    assert driver.node.status(driver.now).suspended, "four more"


def test_resume_counts_anew_also_before_there_is_a_suspension():
    driver = Driver(BETA, flap_switches=4, flap_window=600.0)
    for _ in range(3):
        driver.become_active()
        driver.hear(254, after=0.5)
        assert driver.node.status(driver.now).suspended is None
        driver.do(ResumeRequested())


def test_switches_that_are_far_apart_do_not_suspend():
    driver = Driver(BETA, flap_switches=4, flap_window=60.0)
    for _ in range(20):
        driver.become_active()
        driver.hear(254, after=0.5)
        for _ in range(60):
            driver.hear(254, after=1.0)
    assert driver.node.status(driver.now).suspended is None


def test_zero_switches_mean_never():
    assert flapping(0).node.status(0.0).suspended is None


def switch_three_times(driver: Driver) -> None:
    """Until it is active; nobody asked for any of them."""
    driver.become_active()
    driver.hear(254, after=0.5, source=own_address(GAMMA, "lan"))
    driver.become_active()


def test_a_planned_switch_from_this_node_begins_the_count_anew():
    driver = Driver(BETA, flap_switches=4, flap_window=600.0)
    switch_three_times(driver)
    driver.do(SwitchRequested(), after=0.5)
    driver.hear(254, after=0.02)
    assert driver.node.state is NodeState.BACKUP
    driver.run(LINGER)
    switch_three_times(driver)
    assert not driver.memory.suspended


def test_a_planned_switch_to_this_node_begins_the_count_anew():
    driver = Driver(ALPHA, preempt=False, flap_switches=5, flap_window=600.0)
    rival = own_address(GAMMA, "lan")
    switch_three_times(driver)
    driver.hear(254, after=0.5, source=rival)
    driver.hear(253, after=0.5)
    driver.do(SwitchRequested())
    assert driver.node.state is NodeState.ACTIVE
    driver.hear(254, after=0.5, source=rival)
    assert driver.node.state is NodeState.BACKUP
    assert not driver.memory.suspended


def test_a_planned_switch_that_only_the_other_node_has_seen_begins_the_count_anew():
    driver = Driver(BETA, witness=True, flap_switches=4, flap_window=600.0)
    rival = own_address(GAMMA, "lan")
    driver.become_active()
    driver.hear(254, after=0.5, source=rival)
    driver.become_active()
    driver.do(PeerReport(replace(PEER, name=ALPHA, preferred=True, switched=True, epoch=1)))
    driver.do(PeerReport(None))
    driver.hear(254, after=0.5, source=rival)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.status(driver.now).suspended is None
