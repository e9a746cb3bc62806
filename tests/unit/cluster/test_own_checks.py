"""The administrator's own checks: what fails counts as a ping group does, no sooner and no longer."""

from dataclasses import replace

from hadaemon.cluster import CheckResult, ResumeRequested
from hadaemon.config import Check, CountsOn
from hadaemon.config.check_model import Present
from hadaemon.problems import kinds
from hadaemon.status.node import CheckStatus
from tests.unit.cluster.pair import ALPHA, Driver

MAIL = Check("mail", Present("/run/mail"), fall=3, rise=2)
QUEUE = replace(MAIL, name="queue", counts_on=CountsOn.ACTIVE)


def look(driver: Driver, times: int, good: bool, check: str = "mail", said: str = "it is stuck") -> None:
    for _ in range(times):
        driver.do(CheckResult(check, good, "" if good else said), after=0.01)


def priority(driver: Driver) -> int:
    score = driver.node.status(driver.now).score
    assert score is not None
    return score.priority


def failed(driver: Driver) -> int:
    score = driver.node.status(driver.now).score
    assert score is not None
    return score.failed_checks


def test_a_check_counts_after_failures_in_a_row_and_no_more_after_successes_in_a_row():
    driver = Driver(ALPHA, checks=(MAIL,)).become_active()
    look(driver, 2, good=False)
    look(driver, 1, good=True)
    look(driver, 2, good=False)
    assert (priority(driver), failed(driver)) == (254, 0)
    look(driver, 1, good=False)
    assert (priority(driver), failed(driver)) == (252, 1)
    look(driver, 1, good=True)
    look(driver, 1, good=False)
    look(driver, 1, good=True)
    assert priority(driver) == 252
    look(driver, 1, good=True)
    assert priority(driver) == 254


def test_it_is_told_with_what_it_said_last():
    driver = Driver(ALPHA, checks=(MAIL,)).become_active()
    assert driver.node.status(driver.now).checks == (CheckStatus("mail", "/run/mail", True, False, ""),)
    look(driver, 3, good=False)
    look(driver, 1, good=False, said="it is gone")
    assert driver.node.status(driver.now).checks == (
        CheckStatus("mail", "/run/mail", False, True, "it is gone"),
    )
    (problem,) = [each for each in driver.node.status(driver.now).problems if each.resource == "mail"]
    assert problem.kind is kinds.CHECK_FAILED
    assert problem.text == "check mail has failed: it is gone"


def test_the_other_node_learns_of_it_with_the_ping_groups():
    driver = Driver(ALPHA, checks=(MAIL, replace(MAIL, name="web")), witness=True)
    look(driver, 3, good=False)
    look(driver, 3, good=False, check="web")
    assert driver.node.as_peer().failed_groups == 2


def test_a_result_of_a_check_that_is_not_configured_any_more_is_nothing():
    driver = Driver(ALPHA, checks=(MAIL,))
    look(driver, 5, good=False, check="web")
    assert failed(driver) == 0


def test_what_was_known_goes_on_when_the_configuration_is_read_again_and_the_target_is_the_same():
    before = Driver(ALPHA, checks=(MAIL,))
    look(before, 3, good=False)
    same = Driver(ALPHA, before=before, checks=(MAIL, QUEUE))
    assert failed(same) == 1
    assert "check mail has failed: it is stuck" in same.problems
    other = Driver(ALPHA, before=before, checks=(replace(MAIL, target=Present("/run/other")),))
    assert failed(other) == 0


def test_on_a_backup_a_check_of_the_active_node_counts_not():
    driver = Driver(ALPHA, checks=(QUEUE,))
    look(driver, 9, good=False, check="queue")
    assert failed(driver) == 0
    assert not [each for each in driver.problems if "queue" in each]


def test_an_active_node_looks_anew_and_who_gave_way_keeps_the_fault_until_it_is_good_or_may_try_again():
    driver = Driver(ALPHA, checks=(QUEUE,), preempt=False)
    look(driver, 9, good=False, check="queue")
    driver.become_active()
    look(driver, 2, good=False, check="queue")
    assert failed(driver) == 0, "what it found as backup says nothing"
    look(driver, 1, good=False, check="queue")
    assert failed(driver) == 1
    driver.hear(254)
    assert driver.node.state == "backup"
    look(driver, 9, good=False, check="queue")
    assert failed(driver) == 1
    (problem,) = [each for each in driver.problems if "queue" in each]
    assert problem.startswith("check queue failed when this node was active (it is stuck): ")
    driver.do(ResumeRequested())
    assert failed(driver) == 0
