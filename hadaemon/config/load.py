"""The ways in: text of a file to validated configuration, or ConfigError with every mistake."""

import re
import tomllib
from collections.abc import Callable
from typing import TypeVar

from hadaemon.config import migrate
from hadaemon.config.address_book import File
from hadaemon.config.cluster import read_cluster
from hadaemon.config.migrate import Kind, Raw
from hadaemon.config.mistakes import ConfigError
from hadaemon.config.model import Admin, ClusterConfig, NodeConfig, Preseed
from hadaemon.config.node import read_node
from hadaemon.config.nodes import NOTHING_SHARED, Shared, shared_in
from hadaemon.config.objects import Lists
from hadaemon.config.pair import note_pair_mistakes
from hadaemon.config.preseed import read_admin, read_preseed
from hadaemon.config.reader import Mistakes, Table
from hadaemon.text.reading import NestedTooDeeply, read_toml

MAX_CHARACTERS = 1 << 20
"""A real configuration has some thousand; more is a mistake or an attack."""

BYTE_ORDER_MARK = "\ufeff"
"""Some editors write it at the beginning of a file; it means nothing in UTF-8."""

T = TypeVar("T")

_TOML_PLACE = re.compile(r"(?P<what>.*) \((?:at )?(?P<place>.*)\)\Z", re.DOTALL)


def load_node(text: str, file: str = "node.toml", shared: Shared = NOTHING_SHARED) -> NodeConfig:
    """Validates node.toml, with what cluster.toml says of its ports (`shared_ports`)."""
    return _load(text, file, Kind.NODE, lambda table: read_node(table, shared))


def load_cluster(
    text: str, file: str = "cluster.toml", node: str = "", lists: Lists | None = None
) -> ClusterConfig:
    """Validates cluster.toml on its own, as that node has it; `check_pair` compares it with the node.
    `lists`: the files below cluster.d/networks/, by name; None: they are not known, and not looked at."""
    return _load(text, file, Kind.CLUSTER, lambda table: read_cluster(table, node, lists))


def shared_ports(node_text: str, cluster_text: str | None, file: str = "cluster.toml") -> Shared:
    """What cluster.toml says of the ports of a node.toml. Nothing where one of the two cannot be read:
    whoever loads it says why."""
    try:
        name = parse(node_text, "").get("name")
        raw = parse(cluster_text or "", file)
    except ConfigError:
        return NOTHING_SHARED
    return shared_in(Table(raw, "", Mistakes(file)), name) if isinstance(name, str) else NOTHING_SHARED


def load_preseed(text: str, file: str = "preseed.toml") -> Preseed:
    """Validates preseed.toml, the pair of node and cluster included."""
    return _load(text, file, Kind.PRESEED, read_preseed)


def load_admin(text: str, file: str = "admin.toml") -> Admin:
    """Validates admin.toml."""
    return _load(text, file, Kind.ADMIN, read_admin)


def check_preseed(raw: dict[str, object], file: str = "preseed.toml") -> Preseed:
    """The same for what is already a table, as the setup menu makes it."""
    return _check(raw, file, Kind.PRESEED, read_preseed)


def check_cluster(raw: dict[str, object], file: str = "cluster.toml") -> ClusterConfig:
    """Validates the table of a cluster.toml."""
    return _check(raw, file, Kind.CLUSTER, read_cluster)


def check_pair(
    node: NodeConfig,
    cluster: ClusterConfig,
    cluster_file: str = "cluster.toml",
    node_file: str = "node.toml",
) -> None:
    """Holds the cluster's ports and addresses against the node's; raises ConfigError."""
    mistakes = Mistakes(cluster_file)
    places = {File.NODE: (node_file, ""), File.CLUSTER: (cluster_file, "")}
    note_pair_mistakes(node, cluster, places, mistakes)
    mistakes.found[:] = [node.shared.placed(each, node_file) for each in mistakes.found]
    _raise_if_any(mistakes)


def parse(text: str, file: str) -> Raw:
    """The table of a file, not validated yet. Raises ConfigError when it is no TOML."""
    return _parse(text, Mistakes(file))


def _load(text: str, file: str, kind: Kind, read: Callable[[Table], T | None]) -> T:
    return _check(parse(text, file), file, kind, read)


def _check(raw: Raw, file: str, kind: Kind, read: Callable[[Table], T | None]) -> T:
    """What is in an older format is brought up to today's first; the file stays as it is."""
    mistakes = Mistakes(file)
    if migrate.KNOWN.knows(migrate.schema_of(raw)):
        raw = migrate.KNOWN.raised(raw, kind)
    table = Table(raw, "", mistakes)
    _check_schema(table)
    config = read(table)
    _raise_if_any(mistakes)
    if config is None:
        raise AssertionError(f"{file}: refused without a reason")
    return config


def _parse(text: str, mistakes: Mistakes) -> dict[str, object]:
    if len(text) > MAX_CHARACTERS:
        mistakes.add(
            "",
            f"has {len(text)} characters, {MAX_CHARACTERS} are the limit: is it the right file?",
        )
        _raise_if_any(mistakes)
    try:
        return read_toml(text.removeprefix(BYTE_ORDER_MARK))
    except tomllib.TOMLDecodeError as error:
        mistakes.add("", _syntax_message(str(error)))
    except NestedTooDeeply:
        mistakes.add("", "is nested too deeply: is it the right file?")
    except ValueError as error:
        mistakes.add("", f"has a value that cannot be read: {error}")
    _raise_if_any(mistakes)
    raise AssertionError("unreachable")


def _syntax_message(error: str) -> str:
    found = _TOML_PLACE.match(error)
    if not found:
        return f"is not TOML: {error}"
    return f"{found['place']}: is not TOML: {found['what']}"


def _check_schema(table: Table) -> None:
    """Another schema is another language: nothing else could be said about the file."""
    oldest, newest = migrate.KNOWN.oldest, migrate.KNOWN.newest
    if not table.require("schema", f"schema = {newest}"):
        return
    found = table.number("schema", 0, MAX_CHARACTERS, newest)
    if found not in (newest, None):
        one = f"is {found}, but this version of hadaemon reads only {newest}"
        several = f"is {found}, but this version of hadaemon reads {oldest} to {newest}"
        table.note("schema", one if oldest == newest else several)
        _raise_if_any(table.mistakes)


def _raise_if_any(mistakes: Mistakes) -> None:
    if mistakes.found:
        raise ConfigError(tuple(mistakes.found))
