"""[[routes]] and [[policy_routes]], which both files read in the same way."""

from hadaemon.config import network_values, values
from hadaemon.config.network_model import (
    LARGEST_MARK,
    TABLES,
    PolicyRoute,
    Route,
    RouteKind,
    is_in_place_of,
)
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import IPAddress

_MAX_METRIC = (1 << 32) - 1
_MOST_POLICIES = 32


def read_routes(table: Table) -> tuple[Route, ...]:
    """Those that are good."""
    tables = table.tables("routes", "[[routes]]", required=False)
    routes = [(inner, route) for inner in tables if (route := _read_route(inner)) is not None]
    _note_twice(routes)
    return tuple(route for _, route in routes)


def read_policy_routes(table: Table) -> tuple[PolicyRoute, ...]:
    """Those that are good."""
    tables = table.tables("policy_routes", "[[policy_routes]]", required=False)
    if len(tables) > _MOST_POLICIES:
        table.note("policy_routes", f"has {len(tables)}: {_MOST_POLICIES} at most")
    return tuple(found for inner in tables if (found := _read_policy(inner)) is not None)


def _read_route(table: Table) -> Route | None:
    before = len(table.mistakes.found)
    found = table.text("destination", network_values.destination, 'destination = "default"')
    kind = table.optional_text("type", network_values.route_kind, RouteKind.UNICAST)
    gateway: IPAddress | None = table.optional_text("gateway", values.address, None)
    port = table.optional_text("port", values.port_name, None)
    metric = table.number("metric", 0, _MAX_METRIC, 0)
    routing_table = table.number("table", TABLES.start, TABLES.stop - 1, TABLES.start)
    exists_while = table.optional_text("while", network_values.route_while, None)
    table.close()
    if kind is not None and kind is not RouteKind.UNICAST:
        _note_led(table, kind)
    if len(table.mistakes.found) > before or kind is None:
        return None
    if kind is not RouteKind.UNICAST and found is None:
        table.note("destination", 'a default of which family? Write "0.0.0.0/0" or "::/0"')
        return None
    if kind is RouteKind.UNICAST and not _leads(table, found, gateway, port):
        return None
    destination = network_values.everything(gateway) if found is None else found
    if gateway is not None and gateway.version != destination.version:
        table.note(
            "gateway", f"{gateway} and {destination} are not of one family: take a gateway of the same"
        )
        return None
    return Route(
        destination,
        gateway,
        port,
        metric if table.has("metric") else None,
        kind,
        routing_table if table.has("table") else None,
        exists_while,
    )


def _note_led(table: Table, kind: RouteKind) -> None:
    for key in ("gateway", "port"):
        if table.has(key):
            table.note(key, f"a route of type {kind} leads nowhere: remove {key}, or type")


def _leads(table: Table, destination: object, gateway: IPAddress | None, port: str | None) -> bool:
    """Whether it says where it leads."""
    if gateway is None and destination is None:
        return table.require("gateway", 'gateway = "192.168.175.1"')
    if gateway is None and port is None:
        table.note("gateway", "is missing, and so is port: say where the route leads")
        return False
    if gateway is not None and gateway.is_link_local and port is None:
        return table.require("port", f'port = "wan", because {gateway} may be on any port')
    return True


def _note_twice(routes: list[tuple[Table, Route]]) -> None:
    for position, (table, route) in enumerate(routes):
        before = routes[:position]
        first = next((inner.path for inner, other in before if is_in_place_of(route, other)), None)
        if first is not None:
            table.note(
                "destination",
                f"{route.destination} has the route {first} already: remove one, or give it another metric",
            )


def _read_policy(table: Table) -> PolicyRoute | None:
    before = len(table.mistakes.found)
    number = table.number("table", TABLES.start, TABLES.stop - 1, TABLES.start)
    table.require("table", "table = 100")
    source = table.texts("source", values.network, '["192.168.12.0/24"]')
    ports = table.texts("from", values.port_name, '["guest"]')
    mark = table.number("mark", 1, LARGEST_MARK, 1)
    table.close()
    if len(table.mistakes.found) > before or number is None or source is None or ports is None:
        return None
    if not source and not ports and not table.has("mark"):
        table.note("source", "is missing, and so are from and mark: say which packets ask the table")
        return None
    wide = [str(each) for each in source if not each.prefixlen]
    if wide:
        table.note("source", f"{wide[0]} is every packet of its family: write [[routes]] without a table")
        return None
    kept = tuple(dict.fromkeys(source)), tuple(dict.fromkeys(ports))
    return PolicyRoute(number, *kept, mark if table.has("mark") else None)
