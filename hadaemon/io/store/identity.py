"""The keys of the pair on disk: this node's own, and the one of the peer that it trusts.

The private key never leaves the node: no backup, no synchronization has it.
"""

import os
import shutil
from pathlib import Path

from hadaemon.io.errors import EdgeError, FileError
from hadaemon.io.programs.run import run_program
from hadaemon.io.store.files import read_text, sync_folder, write_text
from hadaemon.sync.public_key import PublicKey, parse_public_key
from hadaemon.sync.server import known_hosts

FOLDER = "identity"
KEY = "ssh_ed25519"
PEER = "peer.pub"
KNOWN = "known_hosts"
HEARTBEAT = "hotwire.key"
"""In the state folder: the secret of the heartbeat, which pairing makes."""
NAME = "hotwire.name"
"""In the state folder: the name of this node when it was paired, from which its default address follows."""
_TIMEOUT = 30.0
"""Seconds."""


class IdentityError(EdgeError):
    """A key is missing, or cannot be used."""


class Identity:
    """The folder with the keys; for root alone."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = state / FOLDER
        self.key = self.folder / KEY
        self.known = self.folder / KNOWN

    def own(self) -> PublicKey | None:
        """This node's public key; None: it has none yet."""
        return self._read(self.folder / f"{KEY}.pub")

    def peer(self) -> PublicKey | None:
        """The key that this node trusts; None: it trusts nobody."""
        return self._read(self.folder / PEER)

    def trusted(self) -> PublicKey:
        """The key that this node trusts. Raises IdentityError without one, or without an own key."""
        peer = self.peer()
        if peer is None or self.own() is None:
            raise IdentityError("the nodes do not hold each other's keys: pair them (`hactl pair`)")
        return peer

    @property
    def paired(self) -> bool:
        """There is an own key and one to trust. Only a connection shows whether the peer trusts ours."""
        return self.own() is not None and self.peer() is not None

    def ensure(self, name: str) -> PublicKey:
        """The own key, made if there is none."""
        return self.own() or self.generate(name)

    def generate(self, name: str) -> PublicKey:
        """A new own key; the old one is gone. Whoever trusted it must trust the new one."""
        self._make_folder()
        staged = self.folder / ".new"
        shutil.rmtree(staged, ignore_errors=True)
        try:
            staged.mkdir(mode=0o700)
            kind, comment = ("-t", "ed25519"), f"hotspare-{name}"
            run_program(
                "ssh-keygen", "-q", *kind, "-N", "", "-C", comment, "-f", str(staged / KEY), timeout=_TIMEOUT
            )
            for made in staged.iterdir():
                _sync_file(made)
            # The public half last: with it the node has a key.
            (self.folder / f"{KEY}.pub").unlink(missing_ok=True)
            (staged / KEY).replace(self.key)
            (staged / f"{KEY}.pub").replace(self.folder / f"{KEY}.pub")
            sync_folder(self.folder)
        except OSError as error:
            raise FileError(f"{self.folder}: cannot be written: {os.strerror(error.errno or 0)}") from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        made_key = self.own()
        if made_key is None:
            raise IdentityError(f"{self.folder}: ssh-keygen left no key")
        return made_key

    def trust(self, peer: PublicKey, name: str) -> None:
        """Makes this the only key that is trusted as the peer's. `name` is this node's, from which the peer
        may derive its address on the hotwire; an earlier one counts until the key is revoked."""
        own = self.own()
        if own is not None and own.blob == peer.blob:
            raise IdentityError("this is the key of this node itself: the peer's is wanted")
        self._make_folder()
        self.remember_name(name)
        write_text(self.known, known_hosts(peer), 0o600)
        write_text(self.folder / PEER, f"{peer.line}\n", 0o600)

    def revoke(self) -> bool:
        """Trusts nobody any more, and removes the heartbeat's secret and the name that the node was paired
        under. False: nobody was trusted, and there was no secret."""
        trusted = self.peer() is not None or (self.state / HEARTBEAT).exists()
        for path in (self.folder / PEER, self.known, self.state / HEARTBEAT, self.state / NAME):
            path.unlink(missing_ok=True)
        if self.folder.is_dir():
            sync_folder(self.folder)
        sync_folder(self.state)
        return trusted

    def store_heartbeat_secret(self, secret: str) -> None:
        """The line of its file: readable for the daemon, which has the group of the state folder."""
        self._write_for_daemon(HEARTBEAT, secret)

    def remember_name(self, name: str) -> None:
        """Remembers this node's name, unless it remembers an earlier one already."""
        if name and not (self.state / NAME).exists():
            self._write_for_daemon(NAME, name)

    def _write_for_daemon(self, file: str, line: str) -> None:
        owner = (0, self.state.stat().st_gid) if os.geteuid() == 0 else None
        write_text(self.state / file, f"{line}\n", 0o640, owner)

    def _read(self, path: Path) -> PublicKey | None:
        text = read_text(path)
        return None if text is None else parse_public_key(text, str(path))

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise FileError(f"{self.folder}: {os.strerror(error.errno or 0)}") from error


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
