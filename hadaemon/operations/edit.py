"""A file of this node's configuration that a person edits: its text, and the text that is to count instead.

The lock is not held while a person types: what has changed meanwhile is told, and nothing is overwritten
unseen.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from hadaemon.errors import HadaemonError
from hadaemon.operations.apply import Manner, commit
from hadaemon.operations.changing import NodePaths, Outcome, changing
from hadaemon.operations.generations import tree_with
from hadaemon.operations.own_node import OwnNode
from hadaemon.sync.difference import difference
from hadaemon.sync.record import How
from hadaemon.sync.tree import Tree

_COMMAND = "config edit"
_START = "schema = 1\n"

Show = Callable[[Sequence[str]], None]
"""Hears what a text changes, before it counts."""


class Editable(Protocol):
    """What is edited."""

    name: str

    def text(self) -> str:
        """What counts now."""

    def replace(self, text: str, seen: str, show: Show) -> Outcome:
        """Makes it count, if what counts is still `seen`. Raises HadaemonError."""


def check_free(paths: NodePaths) -> None:
    """Who may not change anything, or not now, learns it before he has typed anything."""
    with changing(paths, _COMMAND):
        pass


class ClusterFile:
    """What both nodes share."""

    name = "cluster.toml"

    def __init__(self, paths: NodePaths, manner: Manner) -> None:
        self._paths = paths
        self._manner = manner

    def text(self) -> str:
        """What counts now; without a cluster: the beginning of one."""
        return _text(self._paths.configuration().generations.tree())

    def replace(self, text: str, seen: str, show: Show) -> Outcome:
        """The way of `hactl config apply`."""
        with changing(self._paths, _COMMAND) as (here, holder):
            present = here.generations.tree()
            tree = tree_with(text, present)
            lines = difference(present, tree)
            if _text(present) != seen:
                raise HadaemonError(
                    "\n".join(("the configuration was changed meanwhile; from it to your text:", *lines))
                )
            show(lines)
            return commit(here, tree, How.APPLY, holder, self._manner)


class NodeFile:
    """What is this node's alone."""

    name = "node.toml"

    def __init__(self, paths: NodePaths) -> None:
        self._paths = paths
        self._node = OwnNode(paths.state, paths.control)

    def text(self) -> str:
        """What counts now."""
        return self._node.text()

    def replace(self, text: str, seen: str, show: Show) -> Outcome:
        """Under the same lock as every other change; shows nothing."""
        with changing(self._paths, _COMMAND):
            if self.text() != seen:
                raise HadaemonError("node.toml was changed meanwhile: edit again to save your text over it")
            return Outcome("node.toml is applied", self._node.replace(text))


def _text(tree: Tree | None) -> str:
    return tree.cluster.decode(errors="replace") if tree is not None else _START
