"""Which problem each fault of the hotwire is: its alarm follows from that, and not from its words."""

from types import SimpleNamespace
from typing import Any

import pytest

from hadaemon.daemon.hotwire.status import NOT_PAIRED, problems
from hadaemon.hotwire.message import DropReason

UP = SimpleNamespace(name="eth2", carrier=True)
PULLED = SimpleNamespace(name="eth2", carrier=False)


def told(peer_is_dead: bool = False, **changes: Any) -> list[tuple[str, str]]:
    """Kinds and resources with some facts changed; of a hotwire on which all is well there are none."""
    heartbeat = {"alive": True, "heard_at": 99.0, "peer_name": "beta", "dropped_at": {}}
    heartbeat |= {name: changes.pop(name) for name in tuple(changes) if name in heartbeat}
    facts = {"link": UP, "failure": None, "last_word": "", **changes}
    port = SimpleNamespace(name="hotwire", mac="52:54:00:48:0a:03")
    hotwire: Any = SimpleNamespace(
        plan=SimpleNamespace(port=port), heartbeat=SimpleNamespace(**heartbeat), **facts
    )
    return [(each.kind.word, each.resource) for each in problems(hotwire, peer_is_dead, 100.0)]


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, []),
        ({"link": None, "alive": False}, ["hotwire-down"]),
        ({"link": PULLED, "alive": False}, ["hotwire-down"]),
        ({"failure": "no socket", "alive": False}, ["hotwire-down"]),
        ({"alive": False}, ["hotwire-silent"]),
        ({"alive": False, "heard_at": None}, ["peer-away"]),
        ({"alive": False, "last_word": "shutdown"}, ["peer-away"]),
        ({"alive": False, "last_word": "shutdown", "peer_is_dead": True}, ["peer-away"]),
        ({"alive": False, "peer_is_dead": True}, ["peer-dead"]),
        ({"alive": False, "heard_at": None, "peer_is_dead": True}, ["peer-dead"]),
        ({"alive": False, "link": PULLED, "peer_is_dead": True}, ["hotwire-down", "peer-dead"]),
    ],
)
def test_a_hotwire_that_does_not_carry_has_its_kind(changes: dict[str, Any], expected: list[str]):
    assert told(**changes) == [(kind, "") for kind in expected]


@pytest.mark.parametrize("reason", list(DropReason))
def test_only_somebody_else_on_the_cable_is_foreign(reason: DropReason):
    """A peer with another version is no stranger: it is to be upgraded."""
    foreign = {
        DropReason.WRONG_KEY,
        DropReason.THIRD_BOX,
        DropReason.OWN_NAME,
        DropReason.WRONG_SOURCE,
    }
    versions = {DropReason.OLDER_VERSION, DropReason.NEWER_VERSION}
    expected = [("hotwire-foreign", "")] if reason in foreign else []
    expected += [("problem", "hotwire/version")] if reason in versions else []
    assert told(dropped_at={reason: 50.0}) == expected
    assert told(dropped_at={reason: 30.0}) == [], "a minute ago"


def test_nodes_that_are_not_paired():
    assert (NOT_PAIRED.kind.word, NOT_PAIRED.resource) == ("not-paired", "")
