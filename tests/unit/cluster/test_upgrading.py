"""While the pair's firmware is upgraded preference moves nothing, health moves everything, and a node that is
about to restart is out of the cluster: nothing of it outlives the upgrade."""

from dataclasses import replace

import pytest

from hadaemon.cluster import MaintenanceRequested, NodeState, PeerDied, PeerReport, Tick, UpgradeReported
from tests.unit.cluster.pair import ALPHA, Driver
from tests.unit.cluster.test_connections import ACTIVE_BETA, hear_active

FROZEN = UpgradeReported(frozen=True)
RESTARTING = UpgradeReported(frozen=True, restarting="firmware upgrade: restarts into 2.0")


@pytest.mark.parametrize("witness", [True, False])
def test_preemption_is_frozen_until_it_is_over(witness: bool) -> None:
    driver = Driver(ALPHA, witness=witness)
    driver.do(FROZEN)
    hear_active(driver, 30)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.status(driver.now).phase is None, "it does not ask for the addresses"
    driver.do(UpgradeReported())
    hear_active(driver, 10)
    driver.run(5)
    assert driver.node.state is NodeState.ACTIVE


def test_better_health_takes_over_all_the_same() -> None:
    driver = Driver(ALPHA, witness=True)
    driver.do(FROZEN)
    while not driver.node.as_peer().claims:
        driver.do(PeerReport(replace(ACTIVE_BETA, links_down=1)), after=0.5)
        driver.do(Tick())
        assert driver.node.state is NodeState.BACKUP, "it asks for the addresses first"
        assert driver.now < 1030.0, "it never asks"


def test_a_peer_that_dies_is_replaced_all_the_same() -> None:
    driver = Driver(ALPHA, witness=True)
    driver.do(FROZEN)
    hear_active(driver, 2)
    driver.do(PeerDied())
    driver.run(0.2)
    assert driver.node.state is NodeState.ACTIVE


def test_a_node_that_is_about_to_restart_is_in_maintenance_and_says_why() -> None:
    driver = Driver(ALPHA, witness=True)
    hear_active(driver, 2)
    driver.do(RESTARTING)
    status = driver.node.status(driver.now)
    assert (status.state, status.reason) == (NodeState.MAINTENANCE, RESTARTING.restarting)
    assert not status.maintenance, "it is not remembered: the next start takes part"
    assert driver.node.as_peer().unready == "it is in state maintenance"
    driver.do(FROZEN)
    assert driver.node.state is NodeState.BACKUP, "it did not restart"


def test_the_administrators_maintenance_is_not_ended_by_it() -> None:
    driver = Driver(ALPHA, witness=True)
    hear_active(driver, 2)
    driver.do(MaintenanceRequested(on=True))
    driver.do(FROZEN)
    driver.do(UpgradeReported())
    assert driver.node.state is NodeState.MAINTENANCE
