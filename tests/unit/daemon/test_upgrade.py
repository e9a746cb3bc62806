"""The upgrade of a pair as the daemons carry it out: its course, failures, power cuts, what is refused."""

import asyncio
from collections.abc import Callable

import pytest

from hadaemon.status.report import Vitals
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.plan import Verdict
from tests.unit.daemon.agent import BEFORE, DIGEST, TARGET, Box, FakePair


def begin(pair: FakePair, box: Box | None = None) -> None:
    asyncio.run((box or pair.alpha).agent.begin(TARGET, DIGEST))


@pytest.fixture
def pair() -> FakePair:
    return FakePair()


def outcome(pair: FakePair) -> tuple[str, Verdict, str]:
    """The version of both, the verdict, who is active."""
    pair.settle()
    plan = pair.alpha.plan
    assert plan is not None
    assert pair.beta.plan is not None
    assert pair.beta.plan.verdict is plan.verdict
    active = [box.name for box in pair.boxes if box.state == "active"]
    assert len(active) == 1
    return pair.alpha.version, plan.verdict, active[0]


@pytest.mark.parametrize("starter", ["alpha", "beta"])
def test_both_nodes_come_to_the_new_version_and_the_preferred_one_is_active(pair: FakePair, starter: str):
    begin(pair, getattr(pair, starter))
    assert outcome(pair) == (TARGET, Verdict.COMMITTED, "alpha")
    for box in pair.boxes:
        assert box.asked.count("upgrade-restart") == 1
        assert box.reported == (False, ""), "preemption is free again"
        assert any("is over, committed: both nodes are on 2.0" in note for note in box.notes)
        assert any("goes on: 2.0 runs after a restart" in note for note in box.notes)
    assert "firmware upgrade 1 to 2.0: begins: beta first, then alpha; 1.0 runs on both" in pair.beta.notes


def test_preemption_is_frozen_and_the_status_says_what_it_waits_for(pair: FakePair):
    begin(pair)
    assert pair.alpha.reported == (True, "")
    asyncio.run(pair.go_on(2))
    assert pair.beta.reported[0]
    status = pair.alpha.agent.status()
    assert status is not None
    assert (status.plan.verdict, status.waits) == ("running", "waits until beta has kept 2.0")
    assert status.peer is not None
    assert status.peer.name == "beta"


@pytest.mark.parametrize("who", ["alpha", "beta"])
@pytest.mark.parametrize("fault", [{"sick": True}, {"fails": "hactl: the disk is failing"}])
def test_a_failure_on_either_node_brings_both_back(pair: FakePair, who: str, fault: dict[str, object]):
    for name, value in fault.items():
        setattr(getattr(pair, who), name, value)
    begin(pair)
    assert outcome(pair) == (BEFORE, Verdict.ABORTED, "alpha")
    assert pair.alpha.plan is not None
    assert who in pair.alpha.plan.reason
    if who == "beta":
        assert "upgrade-restart" not in pair.alpha.asked, "the active one was left alone"


def test_without_connections_in_parity_nobody_hands_over(pair: FakePair):
    begin(pair)
    pair.beta.unready = True
    asyncio.run(pair.go_on(300))
    assert (pair.beta.version, pair.alpha.state) == (TARGET, "active")
    status = pair.alpha.agent.status()
    assert status is not None
    assert status.waits == "waits until the other node can take over"
    pair.beta.unready = False
    assert outcome(pair) == (TARGET, Verdict.COMMITTED, "alpha")


@pytest.mark.parametrize("who", ["alpha", "beta", "both"])
@pytest.mark.parametrize("at", range(0, 120, 7))
def test_power_lost_at_any_time_resumes(pair: FakePair, at: int, who: str):
    begin(pair)
    asyncio.run(pair.go_on(at))
    for box in pair.boxes:
        if who in (box.name, "both"):
            pair.cut(box)
    version, verdict, _ = outcome(pair)
    assert (version, verdict) in ((TARGET, Verdict.COMMITTED), (BEFORE, Verdict.ABORTED))


def test_what_fails_for_a_moment_is_tried_again(pair: FakePair):
    begin(pair)
    pair.beta.helper_fails = 3
    assert outcome(pair) == (TARGET, Verdict.COMMITTED, "alpha")
    assert "error: helper: no answer" in pair.beta.notes


def test_an_upgrade_is_called_off(pair: FakePair):
    begin(pair)
    asyncio.run(pair.go_on(15))
    assert pair.beta.version == TARGET
    with pytest.raises(UpgradeError, match="called off on alpha"):
        asyncio.run(pair.beta.agent.call_off())
    asyncio.run(pair.alpha.agent.call_off())
    assert outcome(pair) == (BEFORE, Verdict.ABORTED, "alpha")
    begin(pair)
    assert pair.alpha.plan is not None
    assert (pair.alpha.plan.number, outcome(pair)[0]) == (2, TARGET)


def test_a_decided_one_is_forgotten_when_the_other_node_is_gone_for_good(pair: FakePair):
    begin(pair)
    asyncio.run(pair.go_on(3))
    asyncio.run(pair.alpha.agent.call_off())
    with pytest.raises(UpgradeError, match="it is decided"):
        asyncio.run(pair.alpha.agent.call_off())
    pair.heard = False
    assert "is over" in asyncio.run(pair.alpha.agent.call_off())
    assert not pair.alpha.agent.under_way


def test_a_box_that_takes_the_place_of_a_failed_one_has_no_part_in_an_old_plan(pair: FakePair):
    begin(pair)
    asyncio.run(pair.go_on(3))
    asyncio.run(pair.alpha.agent.call_off())
    pair.beta.plan_text, pair.beta.trial_slot = None, ""
    pair.beta.slots, pair.beta.next = {"A": "3.0", "B": ""}, "A"
    pair.cut(pair.beta)
    asyncio.run(pair.go_on(60))
    assert (pair.beta.version, pair.beta.plan, pair.beta.next) == ("3.0", None, "A")


REFUSALS: dict[str, tuple[Callable[[FakePair], None], str]] = {
    "hotwire down": (lambda pair: setattr(pair, "heard", False), "is not heard over the hotwire"),
    "older peer": (lambda pair: setattr(pair, "both_know", False), "does not know upgrades of a pair"),
    "on trial": (lambda pair: setattr(pair.alpha, "trial_slot", "A"), "has not come to its end"),
    "not ready": (lambda pair: setattr(pair.beta, "unready", True), "beta is not ready to take over"),
    "two active": (lambda pair: setattr(pair.beta, "state", "active"), "exactly one must be active"),
    "versions differ": (lambda pair: pair.beta.slots.update(A="1.1"), "make them the same first"),
    "under way": (begin, "is under way already"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused_changes_nothing(pair: FakePair, case: str):
    change, message = REFUSALS[case]
    change(pair)
    before = [box.plan_text for box in pair.boxes]
    for ask in (pair.alpha.agent.check, lambda: pair.alpha.agent.begin(TARGET, DIGEST)):
        with pytest.raises(UpgradeError, match=message):
            asyncio.run(ask())
    assert [box.plan_text for box in pair.boxes] == before


def test_the_second_administrator_is_refused_on_the_other_node(pair: FakePair):
    begin(pair, pair.alpha)
    with pytest.raises(UpgradeError, match=r"an upgrade to 2\.0 is under way already"):
        begin(pair, pair.beta)


@pytest.mark.parametrize("who", ["alpha", "beta"])
def test_a_node_that_is_not_well_is_named(pair: FakePair, who: str):
    getattr(pair, who).ill = True
    asyncio.run(pair.go_on(3))
    with pytest.raises(UpgradeError, match=f"{who} is not well"):
        asyncio.run(pair.alpha.agent.check())


def test_the_version_that_runs_is_nothing_to_upgrade_to(pair: FakePair):
    with pytest.raises(UpgradeError, match=r"nothing to do: both nodes run 1\.0"):
        asyncio.run(pair.alpha.agent.begin(BEFORE, DIGEST))


def test_an_older_version_says_nothing_of_upgrades():
    assert not Vitals().upgrade.known
