"""What a heartbeat says is cut to the size of a message, the least important first."""

from dataclasses import replace

from hadaemon.cluster import NodeState
from hadaemon.hotwire.message import MAX_BODY
from hadaemon.hotwire.report import decode_report, encode_report
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
LONGEST = FirmwareReport(True, True, "2" * 40, True, True, True, PLAN)


def test_texts_that_do_not_fit_even_when_they_are_short_are_left_out_whole():
    """One character may be six on the wire."""
    vitals = Vitals("1" * 32, 1 << 40, "c" * 16, 1 << 20, 99.5, "ü" * 64, 64, 1 << 40, LONGEST)
    body = encode_report(Report(replace(PEER, unready="ü" * 200), vitals))
    assert len(body) <= MAX_BODY
    told = decode_report(body)
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
