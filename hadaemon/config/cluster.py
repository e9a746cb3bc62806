"""cluster.toml: what both nodes share."""

from dataclasses import replace

from hadaemon.config import values
from hadaemon.config.address_book import File, book_of_cluster
from hadaemon.config.address_rules import facts_of, note_conflicts
from hadaemon.config.budget import note_too_many_advertisements
from hadaemon.config.checks import read_checks
from hadaemon.config.conntrack import read_conntrack
from hadaemon.config.election import (
    note_same_names,
    note_same_routes,
    note_tracking_owner,
    read_election,
    read_ping_group,
    read_tracked_route,
)
from hadaemon.config.firewall import read_firewall
from hadaemon.config.follow import read_follow
from hadaemon.config.hooks import read_hooks
from hadaemon.config.hotwire import read_hotwire
from hadaemon.config.interfaces import note_twice, read_interface
from hadaemon.config.kernel import read_kernel
from hadaemon.config.mistakes import Mistake
from hadaemon.config.model import ClusterConfig, SyncMode
from hadaemon.config.names import note_unknown_master
from hadaemon.config.nodes import NODES, View, differing, same_addresses, view_of
from hadaemon.config.objects import Lists, read_names
from hadaemon.config.reader import Mistakes, Table
from hadaemon.config.system import read_system
from hadaemon.config.vrrp import DEFAULT, read_vrrp


def read_cluster(table: Table, node: str = "", lists: Lists | None = None) -> ClusterConfig | None:
    """As that node has it; empty: as the first of `[nodes]`. It must be good for each of them. `lists`: the
    files that [networks] may name; None: nobody has read them. None when a mistake was noted."""
    nodes = table.raw.get(NODES)
    names = tuple(nodes) if isinstance(nodes, dict) else ()
    read: dict[str, ClusterConfig | None] = {}
    found: dict[str, tuple[Mistake, ...]] = {}
    views: dict[str, View] = {}
    for name in dict.fromkeys((node or next(iter(names), ""), *names)):
        mistakes = Mistakes(table.mistakes.file)
        view = views[name] = view_of(table.holding(table.raw, mistakes), name)
        if not mistakes.found:
            read[name] = _read_view(table.holding(view.cluster, mistakes), view, lists)
        found[name] = tuple(mistakes.found)
    wrong = (*differing(found), *same_addresses(views.values()))
    table.mistakes.found += wrong
    return None if wrong else next(iter(read.values()))


def _read_view(table: Table, view: View, lists: Lists | None) -> ClusterConfig | None:
    """None when a mistake was noted."""
    cluster = _read(table, lists)
    if cluster is None:
        return None
    cluster = replace(cluster, variables=view.variables, nodes=view.names)
    note_unknown_master(table, cluster)
    return cluster


def _read(table: Table, lists: Lists | None) -> ClusterConfig | None:
    """None when a mistake was noted."""
    name = table.text("name", values.label, 'name = "office"')
    master = table.text("master", values.host_name, 'master = "alpha"')
    enabled = table.flag("enabled", True)
    sync = table.optional_text("sync", _sync_mode, SyncMode.MANUAL)
    vrrp = read_vrrp(table.table("vrrp"))
    hotwire_table = table.table("hotwire")
    hotwire = None if hotwire_table is None else read_hotwire(hotwire_table)
    names = read_names(table, lists)
    firewall = read_firewall(table.table("firewall"), names)
    conntrack = read_conntrack(table.table("conntrack"))
    kernel = read_kernel(table)
    system = read_system(table)
    follow = read_follow(table.table("follow"), names)
    election = read_election(table.table("election"))
    tables = table.tables("ha_interfaces", "[[ha_interfaces]]")
    group_tables = table.tables("ping_groups", "[[ping_groups]]", required=False)
    route_tables = table.tables("tracked_routes", "[[tracked_routes]]", required=False)
    check_tables = table.tables("checks", "[[checks]]", required=False)
    hook_tables = table.tables("hooks", "[[hooks]]", required=False)
    table.close()
    read = [
        read_interface(inner, position, vrrp or DEFAULT) for position, inner in enumerate(tables, start=1)
    ]
    interfaces = [(inner, found) for inner, found in zip(tables, read, strict=True) if found is not None]
    note_twice(interfaces, hotwire)
    groups = [(inner, found) for inner in group_tables if (found := read_ping_group(inner)) is not None]
    note_same_names(groups)
    routes = [(inner, route) for inner in route_tables if (route := read_tracked_route(inner)) is not None]
    note_same_routes(routes)
    checks, hooks = read_checks(check_tables), read_hooks(hook_tables)
    note_same_names(list(zip(check_tables, checks or (), strict=False)))
    if (
        election is None
        or firewall is None
        or conntrack is None
        or kernel is None
        or follow is None
        or checks is None
        or hooks is None
        or len(groups) != len(group_tables)
        or len(routes) != len(route_tables)
    ):
        return None
    if system is None or name is None or master is None or enabled is None or sync is None or vrrp is None:
        return None
    if len(interfaces) != len(tables) or not tables or (hotwire is None) != (hotwire_table is None):
        return None
    cluster = ClusterConfig(
        name,
        master,
        tuple(found for _, found in interfaces),
        enabled,
        vrrp,
        hotwire,
        election,
        tuple(found for _, found in groups),
        tuple(found for _, found in routes),
        checks,
        hooks,
        firewall,
        sync,
        conntrack,
        system,
        follow,
        names.networks,
        names.services,
        kernel=kernel,
    )
    dot = f"{table.path}." if table.path else ""
    places = {File.CLUSTER: (table.mistakes.file, dot)}
    note_conflicts(book_of_cluster(cluster), facts_of(None, cluster), table.mistakes, places)
    note_tracking_owner(table, cluster)
    note_too_many_advertisements(table, cluster)
    return cluster


def _sync_mode(text: str) -> SyncMode:
    try:
        return SyncMode(text)
    except ValueError:
        raise ValueError(f'"{text}" is neither "{SyncMode.MANUAL}" nor "{SyncMode.ON_APPLY}"') from None
