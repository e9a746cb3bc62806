"""The configuration over the real SSH servers of two nodes."""

import shlex

import pytest

from tests.lab.container import Container

from .pair import ContainerPair

NODES = ("alpha", "beta")
CHANGED = "/tmp/changed.toml"


@pytest.fixture(scope="module")
def trusted(image_pair: ContainerPair) -> None:
    """Both hold each other's keys, as two administrators with a telephone exchange them."""
    keys = {}
    for name in NODES:
        node = image_pair.node(name)
        node.run("hactl key generate", root=True)
        keys[name] = node.run("cat /data/state/identity/ssh_ed25519.pub", root=True).output.strip()
    for name, other in (NODES, reversed(NODES)):
        image_pair.node(name).run(f"echo {shlex.quote(keys[other])} | hactl key trust - --yes", root=True)


@pytest.fixture
def keyed(trusted: None, pair: ContainerPair) -> ContainerPair:
    """The pair, and each node can ask the other one."""
    for node in pair.nodes.values():
        node.wait_until("hactl --peer status", root=True)
    return pair


def change(node: Container, comment: str) -> None:
    """Applies a change on one node that neither moves an address nor changes a role."""
    read = "cat /data/state/cluster.toml"
    node.run(f"({read}; echo '# {comment}') > {CHANGED} && hactl config apply {CHANGED}", root=True)


def wait_for_sync(pair: ContainerPair, state: str) -> None:
    for node in pair.nodes.values():
        node.wait_until(f"hactl status | grep '^configuration: {state}'")


@pytest.mark.parametrize("name,other", [NODES, NODES[::-1]])
def test_a_change_goes_to_the_other_node_and_moves_nothing(
    keyed: ContainerPair, name: str, other: str
) -> None:
    node = keyed.node(name)
    change(node, f"of {name}")
    wait_for_sync(keyed, "pending")
    told = node.run("hactl config sync --to-peer --yes", root=True).output
    assert "are synchronized" in told
    wait_for_sync(keyed, "synchronized")
    assert f"# of {name}" in keyed.node(other).run("cat /data/state/cluster.toml", root=True).output
    assert (keyed.node("alpha").state(), keyed.node("beta").state()) == ("active", "backup")


def test_nodes_of_one_firmware_have_nothing_to_fetch(keyed: ContainerPair) -> None:
    for name in NODES:
        told = keyed.node(name).run("hactl firmware sync", root=True).output
        assert "nothing to do: both nodes run dev" in told
        assert "firmware: synchronized" in keyed.node(name).run("hactl status").output
