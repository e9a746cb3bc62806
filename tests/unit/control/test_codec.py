"""JSON from values and back: nothing is lost, and what is wrong is named."""

import json
from copy import deepcopy
from typing import Any, get_args

import pytest
from hypothesis import given

from hadaemon.cli.status_schema import status_schema
from hadaemon.control.codec import MAX_ITEMS, MAX_TEXT, decode, encode
from hadaemon.control.status import StatusAnswer
from hadaemon.daemon.answers import Answer
from hadaemon.status.hotwire import HotwireState, PairedHotwire, UnpairedHotwire
from hadaemon.status.status import SCHEMA
from tests.unit.cli.answers import alone, pair

from .values import any_of, complaints

SCHEMA_OF_STATUS = status_schema()
SHORT = [kind for kind in get_args(Answer) if kind is not StatusAnswer]


@given(any_of(StatusAnswer))
def test_a_status_comes_back_as_it_was_and_is_as_the_schema_says(answer: StatusAnswer):
    raw = json.loads(json.dumps(encode(answer)))
    hotwire = answer.node.hotwire
    if not isinstance(hotwire, PairedHotwire) or hotwire.state is not HotwireState.NOT_PAIRED:
        assert decode(StatusAnswer, raw) == answer
    assert complaints(SCHEMA_OF_STATUS, {"ok": True, **raw}, SCHEMA_OF_STATUS) == []


@pytest.mark.parametrize("kind", SHORT)
def test_every_answer_comes_back_as_it_was(kind: type[Any]):
    @given(any_of(kind))
    def comes_back(answer: Any) -> None:
        assert decode(kind, json.loads(json.dumps(encode(answer)))) == answer

    comes_back()


@pytest.mark.parametrize(
    "answer", [pair(), alone(), pair() | {"hotwire": {"state": "not-paired", "port": "x"}}]
)
def test_what_the_tests_show_is_what_a_daemon_could_answer(answer: dict[str, Any]):
    assert complaints(SCHEMA_OF_STATUS, answer, SCHEMA_OF_STATUS) == []
    assert {"ok": True, **encode(decode(StatusAnswer, answer))} == answer


def test_the_schema_finds_what_is_wrong():
    """The schema itself is good for something."""
    for path, value in (("status.since", "1"), ("hotwire.state", "gone"), ("ports", {}), ("pid", True)):
        assert complaints(SCHEMA_OF_STATUS, changed(path, value), SCHEMA_OF_STATUS) != [], path
    lacking = pair()
    del lacking["status"]["state"]
    assert complaints(SCHEMA_OF_STATUS, lacking, SCHEMA_OF_STATUS) == [".status.state is missing"]


def changed(path: str, value: object) -> dict[str, Any]:
    answer = deepcopy(pair())
    *outer, last = path.split(".")
    table = answer
    for name in outer:
        table = table[name]
    table[last] = value
    return answer


@pytest.mark.parametrize(
    "path,value,error",
    [
        ("status", None, "answer.status: an object is wanted"),
        ("status.node", 7, "answer.status.node: a text is wanted"),
        ("status.node", "x" * (MAX_TEXT + 1), "answer.status.node: the text is too long"),
        ("status.state", "asleep", "answer.status.state: 'asleep' is none of active, backup, fault"),
        ("status.since", True, "answer.status.since: a number is wanted"),
        ("status.since", float("nan"), "answer.status.since: a number is wanted"),
        ("status.score.priority", 1.5, "answer.status.score.priority: a whole number is wanted"),
        ("status.score.priority", 1 << 64, "answer.status.score.priority: a whole number is wanted"),
        ("status.maintenance", 1, "answer.status.maintenance: true or false is wanted"),
        ("status.problems", [{}], r"answer.status.problems\[0\].kind is missing"),
        ("status.interfaces", {}, "answer.status.interfaces: a list is wanted"),
        ("services", [0] * (MAX_ITEMS + 1), "answer.services: the list is too long"),
        ("conntrack.errors", {"x": "y"}, "answer.conntrack.errors.x: a whole number is wanted"),
        ("firmware.failing", {"luck": "none"}, "answer.firmware.failing: 'luck' is none of units"),
        ("hotwire.peer.links", [["lan"]], r"answer.hotwire.peer.links\[0\]: 2 values are wanted"),
        ("hotwire.state", ["up"], "answer.hotwire.state: a text is wanted"),
        ("hotwire", 3, "answer.hotwire: an object is wanted"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: object, error: str):
    with pytest.raises(ValueError, match=error):
        decode(StatusAnswer, changed(path, value))


def test_a_field_that_is_missing_is_named_unless_it_has_a_default():
    answer = pair()
    del answer["hotwire"]["peer"]["model"]
    assert isinstance(decode(StatusAnswer, answer), StatusAnswer)
    del answer["hotwire"]["sent"]
    with pytest.raises(ValueError, match=r"answer\.hotwire\.sent is missing"):
        decode(StatusAnswer, answer)


def test_a_field_of_a_newer_version_is_left_out():
    answer = pair()
    answer["status"]["moon"] = "full"
    assert decode(StatusAnswer, answer) == decode(StatusAnswer, pair())


def test_a_hotwire_is_known_by_its_state():
    paired = decode(StatusAnswer, pair()).node
    assert isinstance(paired.hotwire, PairedHotwire)
    unpaired = decode(StatusAnswer, pair() | {"hotwire": {"state": "not-paired", "port": "x"}}).node
    assert unpaired.hotwire == UnpairedHotwire("x")
    assert paired.schema == SCHEMA
