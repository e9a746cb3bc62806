"""cluster.toml: what both nodes share."""

from hadaemon.config import values
from hadaemon.config.hotwire import read_hotwire
from hadaemon.config.interfaces import note_conflicts, read_interface
from hadaemon.config.model import ClusterConfig
from hadaemon.config.reader import Table
from hadaemon.config.vrrp import DEFAULT, read_vrrp


def read_cluster(table: Table) -> ClusterConfig | None:
    """None when a problem was noted."""
    name = table.text("name", values.label, 'name = "office"')
    master = table.text("master", values.label, 'master = "alpha"')
    enabled = table.flag("enabled", True)
    vrrp = read_vrrp(table.table("vrrp"))
    hotwire_table = table.table("hotwire")
    hotwire = None if hotwire_table is None else read_hotwire(hotwire_table)
    tables = table.tables("ha_interfaces", "[[ha_interfaces]]")
    table.close()
    read = [
        read_interface(inner, position, vrrp or DEFAULT) for position, inner in enumerate(tables, start=1)
    ]
    interfaces = [(inner, found) for inner, found in zip(tables, read, strict=True) if found is not None]
    note_conflicts(interfaces, hotwire)
    if name is None or master is None or enabled is None or vrrp is None:
        return None
    if len(interfaces) != len(tables) or not tables or (hotwire is None) != (hotwire_table is None):
        return None
    return ClusterConfig(name, master, tuple(found for _, found in interfaces), enabled, vrrp, hotwire)
