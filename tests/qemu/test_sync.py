"""The configuration over the real SSH servers of two booted nodes."""

from collections.abc import Callable, Iterator

import pytest

from firmware.lab.keys import exchange_keys
from firmware.lab.lab import Lab
from firmware.lab.node import Node
from firmware.lab.opening import READY, Place, Say

NODES = ("alpha", "beta")
CHANGED = "/tmp/changed.toml"


def _introduce(lab: Lab, _say: Say) -> None:
    exchange_keys(lab.node("alpha"), lab.node("beta"))


KEYED = Place(_introduce, READY)
"""Both hold each other's keys, as two administrators with a telephone exchange them."""


@pytest.fixture
def keyed(open_pair: Callable[[Place], Lab]) -> Iterator[Lab]:
    """The pair, and each node can ask the other one."""
    with open_pair(KEYED) as lab:
        yield lab


def change(node: Node, comment: str) -> None:
    """Applies a change on one node that neither moves an address nor changes a role."""
    read = "cat /data/state/cluster.toml"
    node.run(f"({read}; echo '# {comment}') > {CHANGED} && hactl config apply {CHANGED}", root=True)


def wait_for_sync(lab: Lab, state: str) -> None:
    for node in lab.nodes.values():
        node.wait_until(f"hactl status | grep '^configuration: {state}'")


@pytest.mark.parametrize("name,other", [NODES, NODES[::-1]])
def test_a_change_goes_to_the_other_node_and_moves_nothing(keyed: Lab, name: str, other: str) -> None:
    node = keyed.node(name)
    change(node, f"of {name}")
    wait_for_sync(keyed, "pending")
    told = node.run("hactl config sync --to-peer --yes", root=True).output
    assert "are synchronized" in told
    wait_for_sync(keyed, "synchronized")
    assert f"# of {name}" in keyed.node(other).run("cat /data/state/cluster.toml", root=True).output
    assert (keyed.node("alpha").state(), keyed.node("beta").state()) == ("active", "backup")


def test_each_node_can_be_asked_from_the_other_one(keyed: Lab) -> None:
    for name, other in (NODES, NODES[::-1]):
        told = keyed.node(name).run("hactl --peer status", root=True).output
        assert told.startswith(f"{other} (")
        shown = keyed.node(name).run("hactl status --verbose").output
        assert f"model{'':10}QEMU" in shown


@pytest.mark.nightly
def test_nodes_of_one_firmware_have_nothing_to_fetch(keyed: Lab) -> None:
    for name in NODES:
        told = keyed.node(name).run("hactl firmware sync", root=True).output
        assert "nothing to do: both nodes run dev" in told
        assert "firmware: synchronized" in keyed.node(name).run("hactl status").output
