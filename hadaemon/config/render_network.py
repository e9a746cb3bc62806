"""The base network back to TOML: only what differs from the default."""

import json
from collections.abc import Iterable, Iterator

from hadaemon.config.model import Port
from hadaemon.config.network_model import (
    PolicyRoute,
    Route,
    RouteKind,
    RouterAdvertisements,
    Ssh,
    Syslog,
    System,
)
from hadaemon.config.render_alarms import alarm_lines

_DEFAULT = RouterAdvertisements(())


def bond_lines(port: Port) -> Iterator[str]:
    """`members` and `bond_mode` of a port."""
    yield f"members = {_strings(port.members)}"
    yield f"bond_mode = {_string(port.bond_mode)}"


def system_lines(system: System, prefix: str, secrets: bool = True) -> Iterator[str]:
    """The tables of either file."""
    for route in system.routes:
        yield from (f"[[{prefix}routes]]", *_route(route))
    for policy in system.policy_routes:
        yield from (f"[[{prefix}policy_routes]]", *_policy(policy))
    if system.dns is not None:
        yield from (f"[{prefix}dns]", f"servers = {_strings(system.dns.servers)}")
        yield f"search = {_strings(system.dns.search)}"
    if system.ntp is not None:
        yield from (f"[{prefix}ntp]", f"servers = {_strings(system.ntp.servers)}")
    if system.ssh is not None:
        yield from (f"[{prefix}ssh]", *_ssh(system.ssh))
    if system.syslog is not None:
        yield from (f"[{prefix}syslog]", *_syslog(system.syslog))
    if system.alarms is not None:
        yield from alarm_lines(system.alarms, f"{prefix}alarms", secrets)


def _route(route: Route) -> Iterator[str]:
    yield f"destination = {_string(str(route.destination))}"
    if route.gateway is not None:
        yield f"gateway = {_string(str(route.gateway))}"
    if route.port is not None:
        yield f"port = {_string(route.port)}"
    if route.metric is not None:
        yield f"metric = {route.metric}"
    if route.kind is not RouteKind.UNICAST:
        yield f"type = {_string(route.kind)}"
    if route.table is not None:
        yield f"table = {route.table}"
    if route.exists_while is not None:
        yield f"while = {_string(route.exists_while)}"


def _policy(policy: PolicyRoute) -> Iterator[str]:
    yield f"table = {policy.table}"
    if policy.source:
        yield f"source = {_strings(policy.source)}"
    if policy.ports:
        yield f"from = {_strings(policy.ports)}"
    if policy.mark is not None:
        yield f"mark = {policy.mark}"


def _ssh(ssh: Ssh) -> Iterator[str]:
    yield f"ports = {_strings(ssh.ports)}"
    yield f"tcp_port = {ssh.tcp_port}"
    yield f"password = {_flag(ssh.password)}"
    yield f"sources = {_strings(ssh.sources)}"


def _syslog(syslog: Syslog) -> Iterator[str]:
    yield f"servers = {_strings(syslog.servers)}"
    yield f"transport = {_string(syslog.transport)}"
    yield f"port = {syslog.port}"


def advertises_lines(advertised: RouterAdvertisements, path: str) -> Iterator[str]:
    """[ha_interfaces.router_advertisements] of the last interface that was written."""
    yield f"[{path}]"
    yield f"prefixes = {_strings(advertised.prefixes)}"
    for key in ("interval", "lifetime", "preferred_lifetime", "valid_lifetime"):
        if getattr(advertised, key) != getattr(_DEFAULT, key):
            yield f'{key} = "{getattr(advertised, key)}s"'
    for key in ("managed", "other"):
        if getattr(advertised, key):
            yield f"{key} = true"
    if advertised.mtu is not None:
        yield f"mtu = {advertised.mtu}"
    if advertised.dns:
        yield f"dns = {_strings(advertised.dns)}"
    if advertised.search:
        yield f"search = {_strings(advertised.search)}"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _strings(items: Iterable[object]) -> str:
    return f"[{', '.join(_string(str(item)) for item in items)}]"
