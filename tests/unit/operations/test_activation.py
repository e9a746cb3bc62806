"""The cluster works or rests, on this node or on both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hadaemon.config import load_cluster
from hadaemon.io.store.identity import Identity
from hadaemon.operations import activation, apply
from hadaemon.operations.activation import set_enabled
from hadaemon.operations.apply import Where, apply_text
from hadaemon.operations.changing import NodePaths
from hadaemon.sync.errors import SyncError
from hadaemon.sync.head import Head
from hadaemon.sync.plan import Side
from hadaemon.sync.tree import Tree
from tests.unit.operations.test_own_configuration import CLUSTER, NODE

COMMENTED = f"# in the cellar\n{CLUSTER}"


class Beta:
    """The other node: what it was sent counts there."""

    schema = 1

    def __init__(self, head: Head) -> None:
        self.side = Side("beta", head, "alpha")
        self.tree: Tree | None = None
        self.answers = True

    def lock(self, _: object) -> Side:
        return self.side

    def check(self, tree: Tree) -> tuple[str, ...]:
        self.tree = tree
        return ()

    def commit(self, head: Head, *_: object, **__: object) -> tuple[str, ...]:
        self.side = replace(self.side, head=head)
        return ()

    def digest(self) -> str:
        return self.side.head.digest


@pytest.fixture
def paths(tmp_path: Path) -> NodePaths:
    for name in ("state", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "state/node.toml").write_text(NODE)
    return NodePaths(tmp_path / "state", tmp_path / "run", tmp_path / "no-daemon")


@pytest.fixture
def beta(paths: NodePaths, monkeypatch: pytest.MonkeyPatch) -> Beta:
    """Paired, and equal."""
    apply_text(paths, COMMENTED)
    other = Beta(paths.configuration().generations.head())

    @contextmanager
    def peer_of(_: Path) -> Iterator[Beta]:
        if not other.answers:
            raise SyncError("the other node does not answer")
        yield other

    for module in (activation, apply):
        monkeypatch.setattr(module, "peer_of", peer_of)
    monkeypatch.setattr(Identity, "paired", property(lambda _: True))
    return other


def enabled(paths: NodePaths) -> bool:
    text = (paths.state / "cluster.toml").read_text()
    assert text.startswith("# in the cellar\n")
    return load_cluster(text).enabled


def test_both_nodes_rest_and_work_whatever_sync_says(paths: NodePaths, beta: Beta):
    done = set_enabled(paths, False, Where.BOTH)
    assert done.done == "the cluster is deactivated: generation 2 is applied on alpha and beta"
    assert beta.side.head == paths.configuration().generations.head()
    assert not enabled(paths)
    assert not set_enabled(paths, False, Where.BOTH).changed
    assert set_enabled(paths, True, Where.BOTH).done.endswith("generation 3 is applied on alpha and beta")
    assert enabled(paths)


def test_one_node_alone_can_be_followed_by_the_other(paths: NodePaths, beta: Beta):
    assert set_enabled(paths, False, Where.HERE).done.endswith("generation 2 is applied on alpha")
    assert (beta.side.head.generation, enabled(paths)) == (1, False)
    assert not set_enabled(paths, False, Where.AS_CONFIGURED).changed
    assert set_enabled(paths, False, Where.BOTH).done.endswith("on alpha and beta")
    assert beta.side.head == paths.configuration().generations.head()


def test_nothing_changes_while_the_other_node_does_not_answer(paths: NodePaths, beta: Beta):
    beta.answers = False
    with pytest.raises(SyncError, match="does not answer"):
        set_enabled(paths, False, Where.BOTH)
    assert enabled(paths)


def test_what_the_other_node_has_of_its_own_is_not_overwritten(paths: NodePaths, beta: Beta):
    beta.side = replace(beta.side, head=replace(beta.side.head, digest="f" * 64))
    with pytest.raises(SyncError, match="nothing was changed: the peer has a configuration that"):
        set_enabled(paths, False, Where.BOTH)
    assert enabled(paths)
    assert beta.tree is None


def test_a_node_that_is_not_paired_is_alone(paths: NodePaths):
    apply_text(paths, COMMENTED)
    assert set_enabled(paths, False, Where.BOTH).done.endswith("generation 2 is applied on alpha")
    (paths.state / "cluster.toml").unlink()
    with pytest.raises(SyncError, match="is in no cluster: create or join one"):
        set_enabled(paths, False, Where.BOTH)
