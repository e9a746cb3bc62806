"""The configuration becomes the system's files: name, network, services, administrator, console text."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from hadaemon.config import Admin, ClusterConfig, ConfigError, NodeConfig, load_admin
from hadaemon.errors import HadaemonError
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.io.store.forms import read_form
from hadaemon.io.store.identity import Identity
from hadaemon.io.store.maintenance import in_maintenance
from hadaemon.setup.networkd import PREFIX, network_files
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.render import (
    authorized_keys,
    console_message,
    hosts_file,
    issue,
    with_password,
)
from hadaemon.state.configuration import Configuration
from hadaemon.state.places import ADMIN, own_folder
from hadaemon.sync.server import USER

Texts: TypeAlias = Mapping[str, str]
"""Files by name."""


CLOSED = "*"
"""A hash that no password fits; the account is not locked, which sshd would refuse keys for."""


def apply_node(node: NodeConfig, cluster: ClusterConfig | None, places: Places) -> tuple[Texts, Texts]:
    """Applies the node's name, language and network, and removes files of ports that are no longer there.
    Returns the files of the network as they were before, and as they are now."""
    try:
        if socket.gethostname() != node.name:
            socket.sethostname(node.name)
    except OSError as error:
        raise FileError(f"host name {node.name}: {os.strerror(error.errno or 0)}") from error
    put(places.etc / "hostname", f"{node.name}\n")
    put(places.etc / "hosts", hosts_file(node.name))
    put(places.language, f"{node.language}\n")
    wanted = network_files(node, cluster)
    before = {file.name: read_text(file) or "" for file in places.networkd.glob(f"{PREFIX}*")}
    for stale in before.keys() - wanted.keys():
        put(places.networkd / stale, None)
    for name, text in wanted.items():
        put(places.networkd / name, text)
    return before, wanted


def put(path: Path, text: str | None, mode: int = 0o644, owner: tuple[int, int] | None = None) -> bool:
    """Gives a file this text, or removes it; returns whether anything changed."""
    if read_text(path) == text:
        return False
    if text is None:
        path.unlink()
        return True
    _folder(path.parent)
    write_text(path, text, mode, owner)
    return True


def apply_admin(places: Places, owners: Owners) -> tuple[str, ...]:
    """Applies the administrator's password and keys from admin.toml, which opens nothing that it does not
    name; returns what is wrong with that file, which then changes nothing."""
    try:
        form = read_form(places.admin_file)
        admin = load_admin(form.text, str(places.admin_file)) if form is not None else Admin()
        _set_password(ADMIN, admin.password_hash or CLOSED, places)
        _set_keys(admin, places, owners)
    except ConfigError as error:
        return tuple(map(str, error.mistakes))
    except (HadaemonError, OSError) as error:
        return (str(error),)
    return ()


def tell(
    configuration: Configuration, problems: tuple[str, ...], version: str | None, places: Places
) -> None:
    """Shows the result on the console, at the login prompt, and in the daemon's status."""
    for file in (places.setup_problems, places.issue):
        _folder(file.parent)
    write_text(places.setup_problems, "".join(f"{problem}\n" for problem in problems), 0o644)
    write_issue(configuration, problems, version, places)
    message = console_message(configuration, problems)
    if message:
        try:
            places.console.write_text(message, encoding="utf-8")
        except OSError:
            return  # A box may have no console: the journal has it too.


def write_issue(
    configuration: Configuration, problems: tuple[str, ...], version: str | None, places: Places
) -> None:
    """What a console shows above the login prompt."""
    text = issue(configuration, problems, version, in_maintenance(own_folder(places.state)))
    write_text(places.issue, text, 0o644)


def open_sync_account(places: Places) -> None:
    """Gives the account of the peer's verbs a hash that no password fits, but does not lock it: sshd takes
    its key."""
    _set_password(USER, CLOSED, places)


def remember_name(name: str, places: Places) -> None:
    """A node that an older firmware has paired keeps its default address on the hotwire too."""
    identity = Identity(places.state)
    if identity.paired:
        identity.remember_name(name)


def _set_password(user: str, password_hash: str, places: Places) -> None:
    path = places.etc / "shadow"
    try:
        present = path.stat()
    except OSError as error:
        raise FileError(f"{path}: {os.strerror(error.errno or 0)}") from error
    text = with_password(read_text(path) or "", user, password_hash)
    write_text(path, text, present.st_mode & 0o777, (present.st_uid, present.st_gid))


def _set_keys(admin: Admin, places: Places, owners: Owners) -> None:
    ssh = places.admin_home / ".ssh"
    if not admin.ssh_keys and not (ssh / "authorized_keys").exists():
        return
    for folder in (places.admin_home, ssh):
        _folder(folder, 0o700, owners.admin)
    write_text(ssh / "authorized_keys", authorized_keys(admin.ssh_keys), 0o600, owners.admin)


def _folder(path: Path, mode: int = 0o755, owner: tuple[int, int] | None = None) -> None:
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        if owner is not None:
            os.chown(path, *owner, follow_symlinks=False)
    except OSError as error:
        raise FileError(f"{path}: {os.strerror(error.errno or 0)}") from error
