"""The verdict on the pair: would a takeover work now? From the facts of the status alone."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.control.codec import encode
from hadaemon.operations.asking import understood_status
from hadaemon.problems import Problem, kinds
from hadaemon.problems.kinds import Loss
from hadaemon.status.pair import judged
from hadaemon.status.status import Status
from hadaemon.status.verdict import Redundancy
from tests.unit.cli.answers import Answer, alone, pair

HEARD = {"state": "active", "port": "lan", "address": "192.0.2.2", "priority": 253, "last_heard": 0.2}
UNPAIRED = {"state": "not-paired", "port": "hotwire"}


def judge(answer: Answer | None = None, **changes: Any) -> Status:
    """With some values changed: `hotwire__peer__state`."""
    raw = deepcopy(pair() if answer is None else answer)
    for path, value in changes.items():
        *outer, last = path.split("__")
        table = raw
        for name in outer:
            table = table[name]
        table[last] = value
    return judged(understood_status(raw).node)


def said(**changes: Any) -> str:
    return str(judge(**changes).verdict)


def wrong(kind: kinds.Kind, text: str = "something") -> list[dict[str, Any]]:
    return [encode(Problem(kind, "", text))]


def test_two_well_nodes_are_redundant_and_nothing_is_wrong():
    status = judge()
    assert str(status.verdict) == "redundant"
    assert status.status.problems == ()


@pytest.mark.parametrize(
    "changes,verdict",
    [
        (
            {"hotwire__peer__links_down": 1, "hotwire__peer__links": [["lan", False], ["wan", True]]},
            "degraded: beta has lost 1 of its HA interfaces (lan)",
        ),
        (
            {"hotwire__peer__links_down": 2, "hotwire__peer__links": [["lan", False], ["wan", False]]},
            "no redundancy: beta could not take over: none of its HA interfaces can serve",
        ),
        (
            {"hotwire__peer__failed_groups": 1},
            "degraded: beta has 1 failed ping groups, checks or services, or missing routes",
        ),
        ({"hotwire__peer__suspended": True}, "degraded: beta has switched too often, and is suspended"),
        (
            {"hotwire__peer__unready": "the other node's connections are not all here"},
            "degraded: beta is not ready: the other node's connections are not all here",
        ),
        (
            {"hotwire__peer__upgrade__slot_bad": True},
            "degraded: beta has a firmware slot that cannot be started",
        ),
        (
            {"hotwire__peer__deaf": True},
            "degraded: the other node is heard over the hotwire and does not hear this one",
        ),
        (
            {"hotwire__peer__state": "maintenance"},
            "no redundancy: beta could not take over: it is in state maintenance",
        ),
        ({"hotwire__peer__state": "fault"}, "no redundancy: beta could not take over: it is in state fault"),
        ({"hotwire__peer__state": "off"}, "no redundancy: beta could not take over: it is in state off"),
        (
            {"hotwire__peer__state": "active"},
            "split: both nodes are active: beta says so over the hotwire, and so is this one",
        ),
        (
            {"sync__state": "pending", "sync__reason": "alpha is newer"},
            "degraded: configuration: pending: alpha is newer",
        ),
        ({"sync__state": "error", "sync__reason": "too old"}, "degraded: configuration: error: too old"),
        (
            {"firmware__pair__state": "pending", "firmware__pair__reason": "1.0 and 2.0"},
            "degraded: firmware: 1.0 and 2.0",
        ),
        (
            {"status__state": "maintenance", "status__maintenance": True},
            "no redundancy: the node is in maintenance: it takes no part in the cluster",
        ),
        ({"status__problems": wrong(kinds.SLOT_BAD)}, "degraded: something"),
        ({"status__problems": wrong(kinds.CONNECTIONS)}, "degraded: something"),
        ({"status__problems": wrong(kinds.SUSPENDED)}, "degraded: something"),
        ({"status__problems": wrong(kinds.DISK_FULL)}, "redundant"),
    ],
)
def test_what_takes_redundancy_away_counts_at_once_and_is_a_problem(changes: dict[str, Any], verdict: str):
    status = judge(**changes)
    assert str(status.verdict) == verdict
    reason = verdict.partition(": ")[2]
    assert not reason or reason in [problem.text for problem in status.status.problems]


@pytest.mark.parametrize("state", ["down", "silent"])
def test_an_active_node_that_does_not_hear_the_other_one_has_none(state: str):
    assert said(hotwire__state=state) == "no redundancy: the other node is not heard over the hotwire"
    kind = kinds.HOTWIRE_DOWN if state == "down" else kinds.HOTWIRE_SILENT
    reason = wrong(kind, "check the cable")
    assert said(hotwire__state=state, status__problems=reason) == "no redundancy: check the cable"


def test_a_backup_that_hears_the_active_node_would_take_over_without_the_hotwire_too():
    backup = {"status__state": "backup", "status__peer": HEARD, "status__hotwire": None}
    assert said(**backup, hotwire__state="silent", status__problems=wrong(kinds.HOTWIRE_SILENT)) == (
        "degraded: something"
    )
    unpaired = {"hotwire": UNPAIRED, "status__problems": wrong(kinds.NOT_PAIRED, "not paired")}
    assert said(**backup, **unpaired) == "degraded: not paired"
    assert said(status__hotwire=None, **unpaired) == "no redundancy: not paired"


def test_nobody_is_active():
    nobody = "no redundancy: neither node is active: nobody answers for the virtual addresses"
    assert said(status__state="backup") == nobody
    short = judge(status__state="backup", status__since=1.0)
    assert (str(short.verdict), short.status.problems) == (nobody, ()), "it has only begun to listen"
    assert said(status__state="backup", status__hotwire__node_state="active") == "redundant"
    assert said(status__state="backup", status__peer=HEARD) == "redundant"


def test_a_backup_without_any_link_could_not_take_over():
    blind = {"status__state": "backup", "status__hotwire__node_state": "active"}
    assert said(**blind, status__score__links_down=1) == "redundant", "its problem says it: it is not here"
    down = wrong(kinds.LINK_DOWN, "no carrier")
    assert said(**blind, status__score__links_down=1, status__problems=down) == "degraded: no carrier"
    assert said(**blind, status__score__links_down=2, status__problems=down) == "no redundancy: no carrier"


def test_an_active_node_without_a_hotwire_does_not_know():
    verdict = judge(alone()).verdict
    assert verdict is not None
    assert verdict.redundancy is Redundancy.UNKNOWN


def test_a_hand_over_that_is_under_way_is_no_split():
    assert said(hotwire__peer__state="active", hotwire__peer__releasing=True) == "redundant"
    assert said(hotwire__peer__state="active", status__phase="releasing") == "redundant"


def test_a_node_that_takes_no_part():
    assert said(status__state="off", status__reason="not enabled").startswith(
        "no redundancy: this node is off"
    )
    refused = {"configuration": "refused", "status__cluster": None, "status__state": "off"}
    assert said(**refused, status__problems=wrong(kinds.CONFIGURATION, "ports.lan: no MAC")) == (
        "no redundancy: ports.lan: no MAC"
    )
    assert judge(configuration="stand-alone", status__cluster=None, status__state="off").verdict is None


def test_the_worst_comes_first_and_each_is_told_once():
    problems = [
        encode(Problem(kind, str(number), text))
        for number, (kind, text) in enumerate(
            [(kinds.SLOT_BAD, "slot"), (kinds.PEER_DEAD, "dead"), (kinds.PEER_AWAY, "dead")]
        )
    ]
    status = judge(status__problems=problems)
    assert status.verdict is not None
    assert status.verdict.reasons == ("dead", "slot")
    assert str(status.verdict) == "no redundancy: dead (and 1 more)"


@given(st.lists(st.sampled_from(kinds.KINDS)), st.sampled_from(["active", "backup"]))
def test_no_problem_that_costs_redundancy_is_called_redundant(found: list[kinds.Kind], state: str):
    problems = [encode(Problem(kind, str(number), "")) for number, kind in enumerate(found)]
    other = "backup" if state == "active" else "active"
    changes = {"status__state": state, "status__hotwire__node_state": other, "hotwire__peer__state": other}
    verdict = judge(**changes, status__problems=problems).verdict
    assert verdict is not None
    worst = max((kind.loss for kind in found), default=Loss.NOTHING)
    assert (
        verdict.redundancy
        == {
            Loss.NOTHING: "redundant",
            Loss.PART: "degraded",
            Loss.ALL: "no redundancy",
            Loss.SPLIT: "split",
        }[worst]
    )
