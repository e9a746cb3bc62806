"""node.toml: what belongs to this node alone."""

from dataclasses import replace

from hadaemon.config import values
from hadaemon.config.address_book import File, book_of_node
from hadaemon.config.address_rules import ALONE, named, note_conflicts
from hadaemon.config.bond import read_bond
from hadaemon.config.model import NodeConfig, Port
from hadaemon.config.nodes import NOTHING_SHARED, Shared, merged, own_ports
from hadaemon.config.reader import Mistakes, Table
from hadaemon.config.system import read_system
from hadaemon.config.system_pair import system_mistakes
from hadaemon.config.vlan import bind_vlans, read_vlan

_PORT_EXAMPLE = "[ports.lan]"


def read_node(table: Table, shared: Shared = NOTHING_SHARED) -> NodeConfig | None:
    """`shared`: what cluster.toml says of its ports. None when a mistake was noted."""
    mistakes = Mistakes(table.mistakes.file)
    shared = shared.beside(own_ports(table.raw))
    raw = merged(table.raw, shared, mistakes)
    node = _read_node(table.holding(raw, mistakes))
    prefix = f"{table.path}." if table.path else ""
    table.mistakes.found += (shared.placed(each, mistakes.file, prefix) for each in mistakes.found)
    return None if node is None or mistakes.found else replace(node, shared=shared)


def _read_node(table: Table) -> NodeConfig | None:
    """None when a mistake was noted."""
    name = table.text("name", values.host_name, 'name = "alpha"')
    language = table.optional_text("language", values.language, "en")
    time_zone = table.optional_text("time_zone", values.time_zone, "UTC")
    tables = table.named_tables("ports", values.port_name, _PORT_EXAMPLE)
    system = read_system(table)
    table.close()
    ports = {port: _read_port(port, inner) for port, inner in tables.items()}
    good = {port: value for port, value in ports.items() if value is not None}
    _note_twice_used(table, good)
    bound = bind_vlans(table, good, tables.keys())
    if name is None or system is None or len(bound) != len(ports):
        return None
    if language is None or time_zone is None:
        return None
    node = NodeConfig(name, bound, system, language, time_zone)
    dot = f"{table.path}." if table.path else ""
    places = {File.NODE: (table.mistakes.file, dot)}
    for key, message, others in system_mistakes(node, system, None):
        table.mistakes.add(f"{dot}{key}", message, others=named(others, places))
    note_conflicts(book_of_node(node), ALONE, table.mistakes, places)
    return node


def _read_port(name: str, table: Table) -> Port | None:
    before = len(table.mistakes.found)
    mac = table.optional_text("mac", values.mac, None)
    members, bond_mode = read_bond(name, table)
    parent, vlan = read_vlan(table)
    if (
        parent is None
        and not table.has("members")
        and not table.has("mac")
        and len(table.mistakes.found) == before
    ):
        table.require("mac", 'mac = "52:54:00:12:34:56"')
    addresses = table.texts("addresses", values.interface_address, '["192.168.12.141/24"]')
    dhcp = table.flag("dhcp", False)
    table.close()
    if len(table.mistakes.found) > before or addresses is None or dhcp is None:
        return None
    if members:
        return Port(name, members[0], addresses, dhcp, None, None, members, bond_mode, bonded=True)
    return Port(name, mac or "", addresses, dhcp, parent, vlan)


def _note_twice_used(table: Table, ports: dict[str, Port]) -> None:
    """A MAC address binds one port."""
    macs: dict[str, str] = {}
    for port in ports.values():
        path = f"{table.at('ports')}.{port.name}"
        for position, mac in enumerate(port.cards if port.parent is None else ()):
            here = f"{path}.members[{position}]" if port.members else f"{path}.mac"
            if mac in macs:
                table.mistakes.add(here, f"{mac} is already the port {macs[mac]}: each port needs its own")
            macs.setdefault(mac, port.name)
