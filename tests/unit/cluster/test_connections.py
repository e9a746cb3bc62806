"""A node does not take over from a healthy one without the connections that it would have to carry on."""

from dataclasses import replace

import pytest

from hadaemon.cluster import ConnectionsReported, NodeState, PeerDied, PeerReport, SwitchRequested, Tick
from hadaemon.cluster.phases import ANSWER_PATIENCE
from tests.unit.cluster.pair import ALPHA, BETA, Driver
from tests.unit.cluster.test_transitions import PEER

LACKING = ConnectionsReported("the other node's connections are not all here")
ACTIVE_BETA = replace(PEER, state=NodeState.ACTIVE)


def returned(**options: object) -> Driver:
    """The master is back, and hears that the spare is active."""
    driver = Driver(ALPHA, **options)
    driver.do(LACKING)
    return driver


def hear_active(driver: Driver, seconds: float) -> None:
    """The spare is active, by all channels, for so long."""
    for _ in range(int(seconds / 0.5)):
        if driver.config.hotwire is not None:
            driver.do(PeerReport(ACTIVE_BETA))
        for port in driver.ports:
            driver.hear(253, port)
        driver.now += 0.5
        driver.do(Tick())


@pytest.mark.parametrize("witness", [True, False])
def test_a_master_that_is_back_waits_for_the_connections(witness: bool) -> None:
    driver = returned(witness=witness)
    hear_active(driver, 10)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.status(driver.now).phase is None, "it does not ask for the addresses"
    driver.do(ConnectionsReported(""))
    hear_active(driver, 10)
    driver.run(5)
    assert driver.node.state is NodeState.ACTIVE


def test_it_does_not_wait_when_nobody_carries_the_traffic() -> None:
    driver = returned(witness=True)
    hear_active(driver, 2)
    driver.do(PeerDied())
    driver.run(0.2)
    assert driver.node.state is NodeState.ACTIVE


def test_it_does_not_wait_when_the_active_one_is_worse() -> None:
    driver = returned(witness=True)
    worse = replace(ACTIVE_BETA, links_down=1)
    while not driver.node.as_peer().claims:
        driver.do(PeerReport(worse), after=0.5)
        driver.do(Tick())
        assert driver.node.state is NodeState.BACKUP, "it asks for the addresses first"
        assert driver.now < 1030.0, "it never asks"
    driver.run(ANSWER_PATIENCE)
    assert driver.node.state is NodeState.ACTIVE, "and takes them when there is no answer"


def test_the_other_node_is_told_and_a_switch_is_refused() -> None:
    driver = returned(witness=True, preempt=False)
    hear_active(driver, 2)
    assert driver.node.as_peer().unready == LACKING.missing
    assert LACKING.missing in str(driver.node.refusal(SwitchRequested()))
    assert driver.node.refusal(SwitchRequested(forced=True)) is None
    beta = Driver(BETA, witness=True, preempt=False).become_active()
    beta.do(PeerReport(replace(driver.node.as_peer(), switched=False)))
    assert "not ready" in str(beta.node.refusal(SwitchRequested()))
