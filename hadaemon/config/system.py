"""[[routes]], [dns], [ntp], [ssh], [syslog] and [alarms], which both files read in the same way."""

from collections.abc import Callable
from typing import TypeVar

from hadaemon.config import network_values, values
from hadaemon.config.alarms import read_alarms
from hadaemon.config.network_model import Dns, Ntp, Route, Ssh, Syslog, System, Transport
from hadaemon.config.reader import Table
from hadaemon.config.values import network
from hadaemon.vrrp.model import IPAddress

T = TypeVar("T")

_MAX_METRIC = (1 << 32) - 1


def read_system(table: Table) -> System | None:
    """The six of them; None when a mistake was noted."""
    before = len(table.mistakes.found)
    tables = table.tables("routes", "[[routes]]", required=False)
    routes = [(inner, route) for inner in tables if (route := _read_route(inner)) is not None]
    _note_twice(routes)
    system = System(
        tuple(route for _, route in routes),
        _optional(table, "dns", _read_dns),
        _optional(table, "ntp", _read_ntp),
        _optional(table, "ssh", _read_ssh),
        _optional(table, "syslog", _read_syslog),
        _optional(table, "alarms", read_alarms),
    )
    return system if len(table.mistakes.found) == before else None


def _optional(table: Table, key: str, read: Callable[[Table], T | None]) -> T | None:
    inner = table.table(key)
    return None if inner is None else read(inner)


def _read_route(table: Table) -> Route | None:
    before = len(table.mistakes.found)
    found = table.text("destination", network_values.destination, 'destination = "default"')
    gateway: IPAddress | None = table.optional_text("gateway", values.address, None)
    port = table.optional_text("port", values.port_name, None)
    metric = table.number("metric", 0, _MAX_METRIC, 0)
    table.close()
    if len(table.mistakes.found) > before:
        return None
    if gateway is None and found is None:
        table.require("gateway", 'gateway = "192.168.175.1"')
        return None
    if gateway is None and port is None:
        table.note("gateway", "is missing, and so is port: say where the route leads")
        return None
    if gateway is not None and gateway.is_link_local and port is None:
        table.require("port", f'port = "wan", because {gateway} may be on any port')
        return None
    destination = network_values.everything(gateway) if found is None else found
    if gateway is not None and gateway.version != destination.version:
        table.note(
            "gateway", f"{gateway} and {destination} are not of one family: take a gateway of the same"
        )
        return None
    return Route(destination, gateway, port, metric if table.has("metric") else None)


def _note_twice(routes: list[tuple[Table, Route]]) -> None:
    seen: dict[tuple[object, int | None], str] = {}
    for table, route in routes:
        first = seen.setdefault((route.destination, route.metric), table.path)
        if first != table.path:
            table.note(
                "destination",
                f"{route.destination} has the route {first} already: remove one, or give it another metric",
            )


def _read_dns(table: Table) -> Dns | None:
    servers = table.texts("servers", values.address, '["192.168.12.5"]', required=True)
    search = table.texts("search", network_values.domain, '["example.org"]')
    table.close()
    return None if servers is None or search is None else Dns(servers, search)


def _read_ntp(table: Table) -> Ntp | None:
    servers = table.texts("servers", network_values.host, '["ntp.example.org"]', required=True)
    table.close()
    return None if servers is None else Ntp(servers)


def _read_ssh(table: Table) -> Ssh | None:
    ports = table.texts("ports", values.port_name, '["lan"]', required=True)
    tcp_port = table.number("tcp_port", 1, 65535, 22)
    password = table.flag("password", False)
    sources = table.texts("sources", network, '["192.168.12.0/24"]')
    table.close()
    if ports is None or tcp_port is None or password is None or sources is None:
        return None
    return Ssh(tuple(dict.fromkeys(ports)), tcp_port, password, sources)


def _read_syslog(table: Table) -> Syslog | None:
    servers = table.texts("servers", values.address, '["192.168.12.5"]', required=True)
    transport = table.optional_text("transport", network_values.transport, Transport.UDP)
    port = table.number("port", 1, 65535, 514)
    table.close()
    if servers is None or transport is None or port is None:
        return None
    return Syslog(servers, transport, port)
