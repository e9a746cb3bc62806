"""The configuration as it stands, without a secret in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.store.files import read_text
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE
from hadaemon.sync.redact import public_tree, scrubber, secrets_of
from hadaemon.sync.tree import FILES
from hadaemon.text.reading import read_toml


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the two files."""

    file: str
    text: str
    """With its comments and in its order."""
    values: Mapping[str, object]
    """The same for programs."""
    beside: tuple[str, ...]
    """Files of `cluster.d/`, which belong to cluster.toml."""


def show_configuration(state: Path, node: bool) -> Shown:
    """`node`: node.toml in place of cluster.toml. Raises HadaemonError: it is not there, or is not TOML, so
    that nobody knows what in it is secret."""
    name = NODE_FILE if node else CLUSTER_FILE
    text = read_text(state / name)
    if text is None:
        todo = "run the set-up (`hactl menu`)" if node else "this node stands alone"
        raise HadaemonError(f"there is no {state / name}: {todo}")
    try:
        raw = read_toml(text)
    except ValueError as error:
        raise HadaemonError(
            f"{state / name}: not TOML ({error}): nobody knows what in it is secret"
        ) from None
    values = public_tree(raw)
    assert isinstance(values, Mapping)
    folder = state / FILES
    beside = (
        ()
        if node
        else tuple(sorted(str(each.relative_to(state)) for each in folder.rglob("*") if each.is_file()))
    )
    return Shown(name, scrubber(secrets_of(text.encode()))(text), values, beside)
