"""The keys by which the two nodes know each other: made, read, trusted, and trusted no longer."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hadaemon.control.answers import Reloaded
from hadaemon.control.requests import Reload
from hadaemon.errors import HadaemonError
from hadaemon.io.programs import services
from hadaemon.io.store.identity import Identity
from hadaemon.operations.asking import ask_daemon
from hadaemon.operations.changing import NodePaths
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.public_key import PublicKey

_RELOAD_TIME = 5.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The public halves."""

    own: PublicKey | None
    peer: PublicKey | None
    """The one that is trusted."""


def read_keys(state: Path) -> Keys:
    """Raises HadaemonError."""
    identity, node = Identity(state), load_configuration(state).node
    own = identity.own()
    if own is not None and node is not None:
        # It may have another name than when the key was made; the peer finds it by this one.
        own = own.of_node(node.hotwire_name)
    return Keys(own, identity.peer())


def generate_key(paths: NodePaths, replace: bool) -> Keys:
    """Makes this node's key. Raises SyncError when it has one and it is not to be replaced."""
    identity = Identity(paths.state)
    if identity.own() is not None and not replace:
        raise SyncError("this node has a key already: see `hactl key show`, or replace it with --force")
    identity.generate(_name(paths.state) or "node")
    use_keys(paths)
    return read_keys(paths.state)


def trust_key(paths: NodePaths, key: PublicKey) -> None:
    """It is the peer's from here on."""
    Identity(paths.state).trust(key, _name(paths.state))
    use_keys(paths)


def revoke_key(paths: NodePaths) -> None:
    """Neither the peer's key nor the heartbeat's secret is here any more, and whoever has them is heard no
    longer. Raises SyncError: no key was."""
    if not Identity(paths.state).revoke():
        raise SyncError("no key is trusted")
    use_keys(paths)


def use_keys(paths: NodePaths) -> None:
    """The server takes the keys that are there now, the daemon the heartbeat's secret, or that there is
    none."""
    services.restart_sync_server()
    with suppress(OSError, HadaemonError):  # No daemon: it reads the secret when it starts.
        ask_daemon(paths.control, Reload(), Reloaded, _RELOAD_TIME)


def _name(state: Path) -> str:
    node = load_configuration(state).node
    return node.name if node is not None else ""
