"""Another configuration for a node that runs, as an administrator applies it there."""

import textwrap
from collections.abc import Mapping

from firmware.lab.node import Node

APPLY_SECONDS = 180.0
_FOLDER = "/run/given"


def apply_configuration(node: Node, files: Mapping[str, str]) -> None:
    """`files`: the text of each, by its path in the folder that is applied: cluster.toml and those of
    cluster.d. Raises LabError: the node refuses it."""
    node.run(f"rm -rf {_FOLDER}", root=True)
    for name, content in files.items():
        path = f"{_FOLDER}/{name}"
        node.run(
            f"mkdir -p $(dirname {path}) && cat > {path} <<'END'\n{textwrap.dedent(content)}\nEND\n",
            root=True,
        )
    node.run(f"hactl config apply {_FOLDER}", root=True, seconds=APPLY_SECONDS)
