"""The ready configurations that come with the firmware, to be looked at and copied."""

from dataclasses import dataclass
from pathlib import Path

from hadaemon.config.mistakes import did_you_mean
from hadaemon.errors import HadaemonError
from hadaemon.io.store.files import read_text
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE

EXAMPLES = Path("/usr/share/doc/hotspare/setups")


@dataclass(frozen=True, slots=True)
class Example:
    """One of them."""

    name: str
    about: str
    """Its first line."""
    text: str
    """Of cluster.toml."""
    nodes: tuple[str, ...]
    """Paths of each node's node.toml."""


def examples(folder: Path) -> tuple[Example, ...]:
    """All of them, by name. Raises HadaemonError: there are none here."""
    found = tuple(_example(file.parent) for file in sorted(folder.glob(f"*/{CLUSTER_FILE}")))
    if not found:
        raise HadaemonError(f"there are no examples in {folder}: docs/setups of the manual has them")
    return found


def example(folder: Path, name: str) -> Example:
    """Raises HadaemonError: there is none of that name."""
    found = {each.name: each for each in examples(folder)}
    if name not in found:
        raise HadaemonError(f'there is no example "{name}": {did_you_mean(name, found, "there are")}')
    return found[name]


def _example(folder: Path) -> Example:
    text = read_text(folder / CLUSTER_FILE) or ""
    nodes = tuple(str(file) for file in sorted(folder.glob(f"*/{NODE_FILE}")))
    return Example(folder.name, text.partition("\n")[0].lstrip("# "), text, nodes)
