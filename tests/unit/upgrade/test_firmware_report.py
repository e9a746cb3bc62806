"""Two versions as a pair: what they say of an upgrade in the heartbeat, whoever is the older one."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from hadaemon.hotwire.message import MAX_BODY
from hadaemon.hotwire.report import decode_report, encode_report
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report, Vitals
from hadaemon.status.states import NodeState
from hadaemon.upgrade.firmware_report import MAX_VERSION, UNKNOWN, FirmwareReport, from_json, to_json
from hadaemon.upgrade.fitness import PATIENCE, SOAK, STABLE, Fitness
from hadaemon.upgrade.plan import Plan, Verdict

PLAN = Plan(7, "beta", "alpha", "1.0", "2.0", "alpha", digest="0123456789abcdef")
WORDS = FirmwareReport(on_trial=True, next_version="2.0", healthy=True, sick=False, soaked=True, plan=PLAN)
PEER = Peer("beta", NodeState.BACKUP, False, 0, 0, False, 3, False, False, False, (("lan", True),))


def test_words_and_plan_reach_the_other_node():
    body = encode_report(Report(PEER, Vitals("1.0", upgrade=WORDS)))
    assert decode_report(body).vitals.upgrade == WORDS


def test_an_older_node_is_understood_and_known_by_its_silence():
    found = json.loads(encode_report(Report(PEER, Vitals("1.0", upgrade=WORDS))))
    del found["upgrade"]
    older = decode_report(json.dumps(found).encode())
    assert (older.peer, older.vitals.upgrade) == (PEER, UNKNOWN)


def test_an_older_node_understands_all_that_it_knows():
    """It reads the keys of its own fields, and no other ones: none of them has changed its kind."""
    found: dict[str, Any] = json.loads(encode_report(Report(PEER, Vitals("1.0", upgrade=WORDS))))
    before = {field.name for kind in (Peer, Vitals) for field in fields(kind)} - {"upgrade"}
    assert before <= found.keys()
    assert {type(found[name]) for name in before} <= {str, int, float, dict, type(None)}


def test_a_newer_nodes_plan_is_understood():
    raw = to_json(WORDS)
    raw["p"] = [*raw["p"], "something new"]
    assert from_json({**raw, "x": 1}) == WORDS


def test_the_longest_words_fit_and_the_plan_goes_along():
    long = Plan(1 << 31, "a" * 63, "b" * 63, "1" * MAX_VERSION, "2" * MAX_VERSION, "b" * 63, True, "f" * 500)
    long = replace(long, verdict=Verdict.COMMITTED, reason="ü\n" * 300, digest="d" * 16)
    peer = replace(
        PEER, name="a" * 63, unready="u" * 200, links=tuple((f"port{n}", n > 9) for n in range(64))
    )
    words = FirmwareReport(True, True, "2" * 40, True, True, True, long)
    vitals = Vitals("1" * 32, 1 << 40, "c" * 16, 1 << 20, 99.5, "m" * 64, 64, 1 << 40, words)
    body = encode_report(Report(peer, vitals))
    assert len(body) <= MAX_BODY
    told = decode_report(body).vitals.upgrade.plan
    assert told is not None
    assert replace(told, failed="", reason="") == replace(long, failed="", reason="")


@pytest.mark.parametrize(
    "raw",
    [
        *([], "x", {"h": "yes"}, {"n": "x" * 33}, {"n": "a\nb"}, {"p": []}, {"p": {}}, {"h": -1}),
        {"p": [*to_json(WORDS)["p"][:8], "perhaps", *to_json(WORDS)["p"][9:]]},
        {"p": [True, *to_json(WORDS)["p"][1:]]},
        {"p": [7, "alpha", *to_json(WORDS)["p"][2:]]},
    ],
)
def test_what_no_node_of_ours_says_is_refused(raw: object):
    with pytest.raises(ValueError, match=r"."):
        from_json(raw)


def test_for_how_long_a_node_has_been_well():
    fitness = Fitness(0.0)
    fitness.look(True, True, 1.0)
    assert not fitness.healthy
    fitness.look(True, True, 1.0 + STABLE)
    assert (fitness.healthy, fitness.sick, fitness.soaked) == (True, False, False)
    fitness.look(True, True, 1.0 + SOAK)
    assert fitness.soaked
    fitness.look(True, False, 2.0 + SOAK)
    assert (fitness.healthy, fitness.soaked) == (True, False)
    fitness.look(False, False, 3.0 + SOAK)
    assert (fitness.healthy, fitness.sick) == (False, False)
    fitness.look(False, False, 3.0 + SOAK + PATIENCE)
    assert fitness.sick
