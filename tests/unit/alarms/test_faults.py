"""What the status says, as faults: each has its word, and nothing is told twice."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hadaemon.alarms import upkeep
from hadaemon.alarms.faults import faults, knows_active, ready_peer
from hadaemon.alarms.model import Severity
from hadaemon.cluster.damping import Damping
from hadaemon.config import ElectionConfig
from hadaemon.runtime.hotwire_status import _ALARMS, NOT_PAIRED

WELL: dict[str, Any] = {
    "configuration": "cluster",
    "status": {
        "node": "alpha",
        "state": "active",
        "reason": "nobody else advertised",
        "maintenance": False,
        "suspended": None,
        "interfaces": [{"port": "lan", "link": "up"}, {"port": "wan", "link": "up"}],
        "ping_groups": [{"name": "isp", "failed": False, "failed_hosts": []}],
        "peer": None,
        "hotwire": {"state": "alive", "node": "beta", "node_state": "backup", "ready": True, "unready": ""},
        "problems": [],
    },
    "hotwire": {
        "state": "up",
        "port": "hotwire",
        "last_word": "",
        "last_heard": 0.1,
        "peer": {"deaf": False},
    },
    "services": [
        {"unit": "a.service", "wanted": True, "state": "up"},
        {"unit": "b.service", "wanted": False, "state": "down"},
    ],
    "sync": {"state": "synchronized", "reason": "both nodes have generation 3"},
    "firmware": {"pair": {"state": "synchronized", "reason": "both nodes run 1"}},
}


def found(**changes: Any) -> list[tuple[str, str]]:
    """Kinds and resources with some values changed: `hotwire__state`, `status__hotwire__ready`."""
    return [(fault.kind.word, fault.resource) for fault in faults(report(**changes))]


def report(**changes: Any) -> dict[str, Any]:
    raw = deepcopy(WELL)
    for path, value in changes.items():
        *outer, last = path.split("__")
        table = raw
        for name in outer:
            table = table[name]
        table[last] = value
    return raw


def test_all_is_well():
    assert found() == []


@pytest.mark.parametrize(
    "changes,expected",
    [
        ({"configuration": "refused", "status__problems": ["x: is wrong"]}, "configuration-refused"),
        ({"status__state": "fault"}, "node-fault"),
        ({"status__maintenance": True}, "maintenance"),
        ({"status__suspended": "suspended after 6 switches"}, "suspended"),
        ({"hotwire__state": "not-paired"}, "not-paired"),
        ({"hotwire__state": "down"}, "hotwire-down"),
        ({"hotwire__state": "silent"}, "hotwire-silent"),
        ({"hotwire__state": "silent", "hotwire__last_word": "shutdown"}, "peer-away"),
        ({"hotwire__state": "silent", "hotwire__last_heard": None}, "peer-away"),
        ({"hotwire__state": "silent", "status__hotwire__state": "dead"}, "peer-dead"),
        ({"hotwire__state": "silent", "status__peer": {"state": "silent"}}, "peer-dead"),
        ({"status__hotwire__ready": False, "status__hotwire__unready": "no carrier"}, "peer-unready"),
        ({"sync": {"state": "pending", "reason": "x"}}, "sync-pending"),
        ({"sync": {"state": "error", "reason": "x"}}, "sync-error"),
        ({"firmware__pair": {"state": "pending", "reason": "x"}}, "firmware-differs"),
        ({"status__problems": ["connections: conntrackd does not run"]}, "connections"),
    ],
)
def test_a_fault_of_the_node_has_its_word(changes: dict[str, Any], expected: str):
    assert found(**changes) == [(expected, "")]


def test_faults_of_parts_name_them():
    assert found(status__interfaces=[{"port": "lan", "link": "down"}, {"port": "wan", "link": "absent"}]) == [
        ("link-down", "lan"),
        ("link-down", "wan"),
    ]
    assert found(status__ping_groups=[{"name": "isp", "failed": True, "failed_hosts": ["192.0.2.1"]}]) == [
        ("ping-failed", "isp")
    ]
    service = [{"unit": "a.service", "wanted": True, "state": "failed"}]
    assert found(services=service, status__problems=["a.service: does not stay up"]) == [
        ("service-failed", "a.service")
    ]
    assert found(status__problems=["port dmz: no carrier, and the virtual addresses are on it"]) == [
        ("link-down", "dmz")
    ]


def test_a_cable_that_is_out_when_the_other_one_died_is_both():
    assert found(hotwire__state="down", status__hotwire__state="dead") == [
        ("hotwire-down", ""),
        ("peer-dead", ""),
    ]


@pytest.mark.parametrize("text", _ALARMS.values())
def test_a_foreigner_on_the_hotwire(text: str):
    assert found(status__problems=[f"hotwire: {text}"]) == [("hotwire-foreign", "")]


@pytest.mark.parametrize(
    "problem",
    [
        NOT_PAIRED,
        "the hotwire is silent: check its cable; preference moves nothing until it speaks again",
        "hotwire: beta has been silent for 12 s",
        "port lan: no carrier: check the cable and the switch port",
        "port lan: no own address is on it, so nothing can be sent: check it",
        "port lan: the network card is gone: look for a hardware fault in the journal",
        "ping group isp: 192.0.2.1 do not answer",
        f"this node is {Damping(ElectionConfig())}",
    ],
)
def test_a_problem_that_has_a_word_of_its_own_is_not_told_twice(problem: str):
    assert found(status__problems=[problem]) == []


def test_any_other_problem_is_one_whatever_its_numbers():
    one, two = (found(status__problems=[f"something took {number} s"]) for number in ("1.5", "27"))
    assert one == two
    assert one[0][0] == "problem"
    assert found(
        status__problems=["port lan: 52:54:00:00:00:01 answers for the virtual address 1.2.3.4 too"]
    )[0][0] == ("address-conflict")


def test_who_tells_what_both_see():
    assert not knows_active(report())
    assert knows_active(report(status__hotwire__node_state="active"))
    assert knows_active(report(status__hotwire=None, status__peer={"state": "active"}))


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
