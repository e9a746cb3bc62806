"""A heartbeat says what fits into a message, the most important first; not everything is believed of it."""

import json
import math
from dataclasses import asdict, replace

import pytest

from hadaemon.cluster import NodeState
from hadaemon.hotwire.message import MAX_BODY
from hadaemon.hotwire.report import decode_report, encode_report
from hadaemon.status.keys import Keys
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report, Vitals
from hadaemon.upgrade.firmware_report import MAX_VERSION, FirmwareReport
from hadaemon.upgrade.plan import Plan, Verdict

NAME = "a" * 63
PEER = Peer(NAME, NodeState.BACKUP, False, 0, 0, False, 3, False, False, False)
PLAN = replace(
    Plan(1 << 31, NAME, "b" * 63, "1" * MAX_VERSION, "2" * MAX_VERSION, NAME, True, "f" * 500),
    verdict=Verdict.COMMITTED,
    reason="r" * 600,
    digest="d" * 16,
)
KEYS = Keys("f" * 32, "a" * 16, "b" * 16)
LONGEST = FirmwareReport(True, True, "2" * 40, True, True, True, PLAN)


def test_texts_that_do_not_fit_even_when_they_are_short_are_left_out_whole():
    """One character may be six on the wire."""
    vitals = Vitals("1" * 32, 1 << 40, "c" * 16, 1 << 20, 99.5, "ü" * 64, 64, 1 << 40, LONGEST)
    body = encode_report(Report(replace(PEER, unready="ü" * 200), vitals, KEYS))
    assert len(body) <= MAX_BODY
    told = decode_report(body)
    assert told.keys == KEYS
    assert (told.peer.unready, told.vitals.model) == ("", "")
    assert told.vitals.upgrade.plan is not None
    assert told.vitals.upgrade.plan.digest == PLAN.digest


def test_of_very_many_lost_links_as_many_are_told_as_take_half_of_the_room():
    """Here just nine do."""
    links = tuple((f"{number:050}", False) for number in range(40))
    assert 9 * len(f'"{links[0][0]}":false,') == MAX_BODY // 2
    told = decode_report(encode_report(Report(replace(PEER, name="beta", links=links))))
    assert told.peer.links == links[:9]


def test_the_load_is_told_with_two_digits():
    report = Report(PEER, Vitals("1", 1, "c", 1, 1.23456, "model", 1, 1, LONGEST))
    assert decode_report(encode_report(report)).vitals.load == 1.23


def test_what_does_not_fit_whole_is_cut_to_short_texts():
    """Each character of these takes six bytes."""
    told = decode_report(encode_report(Report(replace(PEER, unready="ü" * 200), Vitals(model="ü" * 64))))
    assert (told.peer.unready, told.vitals.model) == ("ü" * 24, "ü" * 24)


def test_of_a_box_that_has_a_long_name_the_beginning_is_told():
    told = decode_report(encode_report(Report(PEER, Vitals(model="m" * 65))))
    assert told.vitals.model == "m" * 64


@pytest.mark.parametrize("more,kept", [(0, 20), (1, 0)])
def test_links_are_left_out_only_where_they_do_not_fit(more: int, kept: int):
    links = tuple((f"{number:022}", True) for number in range(20))
    room = MAX_BODY - len(encode_report(Report(replace(PEER, links=links))))
    assert 0 < room < 200
    told = decode_report(encode_report(Report(replace(PEER, links=links, unready="x" * (room + more)))))
    assert len(told.peer.links) == kept


def body(**values: object) -> bytes:
    return json.dumps({"name": "beta", "state": "backup", **values}).encode()


LINKS = {str(number): 1 for number in range(256)}


@pytest.mark.parametrize(
    "key,value",
    [
        ("unready", "x" * 200),
        ("epoch", 0),
        ("epoch", (1 << 63) - 1),
        ("generation", None),
        ("generation", (1 << 63) - 1),
        ("load", 0),
        ("load", 999_999.5),
    ],
)
def test_the_utmost_that_is_believed(key: str, value: object):
    told = decode_report(body(**{key: value}))
    assert {**asdict(told.peer), **asdict(told.vitals)}[key] == value


def test_the_most_links_that_are_believed():
    assert decode_report(body(links=LINKS)).peer.links == tuple((name, True) for name in LINKS)


@pytest.mark.parametrize(
    "key,value",
    [
        ("unready", 1),
        ("unready", "x" * 201),
        ("unready", "\x1b[2J"),
        ("state", "drunk"),
        ("epoch", "1"),
        ("epoch", 1.5),
        ("epoch", -1),
        ("epoch", 1 << 63),
        ("generation", "1"),
        ("generation", -1),
        ("deaf", "yes"),
        ("deaf", -1),
        ("load", "1"),
        ("load", -0.1),
        ("load", 1_000_000),
        ("load", math.nan),
        ("links", []),
        ("links", {"lan": "up"}),
        ("links", {**LINKS, "one more": 1}),
    ],
)
def test_a_value_out_of_bounds_makes_the_whole_report_unbelievable(key: str, value: object):
    with pytest.raises(ValueError, match=r"is no|is not a valid"):
        decode_report(body(**{key: value}))


def test_a_node_that_does_not_encrypt_says_nothing_of_keys():
    body = encode_report(Report(PEER))
    assert b"key_" not in body
    assert decode_report(body).keys == Keys()
