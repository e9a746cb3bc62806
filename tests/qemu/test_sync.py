"""The configuration over the real SSH servers of two booted nodes."""

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


def test_each_node_can_be_asked_from_the_other_one(keyed: Lab) -> None:
    for name, other in (NODES, NODES[::-1]):
        told = keyed.node(name).run("hactl --peer status", root=True).output
        assert told.startswith(f"{other} (")
        shown = keyed.node(name).run("hactl status --verbose").output
        assert f"model{'':10}QEMU" in shown
