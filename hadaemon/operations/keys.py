"""The keys by which the two nodes know each other: made, read, trusted, and trusted no longer."""

from dataclasses import dataclass
from pathlib import Path

from hadaemon.io.programs import services
from hadaemon.io.store.identity import Identity
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.public_key import PublicKey


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


def generate_key(state: Path, replace: bool) -> Keys:
    """Makes this node's key. Raises SyncError when it has one and it is not to be replaced."""
    identity = Identity(state)
    if identity.own() is not None and not replace:
        raise SyncError("this node has a key already: see `hactl key show`, or replace it with --force")
    identity.generate(_name(state) or "node")
    services.restart_sync_server()
    return read_keys(state)


def trust_key(state: Path, key: PublicKey) -> None:
    """It is the peer's from here on."""
    Identity(state).trust(key, _name(state))
    services.restart_sync_server()


def revoke_key(state: Path) -> None:
    """Neither the peer's key nor the heartbeat's secret is here any more. Raises SyncError: no key was."""
    if not Identity(state).revoke():
        raise SyncError("no key is trusted")
    services.restart_sync_server()


def _name(state: Path) -> str:
    node = load_configuration(state).node
    return node.name if node is not None else ""
