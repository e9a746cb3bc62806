"""A service that counts: what fails on the active node moves the pair once; who gave way keeps the fault."""

import pytest

from hadaemon.cluster import ResumeRequested, ServiceSeen
from hadaemon.config.follow_model import Service
from hadaemon.problems import kinds
from tests.unit.cluster.pair import ALPHA, BETA, Driver, cluster_config
from tests.unit.cluster.world import World
from tests.unit.cluster.world.nodes import SERVICE_FAILS

UNIT = "web.service"
WEB = Service(UNIT, counts=True)
MAIL = Service("mail.service")


def failed(driver: Driver) -> int:
    score = driver.node.status(driver.now).score
    assert score is not None
    return score.failed_services


def problems(driver: Driver) -> list[str]:
    return [each.text for each in driver.node.status(driver.now).problems if each.kind is kinds.SERVICE]


def test_one_that_has_failed_costs_as_a_check_until_it_runs_well():
    driver = Driver(ALPHA, services=(WEB, MAIL)).become_active()
    driver.do(ServiceSeen(UNIT, well=False))
    assert failed(driver) == 1
    assert driver.node.as_peer().failed_groups == 1
    assert problems(driver) == [], "who keeps it running tells more"
    driver.do(ServiceSeen(UNIT, well=True))
    assert failed(driver) == 0


def test_one_that_does_not_count_moves_nothing():
    driver = Driver(ALPHA, services=(WEB, MAIL)).become_active()
    driver.do(ServiceSeen("mail.service", well=False))
    assert failed(driver) == 0


def test_who_gave_way_keeps_the_fault_until_it_may_try_again():
    driver = Driver(ALPHA, services=(WEB,), preempt=False).become_active()
    driver.do(ServiceSeen(UNIT, well=False))
    driver.hear(254)
    assert driver.node.state == "backup"
    assert failed(driver) == 1
    (problem,) = problems(driver)
    assert problem.startswith(f"{UNIT} did not run when this node was active: ")
    driver.do(ResumeRequested())
    assert (failed(driver), problems(driver)) == (0, [])


def test_a_node_that_becomes_active_again_tries_anew():
    driver = Driver(ALPHA, services=(WEB,), preempt=False).become_active()
    driver.do(ServiceSeen(UNIT, well=False))
    driver.hear(254)
    driver.do(ResumeRequested())
    driver.run(10.0)
    assert driver.node.state == "active"
    assert failed(driver) == 0
    driver.do(ServiceSeen(UNIT, well=False))
    assert failed(driver) == 1


def test_the_fault_goes_on_when_the_configuration_is_read_again():
    before = Driver(ALPHA, services=(WEB,)).become_active()
    before.do(ServiceSeen(UNIT, well=False))
    assert failed(Driver(ALPHA, before=before, start=False, services=(WEB, MAIL))) == 1
    assert failed(Driver(ALPHA, before=before, start=False, services=(MAIL,))) == 0


@pytest.mark.parametrize("preempt", [True, False])
@pytest.mark.parametrize("witness", [True, False])
def test_the_two_do_not_take_turns(witness, preempt):
    world = World(cluster_config(witness=witness, preempt=preempt, services=(WEB,)), seed=1)
    for name in (ALPHA, BETA):
        world.boot(name)
    world.run(10)
    assert world.answering() == [ALPHA]
    world.service(ALPHA, well=False)
    world.run(10)
    assert world.answering() == [BETA]
    quiet = world.now
    world.service(BETA, well=False)
    world.run(60 + 10 * SERVICE_FAILS)
    assert len(world.answering()) == 1
    assert len(world.changes_since(quiet)) <= 2, "at most one change of each"
