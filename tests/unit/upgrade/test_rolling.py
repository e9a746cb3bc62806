"""The rolling upgrade of a pair: the course as it should be, and any history of failures."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.plan import Plan, Verdict, adopt, decode, encode, under_way
from hadaemon.upgrade.rolling import NodeView, UpgradeStep, call_off, next_step
from tests.unit.upgrade.pair import BEFORE, TARGET, Box, Pair

ROUNDS = 400
PLAN = Plan(7, "beta", "alpha", BEFORE, TARGET, "alpha")


def settle(pair: Pair) -> Pair:
    """No more failures: both nodes go on until nothing is left to do."""
    pair.heard = True
    for box in pair.boxes.values():
        if not box.powered:
            box.boot()
    pair.elect()
    quiet = 0
    for _ in range(ROUNDS):
        moved = [pair.turn(box) for box in (pair.first, pair.second)]
        pair.pass_time()
        quiet = 0 if any(moved) else quiet + 1
        if quiet > 5:
            break
    first, second = pair.words(pair.first), pair.words(pair.second)
    assert not under_way(first.plan), (first, second)
    assert not under_way(second.plan), (first, second)
    assert first.version == second.version
    assert pair.verdicts == {first.plan.verdict if first.plan else None}
    assert first.version == (TARGET if pair.verdicts == {Verdict.COMMITTED} else BEFORE)
    return pair


def pair_of(preempt: bool = True, first: Box | None = None, second: Box | None = None) -> Pair:
    return Pair(first or Box("beta"), second or Box("alpha"), preempt)


def test_the_course_as_it_should_be():
    pair = settle(pair_of())
    assert pair.steps == [
        ("beta", UpgradeStep.WRITE),
        *(("beta", step) for step in (UpgradeStep.INSTALL, UpgradeStep.RESTART, UpgradeStep.KEEP)),
        *(("alpha", step) for step in (UpgradeStep.WRITE, UpgradeStep.HAND_OVER)),
        *(
            ("alpha", step)
            for step in (UpgradeStep.INSTALL, UpgradeStep.RESTART, UpgradeStep.KEEP, UpgradeStep.WRITE)
        ),
        *(("beta", UpgradeStep.WRITE), ("alpha", UpgradeStep.WRITE)),
        *(("beta", step) for step in (UpgradeStep.HAND_OVER, UpgradeStep.WRITE)),
    ]
    assert (pair.verdicts, pair.active) == ({Verdict.COMMITTED}, "alpha")


def test_without_preemption_nobody_switches_back():
    assert settle(pair_of(preempt=False)).active == "beta"


@pytest.mark.parametrize("fault", ["sick", "panics", "disk_fails"])
@pytest.mark.parametrize("where", ["first", "second"])
def test_a_bad_firmware_brings_both_back_and_the_reason_is_kept(fault: str, where: str):
    boxes = {"first": Box("beta"), "second": Box("alpha")}
    setattr(boxes[where], fault, True)
    pair = settle(pair_of(first=boxes["first"], second=boxes["second"]))
    assert (pair.verdicts, pair.active) == ({Verdict.ABORTED}, "alpha")
    for box in pair.boxes.values():
        assert box.plan is not None
        assert boxes[where].name in box.plan.reason
    if where == "first":
        assert ("alpha", UpgradeStep.RESTART) not in pair.steps, "the active one was left alone"
        assert ("alpha", UpgradeStep.HAND_OVER) not in pair.steps


def test_one_that_gets_sick_during_the_soak_brings_both_back():
    pair = pair_of()
    while pair.active != "beta":
        assert any([pair.turn(pair.first), pair.turn(pair.second)])
    pair.first.relapsed = True
    pair.elect()
    assert pair.active == "alpha"
    assert settle(pair).verdicts == {Verdict.ABORTED}


def test_nothing_moves_while_the_other_node_is_not_heard():
    pair = pair_of()
    pair.turn(pair.first)
    pair.heard = False
    for _ in range(20):
        pair.pass_time()
        assert not pair.turn(pair.first)
        assert not pair.turn(pair.second)


EVENTS = st.sampled_from(
    [
        *["first", "second"] * 10,
        *["time"] * 4,
        *("cut first", "cut second", "cut both", "silence", "relapse", "abort"),
        *["boot first", "boot second", "words"] * 2,
    ]
)


@settings(max_examples=500)
@given(
    events=st.lists(EVENTS, min_size=20, max_size=200),
    faults=st.tuples(*[st.sampled_from(["", "", "sick", "panics", "disk_fails"])] * 2),
    preempt=st.booleans(),
)
def test_any_history_ends_on_one_version_with_the_traffic_on_a_healthy_node(
    events: list[str], faults: tuple[str, str], preempt: bool
):
    boxes = Box("beta"), Box("alpha")
    for box, fault in zip(boxes, faults, strict=True):
        if fault:
            setattr(box, fault, True)
    pair = pair_of(preempt, *boxes)
    for event in events:
        happen(pair, event)
    settle(pair)
    if any(faults):
        assert pair.verdicts == {Verdict.ABORTED}


def happen(pair: Pair, event: str) -> None:
    verb, _, who = event.partition(" ")
    hit = [
        box
        for box in (pair.first, pair.second)
        if who in ("both", "first" if box is pair.first else "second")
    ]
    match verb:
        case "first" | "second":
            pair.turn(getattr(pair, verb))
        case "time":
            pair.pass_time()
        case "cut":
            for box in hit:
                box.cut()
        case "boot":
            for box in hit:
                if not box.powered:
                    box.boot()
        case "silence" | "words":
            pair.heard = verb == "words"
        case "abort":
            if pair.second.up and not pair.verdicts:
                pair.second.write(call_off(pair.words(pair.second)))
                pair.verdicts.add(Verdict.ABORTED)
        case "relapse":
            plan = pair.first.plan
            if plan is not None and pair.first.version == TARGET and not pair.first.trial:
                pair.first.relapsed = not pair.verdicts
    pair.elect()


@pytest.mark.parametrize("at", range(40))
@pytest.mark.parametrize("who", ["first", "second", "both"])
def test_power_lost_at_any_event_of_the_course_resumes(at: int, who: str):
    pair = pair_of()
    for number in range(at):
        pair.turn((pair.first, pair.second)[number % 2])
        pair.pass_time()
    happen(pair, f"cut {who}")
    settle(pair)


def test_an_upgrade_is_called_off_where_it_is_decided():
    pair = pair_of()
    pair.turn(pair.first)
    with pytest.raises(UpgradeError, match="called off on alpha"):
        call_off(pair.words(pair.first))
    happen(pair, "abort")
    with pytest.raises(UpgradeError, match="no upgrade is under way"):
        call_off(pair.words(pair.second))


# the plan


def test_a_plan_survives_its_file():
    assert decode(encode(PLAN)) == PLAN
    assert decode(None) is None
    assert decode(encode(PLAN).replace('"schema": 1', '"schema": 2, "colour": "red"')) == PLAN


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", encode(replace(PLAN, first="alpha")), '{"number": "x"}']
)
def test_what_is_no_plan_is_said(text: str):
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_a_newer_plan_replaces_an_older_one_and_another_pairs_is_none():
    newer = replace(PLAN, number=8, failed="theirs", first_kept=True)
    assert adopt(PLAN, newer, "beta") == replace(PLAN, number=8)
    assert adopt(newer, PLAN, "beta") is None
    assert adopt(None, PLAN, "gamma") is None


def test_a_verdict_is_followed_by_the_first_and_never_taken_back():
    aborted = replace(PLAN, verdict=Verdict.ABORTED, reason="why")
    assert adopt(PLAN, aborted, "beta") == aborted
    assert adopt(PLAN, aborted, "alpha") is None, "it is the second one's own to decide"
    assert adopt(aborted, replace(aborted, verdict=Verdict.COMMITTED), "beta") is None


# single decisions

ABORTED = replace(PLAN, verdict=Verdict.ABORTED, reason="why")
FIRST = NodeView("beta", BEFORE, next_version=BEFORE, healthy=True, ready=True, plan=PLAN)
SECOND = NodeView("alpha", BEFORE, next_version=BEFORE, healthy=True, active=True, ready=True, plan=PLAN)


@pytest.mark.parametrize(
    "peer",
    [None, replace(SECOND, active=False), replace(SECOND, healthy=False)],
    ids=["silent", "backup", "ill"],
)
@pytest.mark.parametrize("waiting", [BEFORE, TARGET])
def test_a_node_begins_only_beside_one_that_is_active_and_well(peer: NodeView | None, waiting: str):
    found = next_step(replace(FIRST, next_version=waiting), peer)
    assert (found.step, found.reason) == (None, "waits until the other node is active and well")


@pytest.mark.parametrize("peer", [replace(FIRST, healthy=False), replace(FIRST, ready=False), None])
def test_nobody_hands_over_to_a_node_that_is_not_ready(peer: NodeView | None):
    kept = replace(SECOND, plan=replace(PLAN, first_kept=True))
    there = None if peer is None else replace(peer, version=TARGET, next_version=TARGET)
    assert next_step(kept, there).step is None


def test_after_the_verdict_only_a_node_at_its_end_takes_over():
    on_target = replace(FIRST, version=TARGET, active=True, plan=ABORTED)
    peer = replace(SECOND, version=TARGET, next_version=TARGET, active=False, plan=ABORTED)
    assert next_step(on_target, peer).step is None
    assert next_step(on_target, replace(peer, version=BEFORE)).step is UpgradeStep.HAND_OVER
    assert next_step(peer, on_target).step is UpgradeStep.GO_BACK


def test_what_is_sick_on_trial_is_given_up_whatever_the_other_node_does():
    for plan in (PLAN, ABORTED):
        sick = replace(FIRST, version=TARGET, on_trial=True, healthy=False, sick=True, plan=plan)
        assert next_step(sick, None).step is UpgradeStep.GIVE_UP
        assert next_step(replace(sick, sick=False), None).step is None, "it has only just started"
