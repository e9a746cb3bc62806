"""802.1Q sub-interfaces in node.toml: ports on the network card of another one, told apart by a tag."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from hadaemon.config import values
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.model import Port
from hadaemon.config.reader import Table

_FIRST, _LAST = 1, 4094
"""VLAN identifiers that mean a VLAN (IEEE 802.1Q)."""
_MAX_NAME = 10
"""The interface is called after the port and the VLAN, and an interface's name has 15 characters at most."""


def read_vlan(table: Table) -> tuple[str | None, int | None]:
    """`parent` and `vlan` of a port: both or neither."""
    parent = table.optional_text("parent", values.port_name, None)
    vlan = table.number("vlan", _FIRST, _LAST, _FIRST)
    if not table.has("parent") and not table.has("vlan"):
        return None, None
    table.require("parent", 'parent = "lan"')
    table.require("vlan", "vlan = 20")
    if table.has("mac"):
        table.note("mac", "a VLAN has the MAC address of its parent: remove mac, or parent and vlan")
    return parent, vlan


def bind_vlans(table: Table, ports: Mapping[str, Port], names: Collection[str]) -> dict[str, Port]:
    """The ports whose network card is known: a VLAN has its parent's. `names` has all ports, valid or not."""
    bound: dict[str, Port] = {}
    tags: dict[tuple[str, int | None], str] = {}
    for name, port in ports.items():
        if port.parent is None:
            bound[name] = port
            continue
        before = len(table.mistakes.found)
        path = f"{table.at('ports')}.{name}"
        _note_parent(table, path, port.parent, ports, names)
        first = tags.setdefault((port.parent, port.vlan), name)
        if first != name:
            taken = f"VLAN {port.vlan} of {port.parent} is already the port {first}"
            table.mistakes.add(f"{path}.vlan", taken)
        if len(name) > _MAX_NAME:
            table.mistakes.add(
                path, f"a VLAN's port has a name of {_MAX_NAME} characters at most: shorten it"
            )
        if len(table.mistakes.found) == before and port.parent in ports:
            bound[name] = replace(port, mac=ports[port.parent].mac, bonded=ports[port.parent].bonded)
    return bound


def _note_parent(
    table: Table, path: str, parent: str, ports: Mapping[str, Port], names: Collection[str]
) -> None:
    if parent not in names:
        hint = did_you_mean(parent, names, "there are")
        table.mistakes.add(f"{path}.parent", f'there is no port "{parent}": {hint}')
    elif parent in ports and ports[parent].parent is not None:
        table.mistakes.add(f"{path}.parent", f"{parent} is a VLAN itself: name a port with a network card")
