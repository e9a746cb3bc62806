"""What both files read in the same way: routes, [dns], [ntp], [ssh], [syslog] and [alarms]."""

from collections.abc import Callable
from typing import TypeVar

from hadaemon.config import network_values, values
from hadaemon.config.alarms import read_alarms
from hadaemon.config.network_model import Dns, Ntp, Ssh, Syslog, System, Transport
from hadaemon.config.reader import Table
from hadaemon.config.routes import read_policy_routes, read_routes
from hadaemon.config.values import network

T = TypeVar("T")


def read_system(table: Table) -> System | None:
    """All of them; None when a mistake was noted."""
    before = len(table.mistakes.found)
    system = System(
        read_routes(table),
        _optional(table, "dns", _read_dns),
        _optional(table, "ntp", _read_ntp),
        _optional(table, "ssh", _read_ssh),
        _optional(table, "syslog", _read_syslog),
        _optional(table, "alarms", read_alarms),
        read_policy_routes(table),
    )
    return system if len(table.mistakes.found) == before else None


def _optional(table: Table, key: str, read: Callable[[Table], T | None]) -> T | None:
    inner = table.table(key)
    return None if inner is None else read(inner)


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
