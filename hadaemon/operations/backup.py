"""A node's backup: everything that makes it this node, but its keys.

A private key or the heartbeat's secret is in no backup: a restored node has its own new ones and is paired
anew. So no backup can make one node into the other, and a lost one opens nothing on the hotwire.
"""

import base64
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hadaemon.config import NodeConfig, load_admin, load_node, shared_ports
from hadaemon.config.load import parse as parse_table
from hadaemon.config.migrate import Kind
from hadaemon.config.nodes import NOTHING_SHARED, own_ports
from hadaemon.errors import HadaemonError
from hadaemon.io.kernel.netlink import read_links
from hadaemon.io.store.files import read_text, write_text
from hadaemon.io.store.forms import store
from hadaemon.io.store.generations import Generations
from hadaemon.io.store.sealed import MIN_PASSPHRASE, seal, unseal
from hadaemon.operations.amend import amended
from hadaemon.operations.changing import NodePaths, changing
from hadaemon.operations.dry_run import dry_run
from hadaemon.operations.own_configuration import now_text
from hadaemon.state.configuration import load_configuration
from hadaemon.state.places import NODE_FILE
from hadaemon.sync.head import Head, head_from_json
from hadaemon.sync.record import How, Record
from hadaemon.sync.tree import Tree, make_tree
from hadaemon.text.reading import read_json

ADMIN_FILE = "admin.toml"
_MAX_SIZE = 32 << 20
"""Bytes of a backup: twice encoded, the largest configuration has some 16 MiB."""
_SCHEMA = 1


class BackupError(HadaemonError):
    """It cannot be made, or does not fit this box."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What is inside."""

    node: NodeConfig
    node_text: str
    """node.toml as its administrator wrote it."""
    admin: str | None
    """The text of admin.toml."""
    tree: Tree | None
    head: Head
    time: str


def create_backup(paths: NodePaths, file: Path, passphrase: str) -> str:
    """Writes the file; whose backup it is. Raises HadaemonError."""
    here = paths.configuration()
    if len(passphrase) < MIN_PASSPHRASE:
        raise BackupError(f"the passphrase is too short: {MIN_PASSPHRASE} characters at least")
    write_text(file, seal(collect(here.state), passphrase, {"node": here.name}), 0o600)
    return here.name


def read_backup(file: Path) -> str:
    """Sealed, as it lies on the disk. Raises BackupError: there is none."""
    content = read_text(file, _MAX_SIZE)
    if content is None:
        raise BackupError(f"{file}: there is no such file")
    return content


def restore_backup(paths: NodePaths, backup: Backup, given: Mapping[str, str], replace: bool) -> None:
    """Makes this box the node of the backup. `given`: the MAC addresses of ports; `replace`: even if it is
    another node. Raises HadaemonError."""
    present = load_configuration(paths.state).node
    if present is not None and present.name != backup.node.name and not replace:
        raise BackupError(
            f"this box is {present.name}, and the backup is that of {backup.node.name}: a node is restored "
            "from its own backup only; give --replace if this box is to become that node"
        )
    node = rebind(backup.node, present, given, _hardware())
    with changing(paths, "backup restore"):
        put_back(backup, node, paths.state)


def collect(state: Path) -> str:
    """The text to seal. Raises BackupError and the errors of files."""
    node = read_text(state / NODE_FILE)
    if node is None:
        raise BackupError(f"{state / NODE_FILE}: there is none: this node is not configured yet")
    generations = Generations(state)
    tree = generations.tree()
    return json.dumps(
        {
            "schema": _SCHEMA,
            "time": now_text(),
            "node": node,
            "admin": read_text(state / ADMIN_FILE),
            "head": generations.head().as_json(),
            "tree": None
            if tree is None
            else {path: base64.b64encode(content).decode() for path, content in tree.files},
        }
    )


def open_backup(sealed: str, passphrase: str, where: str) -> Backup:
    """What is inside, validated whole. Raises HadaemonError."""
    return parse(unseal(sealed, passphrase, where), where)


def parse(text: str, where: str) -> Backup:
    """What was sealed, validated whole."""
    try:
        raw = read_json(text)
        if raw["schema"] != _SCHEMA:
            raise BackupError(f"{where}: made by another version of the firmware: use that one")
        files = raw["tree"]
        tree = None
        if files is not None:
            decoded = {path: base64.b64decode(content, validate=True) for path, content in files.items()}
            tree = make_tree(decoded, where)
        admin = raw["admin"]
        if admin is not None:
            load_admin(admin, f"{where}: {ADMIN_FILE}")
        shared = shared_ports(raw["node"], tree.cluster.decode()) if tree is not None else NOTHING_SHARED
        node = load_node(raw["node"], f"{where}: {NODE_FILE}", shared)
        return Backup(node, raw["node"], admin, tree, head_from_json(raw["head"], where), str(raw["time"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{where}: damaged inside: {error}") from error


def rebind(
    node: NodeConfig, present: NodeConfig | None, given: Mapping[str, str], hardware: set[str]
) -> NodeConfig:
    """The node with the MAC addresses of this box: as given, as its node.toml has them, or as they were, if
    this box has such a network card. Raises BackupError with every port that has none."""
    missing = []
    ports = {}
    for name, port in node.ports.items():
        cards: tuple[str, ...] | None = (given[name],) if name in given else None
        if cards is None and present is not None and name in present.ports:
            cards = present.ports[name].cards
        if cards is None and (port.parent is not None or hardware.issuperset(port.cards)):
            cards = port.cards
        if cards is None:
            missing.append(name)
        else:
            # A bond that is given one card is a bond of one: the others are added to node.toml.
            members = cards if port.members else ()
            ports[name] = dataclasses.replace(port, mac=cards[0], members=members)
    unknown = sorted(set(given) - set(node.ports))
    if unknown:
        raise BackupError(f"the backup has no port {', '.join(unknown)}: it has {', '.join(node.ports)}")
    if missing:
        raise BackupError(
            f"this box has other network cards: say which is {', '.join(missing)}, e.g. --bind "
            f"{missing[0]}=MAC; it has {', '.join(sorted(hardware)) or 'none'}"
        )
    return dataclasses.replace(node, ports=ports)


def put_back(backup: Backup, node: NodeConfig, state: Path) -> None:
    """Writes everything; the comments in node.toml stay. What this box cannot run, or what ends it before it
    is done, leaves all as it was."""
    owner = (state.stat().st_uid, state.stat().st_gid)
    before = {name: read_text(state / name) for name in (NODE_FILE, ADMIN_FILE)}
    text = amended(backup.node_text, _rebound(backup.node_text, node))
    try:
        store(state / NODE_FILE, text, Kind.NODE, 0o640, owner)
        if backup.admin is not None:
            write_text(state / ADMIN_FILE, backup.admin, 0o600)
        if backup.tree is not None:
            _put_back_tree(backup, backup.tree, node, state)
    except BaseException:
        _as_before(before, state, owner)
        raise


def _as_before(before: Mapping[str, str | None], state: Path, owner: tuple[int, int]) -> None:
    node, admin = before[NODE_FILE], before[ADMIN_FILE]
    if node is not None:
        store(state / NODE_FILE, node, Kind.NODE, 0o640, owner)
    else:
        (state / NODE_FILE).unlink(missing_ok=True)
    if admin is not None:
        write_text(state / ADMIN_FILE, admin, 0o600)
    else:
        (state / ADMIN_FILE).unlink(missing_ok=True)


def _rebound(text: str, node: NodeConfig) -> dict[str, Any]:
    """A node.toml with the network cards of this box."""
    raw = parse_table(text, NODE_FILE)
    for name, keys in own_ports(raw).items():
        port = node.ports[name]
        if isinstance(keys, dict) and "members" in keys:
            keys["members"] = list(port.members)
        elif isinstance(keys, dict) and "mac" in keys:
            keys["mac"] = port.mac
    return raw


def _put_back_tree(backup: Backup, tree: Tree, node: NodeConfig, state: Path) -> None:
    """The commit is the last step that can fail."""
    generations = Generations(state)
    dry_run(tree, None, state)
    record = Record(backup.head, now_text(), "", node.name, How.RESTORE, f"backup of {backup.time}")
    generations.sweep()
    generations.commit(generations.stage(tree), record)


def _hardware() -> set[str]:
    """The MAC addresses of this box."""
    return {link.permanent_mac or link.mac for link in read_links().cards()}
