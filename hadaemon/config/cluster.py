"""cluster.toml: what both nodes share."""

from hadaemon.config import values
from hadaemon.config.hotwire import read_hotwire
from hadaemon.config.model import ClusterConfig, HaInterface, Hotwire, VrrpConfig
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import Checksum, Vrid

MAX_VRID = 255
_DEFAULT = VrrpConfig()


def read_cluster(table: Table) -> ClusterConfig | None:
    """None when a problem was noted."""
    name = table.text("name", values.label, 'name = "office"')
    master = table.text("master", values.label, 'master = "alpha"')
    enabled = table.flag("enabled", True)
    vrrp = _read_vrrp(table.table("vrrp"))
    hotwire_table = table.table("hotwire")
    hotwire = None if hotwire_table is None else read_hotwire(hotwire_table)
    tables = table.tables("ha_interfaces", "[[ha_interfaces]]")
    table.close()
    offset = _DEFAULT.vrid_offset if vrrp is None else vrrp.vrid_offset
    read = [_read_interface(inner, position, offset) for position, inner in enumerate(tables, start=1)]
    interfaces = [(inner, found) for inner, found in zip(tables, read, strict=True) if found is not None]
    _note_conflicts(interfaces, hotwire)
    if name is None or master is None or enabled is None or vrrp is None:
        return None
    if len(interfaces) != len(tables) or not tables or (hotwire is None) != (hotwire_table is None):
        return None
    return ClusterConfig(name, master, tuple(found for _, found in interfaces), enabled, vrrp, hotwire)


def _read_vrrp(table: Table | None) -> VrrpConfig | None:
    if table is None:
        return _DEFAULT
    offset = table.number("vrid_offset", 0, MAX_VRID - 1, _DEFAULT.vrid_offset)
    interval = table.optional_text("advertisement_interval", values.interval, _DEFAULT.advertisement_interval)
    preempt = table.flag("preempt", _DEFAULT.preempt)
    checksum: Checksum | None = table.optional_text("checksum", values.checksum, _DEFAULT.checksum)
    table.close()
    if offset is None or interval is None or preempt is None or checksum is None:
        return None
    return VrrpConfig(offset, interval, preempt, checksum)


def _read_interface(table: Table, position: int, offset: int) -> HaInterface | None:
    port = table.text("port", values.port_name, 'port = "lan"')
    number = table.number("number", 1, MAX_VRID, position)
    addresses = table.texts(
        "virtual_addresses",
        values.interface_address,
        'virtual_addresses = ["192.168.12.1/24"]',
        required=True,
    )
    table.close()
    if number is not None and offset + number > MAX_VRID:
        table.note(
            "number",
            f"VRID {offset} + {number} is over {MAX_VRID}: choose a smaller number or vrrp.vrid_offset",
        )
        return None
    if addresses is not None and len(addresses) > MAX_VRID:
        table.note("virtual_addresses", f"an advertisement holds {MAX_VRID} addresses at most: remove some")
        return None
    if port is None or number is None or addresses is None:
        return None
    return HaInterface(port, number, Vrid(offset + number), addresses)


def _note_conflicts(interfaces: list[tuple[Table, HaInterface]], hotwire: Hotwire | None) -> None:
    """A port, a VRID and a virtual address belong to one HA interface, and the hotwire to none."""
    ports: dict[str, str] = {}
    vrids: dict[int, str] = {}
    addresses: dict[str, str] = {}
    for table, interface in interfaces:
        first = ports.setdefault(interface.port, table.path)
        if first != table.path:
            table.note(
                "port", f'"{interface.port}" is already the port of {first}: a port is one HA interface'
            )
        if hotwire is not None and interface.port == hotwire.port:
            table.note("port", f'"{interface.port}" is the hotwire, which is exclusive: choose another port')
        first = vrids.setdefault(interface.vrid, table.path)
        if first != table.path:
            table.note(
                "number", f"VRID {interface.vrid} is already used by {first}: give each its own number"
            )
        for position, address in enumerate(interface.virtual_addresses):
            here = f"{table.at('virtual_addresses')}[{position}]"
            before = addresses.setdefault(str(address.ip), here)
            if before != here:
                table.problems.add(here, f"{address.ip} is already used at {before}: remove one of the two")
