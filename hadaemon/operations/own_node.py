"""This node's node.toml, and the way to change it while it runs: checked, written in one step, reloaded.

Callers hold the lock.
"""

from functools import partial
from pathlib import Path

from hadaemon.config import shared_ports
from hadaemon.config.load import parse
from hadaemon.config.migrate import Kind
from hadaemon.config.moving import to_node
from hadaemon.control.requests import Reload, request_to_json
from hadaemon.io.errors import ControlError
from hadaemon.io.sockets.control_client import ask
from hadaemon.io.store.forms import read_form, store
from hadaemon.io.store.haproxy_files import read_haproxy
from hadaemon.io.store.list_files import read_lists
from hadaemon.io.store.program_files import read_program
from hadaemon.operations.amend import amended
from hadaemon.operations.dry_run import Refused
from hadaemon.operations.names import check_names
from hadaemon.state.configuration import check_texts
from hadaemon.state.firewall_check import try_configuration
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE
from hadaemon.sync.errors import SyncError

_RELOAD_TIMEOUT = 10.0
"""Seconds."""


class OwnNode:
    """The file that never leaves the node."""

    def __init__(self, state: Path, control: Path) -> None:
        self._state = state
        self._path = state / NODE_FILE
        self._control = control

    def text(self) -> str:
        """As it is on the disk. Raises SyncError when there is none."""
        found = read_form(self._path)
        if found is None:
            raise SyncError(f"{self._path}: there is none: the node is not configured yet (`hactl menu`)")
        return found.text

    def check(self, text: str) -> tuple[str, ...]:
        """Could the node run with it, and with the cluster.toml that it has? What the administrator should
        know. Raises Refused."""
        cluster = read_form(self._state / CLUSTER_FILE)
        checked = check_texts(
            text,
            cluster.text if cluster is not None else None,
            NODE_FILE,
            str(self._state / CLUSTER_FILE),
            lists=read_lists(self._state),
        )
        problems, notes = checked.problems, tuple[str, ...]()
        if not problems:
            problems, notes = try_configuration(
                checked, read_haproxy(self._state), partial(read_program, self._state)
            )
        if problems:
            raise Refused("this node", problems)
        if checked.node is not None and checked.cluster is not None:
            # A master who gets another name has it first, and then the configuration names it.
            known = checked.cluster
            notes += check_names(checked.node, checked.cluster, self._state, self._control, known).notes
        return notes

    def replace(self, text: str) -> tuple[str, ...]:
        """Makes it count. A daemon that refuses what the check took: back to what was before."""
        notes, before, found = self.check(text), self.text(), self._state.stat()
        owner = (found.st_uid, found.st_gid)
        store(self._path, text, Kind.NODE, 0o640, owner)
        try:
            answer = ask(self._control, request_to_json(Reload(keep_active=True)), _RELOAD_TIMEOUT)
        except (OSError, ControlError):
            return (*notes, "the daemon does not answer: the configuration takes effect when it starts")
        if not answer.get("ok"):
            store(self._path, before, Kind.NODE, 0o640, owner)
            problems = answer.get("problems") or (answer.get("error"),)
            raise Refused("this node", tuple(map(str, problems)))
        return notes


def keep_own(state: Path) -> None:
    """What this node has from cluster.toml is written into node.toml: it is about to lose that file. Raises
    FileError."""
    node, cluster = read_form(state / NODE_FILE), read_form(state / CLUSTER_FILE)
    if node is None or cluster is None:
        return
    shared = shared_ports(node.text, cluster.text)
    if not shared.ports:
        return
    moved = to_node(parse(node.text, NODE_FILE), parse(cluster.text, CLUSTER_FILE), shared)
    found = state.stat()
    text = amended(node.text, moved.node)
    store(state / NODE_FILE, text, Kind.NODE, 0o640, (found.st_uid, found.st_gid))
