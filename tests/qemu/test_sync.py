"""The configuration over the real SSH servers of two booted nodes."""

import json
from collections.abc import Callable, Iterator

import pytest

from firmware.lab.keys import exchange_keys
from firmware.lab.lab import Lab
from firmware.lab.opening import READY, Place, Say

NODES = ("alpha", "beta")


def _introduce(lab: Lab, _say: Say) -> None:
    exchange_keys(lab.node("alpha"), lab.node("beta"))


KEYED = Place(_introduce, READY)
"""Both hold each other's keys, as two administrators with a telephone exchange them."""


@pytest.fixture
def keyed(open_pair: Callable[[Place], Lab]) -> Iterator[Lab]:
    """The pair, and each node can ask the other one."""
    with open_pair(KEYED) as lab:
        yield lab


READING = (
    "status",
    "history",
    "alarms",
    "check",
    "connections",
    "config show",
    "config check",
    "config history",
    "config diff",
    "key show",
    "firmware status",
)


def test_the_other_node_answers_programs(keyed: Lab) -> None:
    """Each command that reads, as the manual has it."""
    alpha = keyed.node("alpha")
    change = "(cat /data/state/cluster.toml; echo '# another generation') > /tmp/changed.toml"
    apply = "hactl config apply /tmp/changed.toml && hactl config sync --to-peer --yes"
    alpha.run(f"{change} && {apply}", root=True)
    for command in READING:
        # A check ends with 1 here: there is nobody who knows names.
        answer = json.loads(alpha.run(f"hactl --peer {command} --json || true", root=True).output)
        assert answer["schema"] >= 1, command


def test_each_node_can_be_asked_from_the_other_one(keyed: Lab) -> None:
    for name, other in (NODES, NODES[::-1]):
        told = keyed.node(name).run("hactl --peer status", root=True).output
        assert told.splitlines()[1].startswith(f"{other} (")
        shown = keyed.node(name).run("hactl status --verbose").output
        assert f"model{'':10}QEMU" in shown
