"""Bonds in node.toml: several network cards that are one port."""

from hadaemon.config import network_values, values
from hadaemon.config.network_model import BondMode
from hadaemon.config.reader import Table

_MAX_MEMBERS = 8
_MAX_NAME = 10
"""The interface is called after the port, `<name>.bond`, and such a name has 15 characters at most."""


def read_bond(name: str, table: Table) -> tuple[tuple[str, ...], BondMode]:
    """`members` and `bond_mode` of a port; no members: it is no bond."""
    members = table.texts("members", values.mac, '["52:54:00:12:34:56", "52:54:00:12:34:57"]')
    mode = table.optional_text("bond_mode", network_values.bond_mode, BondMode.ACTIVE_BACKUP)
    if table.has("bond_mode"):
        table.require("members", 'members = ["52:54:00:12:34:56", "52:54:00:12:34:57"]')
    if not table.has("members"):
        return (), BondMode.ACTIVE_BACKUP
    for key in ("mac", "parent", "vlan"):
        if table.has(key):
            table.note(key, f"a bond has its members' network cards: remove {key}, or members")
    if members is not None and not 1 <= len(members) <= _MAX_MEMBERS:
        table.note("members", f"must name 1 to {_MAX_MEMBERS} network cards")
    if len(name) > _MAX_NAME:
        table.mistakes.add(table.path, f"a bond has a name of {_MAX_NAME} characters at most: shorten it")
    return members or (), mode or BondMode.ACTIVE_BACKUP
