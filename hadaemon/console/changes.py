"""Changes of a box that is configured: what it has, another node.toml, another password, nothing at all."""

from dataclasses import replace
from typing import Any

from hadaemon.config import (
    Admin,
    load_admin,
    render_admin,
)
from hadaemon.config.load import parse
from hadaemon.config.migrate import KNOWN, Kind, schema_of
from hadaemon.console.store import take_effect
from hadaemon.errors import HadaemonError
from hadaemon.io.programs.run import run_program
from hadaemon.io.store.forms import read_form, store
from hadaemon.menu.draft import SCHEMA
from hadaemon.operations.amend import amended
from hadaemon.setup.apply import apply_admin
from hadaemon.setup.forget import forget
from hadaemon.setup.places import Owners, Places
from hadaemon.state.configuration import check_texts
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE


def read_node(places: Places) -> dict[str, Any]:
    """Both files as a preseed would have them; of the administrator only his keys, which are public."""
    raw: dict[str, Any] = {"admin": {}}
    admin = _admin(places)
    if admin.ssh_keys:
        raw["admin"] = {"ssh_keys": list(admin.ssh_keys)}
    for kind, name in ((Kind.NODE, NODE_FILE), (Kind.CLUSTER, CLUSTER_FILE)):
        form = read_form(places.state / name)
        if form is None:
            continue
        table = parse(form.text, str(places.state / name))
        if KNOWN.knows(schema_of(table)):
            table = KNOWN.raised(table, kind)
        table.pop("schema", None)
        raw[kind.value] = table
    if "node" not in raw:
        raise HadaemonError("this box is not configured yet")
    return raw


def store_node(raw: dict[str, Any], places: Places, owners: Owners) -> tuple[str, ...]:
    """Validated alone and against the cluster before it is written."""
    form, cluster = read_form(places.state / NODE_FILE), read_form(places.state / CLUSTER_FILE)
    text = amended(form.text if form is not None else "", {"schema": SCHEMA, **raw})
    checked = check_texts(text, cluster.text if cluster is not None else None, NODE_FILE, CLUSTER_FILE)
    if checked.problems:
        raise HadaemonError("\n".join(checked.problems))
    store(places.state / NODE_FILE, text, Kind.NODE, 0o640, owners.state)
    return take_effect(places, owners)


def change_admin(password_hash: str, ssh_key: str, places: Places, owners: Owners) -> tuple[str, ...]:
    """A key alone takes the password away, as the menu says; a password leaves the keys."""
    admin = _admin(places)
    if password_hash or ssh_key:
        admin = replace(admin, password_hash=password_hash or None)
    if ssh_key:
        admin = replace(admin, ssh_keys=(ssh_key,))
    store(places.admin_file, render_admin(admin), Kind.ADMIN, 0o600, owners.secret)
    problems = apply_admin(places, owners)
    if problems:
        raise HadaemonError("\n".join(problems))
    return ()


def factory_reset(places: Places) -> tuple[str, ...]:
    """The daemon says goodbye first."""
    run_program("systemctl", "stop", "hadaemon.service")
    forget(places)
    run_program("systemctl", "reboot")
    return ()


def _admin(places: Places) -> Admin:
    form = read_form(places.admin_file)
    return load_admin(form.text, str(places.admin_file)) if form is not None else Admin()
