"""The configurations that this node had, and what differs between them, the peer's and a file."""

from dataclasses import dataclass
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text
from hadaemon.io.store.trees import read_tree
from hadaemon.operations.changing import NodePaths
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.sync.difference import difference
from hadaemon.sync.errors import SyncError
from hadaemon.sync.record import Record
from hadaemon.sync.tree import CLUSTER, Tree, make_tree


@dataclass(frozen=True, slots=True)
class Generations:
    """What is kept, the newest first."""

    records: tuple[Record, ...]
    current: Record | None
    seconds_left: float | None
    """Until the current one goes back; None: it waits for no confirmation."""


def list_generations(paths: NodePaths) -> Generations:
    """Raises HadaemonError."""
    here = paths.configuration()
    return Generations(tuple(here.generations.records()), here.generations.current(), here.seconds_left())


def difference_since(paths: NodePaths, number: int | None) -> tuple[str, ...]:
    """From a generation to the present configuration; by default from the one before."""
    here = paths.configuration()
    older = here.generations.read(older_generation(here, number))
    return difference(older, here.generations.tree())


def difference_to_path(paths: NodePaths, path: Path) -> tuple[str, ...]:
    """What would change if the file or the folder were applied."""
    present = paths.configuration().generations.tree()
    return difference(present, tree_from(path, present))


def difference_to_peer(paths: NodePaths) -> tuple[str, ...]:
    """From this node's configuration to the peer's."""
    # Here and not above: whoever looks at this node alone does not wait for what speaks to the other one.
    from hadaemon.operations.peer import peer_of

    present = paths.configuration().generations.tree()
    with peer_of(paths.state) as peer:
        return difference(present, peer.read())


def older_generation(here: OwnConfiguration, number: int | None) -> Record:
    """The one of that number; None: the one before the current. Raises SyncError."""
    records, current = here.generations.records(), here.generations.current()
    if number is None:
        others = records[records.index(current) + 1 :] if current in records else records
        if not others:
            raise SyncError("there is no older generation")
        return others[0]
    found = [record for record in records if record.head.generation == number]
    if not found:
        kept = ", ".join(str(record.head.generation) for record in records) or "none"
        raise SyncError(f"there is no generation {number}: kept are {kept}")
    return found[0]


def tree_from(path: Path, present: Tree | None) -> Tree:
    """A folder is the whole configuration; a file is cluster.toml, and the files that belong to it stay."""
    if path.is_dir():
        return read_tree(path)
    text = read_text(path)
    if text is None:
        raise FileError(f"{path}: there is no such file")
    return tree_with(text, present, str(path))


def tree_with(text: str, present: Tree | None, where: str = CLUSTER) -> Tree:
    """The present configuration with this text as its cluster.toml."""
    belonging = present.belonging if present is not None else {}
    return make_tree({**belonging, CLUSTER: text.encode()}, where)
