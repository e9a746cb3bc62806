"""A node and its ports: missing, vanished, without an address, or with another one."""

from hadaemon.cluster import (
    Announce,
    NodeState,
    Start,
)
from hadaemon.cluster.watched_port import ADDRESS_PATIENCE
from tests.unit.cluster.pair import ALPHA, Driver, priorities
from tests.unit.cluster.test_node import ALL, MASTER, NOTHING


def test_a_port_that_was_never_there_is_a_lost_link_and_a_problem():
    driver = Driver(ALPHA, start=False)
    driver.link("lan")
    driver.link("wan", present=False)
    driver.do(Start())
    driver.become_active()
    assert driver.sent("lan") == [MASTER - 8]
    (problem,) = driver.problems
    assert problem == (
        "port wan: no network card has its MAC address 52:54:00:00:00:01: correct it in node.toml"
    )
    driver.link("wan")
    assert driver.sent("lan") == [MASTER]
    assert driver.addresses() == {"wan": ALL["wan"]}


def test_a_node_that_has_none_of_its_ports_is_in_fault_and_says_nothing():
    driver = Driver(ALPHA, start=False)
    driver.do(Start())
    driver.run(10)
    assert driver.node.state is NodeState.FAULT
    assert "wan (52:54:00:00:00:01)" in driver.node.status(driver.now).reason
    driver.link("wan")
    assert driver.node.state is NodeState.BACKUP


def test_a_card_that_vanishes_is_a_lost_link_and_its_addresses_are_set_again_when_it_returns():
    driver = Driver(ALPHA).become_active()
    driver.link("wan", present=False, after=0.1)
    assert driver.node.state is NodeState.ACTIVE
    assert driver.sent("lan") == [MASTER - 8]
    driver.link("wan", after=0.1)
    assert driver.addresses() == {"wan": ALL["wan"]}
    assert Announce in [type(action) for action in driver.last]


def test_a_node_whose_cards_are_all_gone_is_in_fault():
    driver = Driver(ALPHA).become_active()
    driver.link("wan", present=False)
    driver.link("lan", present=False)
    assert driver.node.state is NodeState.FAULT
    assert driver.node.desired_addresses() == NOTHING
    driver.link("lan")
    assert driver.node.state is NodeState.BACKUP


def test_a_port_without_own_address_cannot_serve():
    driver = Driver(ALPHA).become_active()
    driver.link("lan", address=False)
    done = tuple(action for _, action in driver.run(ADDRESS_PATIENCE))
    assert priorities(done, "lan") == []
    assert priorities(done, "wan")[-1] == MASTER - 8


def test_a_port_whose_own_address_is_changed_serves_all_the_time():
    """The network service takes the old one away first: nothing of it is worth a hand-over."""
    driver = Driver(ALPHA, link_debounce=30.0).become_active()
    driver.link("lan", address=False, after=0.1)
    assert driver.sent() == []
    driver.link("lan", after=ADDRESS_PATIENCE / 2)
    assert driver.sent() == []
    done = tuple(action for _, action in driver.run(3))
    assert set(priorities(done)) == {MASTER}
