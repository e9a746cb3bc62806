"""What the status says, as problems that alarms are made of: each has its word, and none is told twice."""

import random
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.alarms import upkeep
from hadaemon.alarms.present import present, ready_peer
from hadaemon.control.codec import encode
from hadaemon.operations.asking import understood_status
from hadaemon.problems import Problem, Severity, kinds, other
from hadaemon.status.pair import judged, knows_active
from hadaemon.status.status import Status
from tests.unit.cli.answers import pair

WELL = pair() | {
    "services": [
        {"unit": "a.service", "wanted": True, "state": "up"},
        {"unit": "b.service", "wanted": False, "state": "down"},
    ]
}


def found(**changes: Any) -> list[tuple[str, str]]:
    """Kinds and resources with some values changed: `hotwire__state`, `status__hotwire__ready`."""
    return [(problem.kind.word, problem.resource) for problem in present(report(**changes))]


def report(**changes: Any) -> Status:
    raw = deepcopy(WELL)
    for path, value in changes.items():
        *outer, last = path.split("__")
        table = raw
        for name in outer:
            table = table[name]
        table[last] = value
    return judged(understood_status(raw).node)


def test_all_is_well():
    assert found() == []


@pytest.mark.parametrize(
    "changes,expected",
    [
        ({"configuration": "refused"}, "configuration-refused"),
        ({"hotwire__peer__deaf": True}, "hotwire-one-way"),
        ({"hotwire__peer__unready": "it hears nothing"}, "peer-degraded"),
        ({"sync__state": "pending"}, "sync-pending"),
        ({"sync__state": "error"}, "sync-error"),
        ({"firmware__pair__state": "pending"}, "firmware-differs"),
    ],
)
def test_a_state_of_the_node_has_its_word(changes: dict[str, Any], expected: str):
    assert found(**changes) == [(expected, "")]


@pytest.mark.parametrize(
    "changes,expected",
    [
        ({"status__maintenance": True}, "maintenance"),
        ({"hotwire__peer__state": "fault"}, "peer-unready"),
        ({"status__problems": [encode(Problem(kinds.PEER_DEAD, "", ""))]}, "peer-dead"),
        ({"status__state": "backup"}, "no-active"),
    ],
)
def test_that_no_takeover_would_work_is_an_alarm_of_its_own(changes: dict[str, Any], expected: str):
    assert found(**changes) == [(expected, ""), ("no-redundancy", "")]


def test_a_service_is_told_once_by_its_unit():
    service = [{"unit": "a.service", "wanted": True, "state": "failed"}]
    told = [encode(Problem(kinds.SERVICE, "a.service", "a.service: does not stay up"))]
    assert found(services=service) == [("service-failed", "a.service")]
    assert found(services=service, status__problems=told) == [("service-failed", "a.service")]


@pytest.mark.parametrize("why", [kinds.HOTWIRE_DOWN, kinds.PEER_DEAD, kinds.PEER_AWAY])
def test_a_silence_that_is_explained_is_no_alarm_of_its_own(why: kinds.Kind):
    """A cable that is pulled out is one alarm, although the election and the hotwire both complain."""
    told = [encode(Problem(kind, "", "")) for kind in (kinds.HOTWIRE_SILENT, why)]
    alarms = [alarm for alarm in found(status__problems=told) if alarm[0] != "no-redundancy"]
    assert alarms == [(why.word, "")]
    assert found(status__problems=told[:1]) == [("hotwire-silent", "")]


def test_refused_files_are_one_problem_and_hide_no_other():
    told = [Problem(kinds.CONFIGURATION, "", f"mistake {number}") for number in range(5)]
    raw = report(configuration="refused", status__problems=[*map(encode, (*told, other("guard", "ended")))])
    texts = tuple(each.text for each in present(raw) if each.kind is not kinds.NO_REDUNDANCY)
    assert texts == ("mistake 0; mistake 1; mistake 2", "ended")
    (alone,) = present(report(configuration="refused", status__reason="the configuration was refused"))
    assert alone.text == "the configuration was refused"


PROBLEMS = st.builds(Problem, st.sampled_from(kinds.KINDS), st.sampled_from(["", "lan", "wan"]), st.text())


@given(st.lists(PROBLEMS), st.randoms(use_true_random=False))
def test_a_problem_reaches_its_alarm_whatever_its_sentence_says(problems: list[Problem], dice: random.Random):
    def alarms(told: list[Problem]) -> set[tuple[str, str, str]]:
        raw = report(status__problems=[encode(problem) for problem in told])
        found = {(each.kind.word, each.resource, each.severity) for each in present(raw)}
        return found - {("no-redundancy", "", Severity.MAJOR)}

    reworded = [replace(each, text=dice.choice(SENTENCES)) for each in problems]
    assert alarms(reworded) == alarms(problems)
    explained = {kinds.HOTWIRE_SILENT.word}
    told = {(each.kind.word, each.resource, each.kind.severity) for each in problems}
    told -= {("no-redundancy", "", Severity.MAJOR)}
    assert {each for each in told if each[0] not in explained} <= alarms(problems) <= told


SENTENCES = (
    "",
    "connections: none",
    "hotwire: a third box comes in",
    "port lan: no carrier, and the virtual addresses are on it",
    "it answers for the virtual address",
    "\n",
)
"""Those that once made an alarm by their words."""


ACTIVE = {"state": "active", "port": "lan", "address": "192.0.2.2", "priority": 253, "last_heard": 0.2}


def test_who_tells_what_both_see():
    assert not knows_active(report())
    assert knows_active(report(status__hotwire__node_state="active"))
    assert knows_active(report(status__hotwire=None, status__peer=ACTIVE))


def test_a_disk_and_a_certificate():
    assert not list(upkeep.disk("data", 0.84))
    assert [each.severity for each in upkeep.disk("data", 0.9)] == [Severity.MINOR]
    assert [each.severity for each in upkeep.disk("data", 0.97)] == [Severity.MAJOR]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert not list(upkeep.certificate("a.pem", now + timedelta(days=31), now))
    (soon,) = upkeep.certificate("a.pem", now + timedelta(days=29), now)
    (over,) = upkeep.certificate("a.pem", now - timedelta(days=1), now)
    assert (soon.severity, over.severity) == (Severity.WARNING, Severity.MAJOR)
    assert "ended on 2025-12-31" in over.text
    assert [each.resource for each in upkeep.other_slot("B")] == ["B"]
    assert list(upkeep.other_slot("")) == []


def test_the_active_node_knows_whether_a_takeover_would_work():
    assert ready_peer(report()) == "beta"
    for changes in (
        {"status__state": "backup"},
        {"status__hotwire": None},
        {"status__hotwire__ready": False},
        {"status__hotwire__ready": None},
        {"sync__state": "pending"},
        {"sync": None},
    ):
        assert ready_peer(report(**changes)) == "", changes
