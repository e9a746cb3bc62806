"""[election], [[ping_groups]] and [[tracked_routes]] of cluster.toml, and how they contradict the rest."""

from collections.abc import Iterator, Sequence

from hadaemon.config import values
from hadaemon.config.check_model import Check, CountsOn
from hadaemon.config.checks import read_counts_on
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.model import (
    ClusterConfig,
    ElectionConfig,
    ElectionMode,
    NodeConfig,
    PingGroup,
    TrackedRoute,
)
from hadaemon.config.reader import Table
from hadaemon.config.values import network
from hadaemon.vrrp.model import OWNER, IPAddress

_DEFAULT = ElectionConfig()
_GROUP = PingGroup("", ())
_PATIENCE = 30.0
"""Seconds: a dial-in takes a while."""
_MAX_HOSTS = 16
_MAX_STREAK = 100


def read_election(table: Table | None) -> ElectionConfig | None:
    """None when a mistake was noted."""
    if table is None:
        return _DEFAULT
    mode = table.optional_text("mode", _mode, _DEFAULT.mode)
    debounce = table.optional_text("link_debounce", values.delay, _DEFAULT.link_debounce)
    switches = table.number("flap_switches", 0, 100, _DEFAULT.flap_switches)
    window = table.optional_text("flap_window", values.delay, _DEFAULT.flap_window)
    table.close()
    if switches == 1:
        table.note("flap_switches", "1 would suspend a node at its first switch: write 2 or more, or 0")
    if mode is None or debounce is None or switches is None or window is None:
        return None
    return ElectionConfig(mode, debounce, switches, window)


def read_ping_group(table: Table) -> PingGroup | None:
    """None when a mistake was noted."""
    name = table.text("name", values.label, 'name = "gateways"')
    hosts = table.texts("hosts", values.address, 'hosts = ["192.168.12.254"]', required=True)
    port = table.optional_text("port", values.port_name, None)
    interval = table.optional_text("interval", values.delay, _GROUP.interval)
    timeout = table.optional_text("timeout", values.delay, _GROUP.timeout)
    failures = table.number("failures", 1, _MAX_STREAK, _GROUP.failures)
    recoveries = table.number("recoveries", 1, _MAX_STREAK, _GROUP.recoveries)
    counts_on = table.optional_text("counts_on", read_counts_on, _GROUP.counts_on)
    table.close()
    if hosts is not None:
        _note_hosts(table, hosts)
    if interval is not None and interval < _SHORTEST:
        table.note("interval", f"is too short: from {_SHORTEST * 1000:.0f}ms to 3600s")
    if interval is not None and timeout is not None and not 0 < timeout <= interval:
        table.note("timeout", "must be more than 0s, and not longer than interval")
    if counts_on is CountsOn.ACTIVE and failures == 1:
        table.note(
            "failures",
            f'with counts_on = "{counts_on}" the first ping may have left before the node was active: write '
            "2 or more",
        )
    if name is None or hosts is None or interval is None or timeout is None:
        return None
    if failures is None or recoveries is None or counts_on is None:
        return None
    return PingGroup(name, hosts, port, interval, timeout, failures, recoveries, counts_on)


_SHORTEST = 0.1
"""The fewest seconds between two pings of one host: it is somebody else's machine."""


def note_same_names(groups: Sequence[tuple[Table, PingGroup | Check]]) -> None:
    """Checks that names are unique: a result names its group, or its check."""
    names: dict[str, str] = {}
    for table, group in groups:
        first = names.setdefault(group.name, table.path)
        if first != table.path:
            table.note("name", f'"{group.name}" is already the name of {first}: choose another')


def read_tracked_route(table: Table) -> TrackedRoute | None:
    """None when a problem was noted."""
    destination = table.text("destination", network, 'destination = "0.0.0.0/0"')
    port = table.optional_text("port", values.port_name, None)
    patience = table.optional_text("patience", values.delay, _PATIENCE)
    table.close()
    if destination is None or patience is None:
        return None
    return TrackedRoute(destination, port, patience)


def note_same_routes(routes: list[tuple[Table, TrackedRoute]]) -> None:
    """One that is tracked twice would count twice."""
    seen: dict[str, str] = {}
    for table, route in routes:
        first = seen.setdefault(str(route), table.path)
        if first != table.path:
            table.note("destination", f"the route to {route} is tracked already by {first}: remove one")


def note_tracking_owner(table: Table, cluster: ClusterConfig) -> None:
    """The address owner's priority is never lowered (RFC 9568 §5.2.4), so nothing can be tracked."""
    owners = [name for name, priority in cluster.vrrp.priorities.items() if priority == OWNER]
    if not owners:
        return
    path = f"{table.at('vrrp')}.priorities.{owners[0]}"
    if cluster.ping_groups:
        table.mistakes.add(
            path,
            f"{OWNER} is the address owner's and is never lowered, so ping groups could move nothing: take "
            "another priority, or remove [[ping_groups]]",
        )
    if cluster.tracked_routes:
        table.mistakes.add(
            path,
            f"{OWNER} is the address owner's and is never lowered, so tracked routes could move nothing: "
            "take another priority, or remove [[tracked_routes]]",
        )
    if cluster.checks:
        table.mistakes.add(
            path,
            f"{OWNER} is the address owner's and is never lowered, so checks could move nothing: take "
            "another priority, or remove [[checks]]",
        )
    if any(service.counts for service in cluster.follow.services):
        table.mistakes.add(
            path,
            f"{OWNER} is the address owner's and is never lowered, so services could move nothing: take "
            "another priority, or remove `counts` from [[follow.services]]",
        )
    if len(cluster.ha_interfaces) > 1:
        table.mistakes.add(
            path,
            f"{OWNER} is the address owner's and is never lowered, so a lost link could move nothing: with "
            "several HA interfaces take another priority",
        )


def check_mistakes(node: NodeConfig, cluster: ClusterConfig) -> Iterator[tuple[str, str]]:
    """Ping checks and tracked routes that the node could not check: each key of cluster.toml, and message."""
    for position, route in enumerate(cluster.tracked_routes):
        if route.port is not None and route.port not in node.ports:
            hint = did_you_mean(route.port, node.ports, "it has")
            yield f"tracked_routes[{position}].port", f'node {node.name} has no port "{route.port}": {hint}'
    for position, group in enumerate(cluster.ping_groups):
        here = f"ping_groups[{position}]"
        if group.port is None:
            continue
        if group.port not in node.ports:
            hint = did_you_mean(group.port, node.ports, "it has")
            yield f"{here}.port", f'node {node.name} has no port "{group.port}": {hint}'
            continue
        port = node.ports[group.port]
        own = {address.version for address in port.addresses} | ({4} if port.dhcp else set())
        if group.counts_on is CountsOn.ACTIVE:
            own |= _virtual_versions(cluster, port.name)
        for index, host in enumerate(group.hosts):
            if host.version not in own:
                yield (
                    f"{here}.hosts[{index}]",
                    f"port {port.name} of node {node.name} has no own IPv{host.version} address "
                    f"to ping {host} from: give it one in node.toml (ports.{port.name}.addresses), "
                    f"or remove the check{_or_alone(cluster, group, port.name, host)}",
                )


def _or_alone(cluster: ClusterConfig, group: PingGroup, port: str, host: IPAddress) -> str:
    """What else to write where the active node has an address."""
    if group.counts_on is CountsOn.ACTIVE or host.version not in _virtual_versions(cluster, port):
        return ""
    return f', or write counts_on = "{CountsOn.ACTIVE}": the active node has a virtual one'


def _virtual_versions(cluster: ClusterConfig, port: str) -> set[int]:
    """Of the addresses that an active node has there."""
    return {
        address.version
        for each in cluster.ha_interfaces
        if each.address_port == port
        for address in each.virtual_addresses
    }


def _note_hosts(table: Table, hosts: tuple[IPAddress, ...]) -> None:
    if len(hosts) > _MAX_HOSTS:
        table.note("hosts", f"a group has {_MAX_HOSTS} hosts at most: remove some")
    for position, host in enumerate(hosts):
        if host in hosts[:position]:
            table.mistakes.add(f"{table.at('hosts')}[{position}]", f"{host} is there twice: remove one")


def _mode(text: str) -> ElectionMode:
    try:
        return ElectionMode(text)
    except ValueError:
        raise values.not_known(text, ElectionMode) from None
