"""The configuration over the real SSH servers of two booted nodes."""

import shlex

import pytest

from firmware.lab.lab import Lab

NODES = ("alpha", "beta")


@pytest.fixture(scope="module")
def trusted(quiet_pair: Lab) -> None:
    """Both hold each other's keys, as two administrators with a telephone exchange them."""
    keys = {}
    for name in NODES:
        node = quiet_pair.node(name)
        node.run("hactl key generate", root=True, check=False)  # It may have one from an earlier test.
        keys[name] = node.run("cat /data/state/identity/ssh_ed25519.pub", root=True).output.strip()
    for name, other in (NODES, reversed(NODES)):
        quiet_pair.node(name).run(f"echo {shlex.quote(keys[other])} | hactl key trust - --yes", root=True)


@pytest.fixture
def keyed(trusted: None, pair: Lab) -> Lab:
    """The pair, and each node can ask the other one."""
    for node in pair.nodes.values():
        node.wait_until("hactl --peer status", root=True)
    return pair


def test_each_node_can_be_asked_from_the_other_one(keyed: Lab) -> None:
    for name, other in (NODES, NODES[::-1]):
        told = keyed.node(name).run("hactl --peer status", root=True).output
        assert told.startswith(f"{other} (")
        shown = keyed.node(name).run("hactl status --verbose").output
        assert f"model{'':10}QEMU" in shown
