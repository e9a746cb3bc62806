"""Configuration back to TOML, so that what was validated is what is stored: load(render(x)) == x."""

import json
from collections.abc import Iterable, Iterator, Mapping

from hadaemon.config import migrate
from hadaemon.config.conntrack_model import EVERYTHING, Conntrack
from hadaemon.config.model import (
    Admin,
    ClusterConfig,
    ElectionConfig,
    HaInterface,
    Hotwire,
    NodeConfig,
    PingGroup,
    Preseed,
    Protection,
    TrackedRoute,
    VrrpConfig,
    derived_link_local,
)
from hadaemon.config.render_checks import check_lines, hook_lines
from hadaemon.config.render_firewall import firewall_lines
from hadaemon.config.render_follow import follow_lines
from hadaemon.config.render_network import advertises_lines, bond_lines, system_lines
from hadaemon.config.render_objects import object_lines
from hadaemon.config.secrets import written_key
from hadaemon.vrrp.authentication import Password, Signatures
from hadaemon.vrrp.model import Centiseconds, IPInterface


def _schema() -> str:
    return f"schema = {migrate.KNOWN.newest}"


def render_node(node: NodeConfig) -> str:
    """The text of node.toml."""
    return _text([_schema(), *_node_lines(node, "")])


def render_cluster(cluster: ClusterConfig) -> str:
    """The text of cluster.toml."""
    return _text([_schema(), *_cluster_lines(cluster, "")])


def render_admin(admin: Admin) -> str:
    """The text of admin.toml. Secret."""
    lines = [_schema()]
    if admin.password_hash is not None:
        lines.append(f"password_hash = {_string(admin.password_hash)}")
    return _text([*lines, f"ssh_keys = {_strings(admin.ssh_keys)}"])


def render_used_preseed(preseed: Preseed) -> str:
    """What is left on the medium after use: node and cluster, without the secrets of [admin]."""
    lines = [
        "# Used once, without the secrets now. To use it again, add [admin], and [hotwire] and",
        "# [cluster.vrrp.authentication] if there were any, the keys and passwords of [cluster.follow], the",
        "# webhook and the mail password of [alarms], and name it preseed.toml.",
        _schema(),
        "[node]",
        *_node_lines(preseed.node, "node.", secrets=False),
    ]
    if preseed.cluster is not None:
        lines += ["[cluster]", *_cluster_lines(preseed.cluster, "cluster.", secrets=False)]
    return _text(lines)


def _node_lines(node: NodeConfig, prefix: str, secrets: bool = True) -> Iterator[str]:
    yield f"name = {_string(node.name)}"
    yield f"language = {_string(node.language)}"
    yield f"time_zone = {_string(node.time_zone)}"
    for port in node.ports.values():
        yield f"[{prefix}ports.{port.name}]"
        if port.members:
            yield from bond_lines(port)
        elif port.parent is None:
            yield f"mac = {_string(port.mac)}"
        else:
            yield f"parent = {_string(port.parent)}"
            yield f"vlan = {port.vlan}"
        yield f"addresses = {_strings(str(address) for address in port.addresses)}"
        if port.dhcp:
            yield "dhcp = true"
    yield from system_lines(node.system, prefix, secrets)


def _cluster_lines(cluster: ClusterConfig, prefix: str, secrets: bool = True) -> Iterator[str]:
    yield f"name = {_string(cluster.name)}"
    yield f"master = {_string(cluster.master)}"
    yield f"enabled = {_flag(cluster.enabled)}"
    yield f"sync = {_string(cluster.sync)}"
    yield from _vrrp_lines(cluster.vrrp, f"{prefix}vrrp", secrets)
    if cluster.hotwire is not None:
        yield f"[{prefix}hotwire]"
        yield from _hotwire_lines(cluster.hotwire)
    for interface in cluster.ha_interfaces:
        yield from _interface_lines(interface, prefix)
    yield from _election_lines(cluster.election, prefix)
    for group in cluster.ping_groups:
        yield from _ping_group_lines(group, prefix)
    for route in cluster.tracked_routes:
        yield from _tracked_route_lines(route, prefix)
    yield from check_lines(cluster.checks, f"{prefix}checks")
    yield from hook_lines(cluster.hooks, f"{prefix}hooks")
    yield from _conntrack_lines(cluster.conntrack, f"{prefix}conntrack")
    yield from _kernel_lines(cluster.kernel, f"{prefix}kernel")
    yield from system_lines(cluster.system, prefix, secrets)
    yield from object_lines(cluster, prefix)
    yield from firewall_lines(cluster.firewall, f"{prefix}firewall")
    yield from follow_lines(cluster.follow, f"{prefix}follow", secrets)


def _conntrack_lines(conntrack: Conntrack, path: str) -> Iterator[str]:
    if conntrack != EVERYTHING:
        yield f"[{path}]"
        yield f"enabled = {_flag(conntrack.enabled)}"
        yield f"protocols = {_strings(conntrack.protocols)}"
        yield f"ignore = {_strings(map(str, conntrack.ignore))}"
        yield f"helpers = {_strings(map(str, conntrack.helpers))}"
        yield f"max_connections = {conntrack.max_connections}"


def _kernel_lines(kernel: Mapping[str, str], path: str) -> Iterator[str]:
    if kernel:
        yield f"[{path}]"
    for name, value in kernel.items():
        yield f"{_key(name)} = {value if value.isdecimal() else _string(value)}"


def _election_lines(election: ElectionConfig, prefix: str) -> Iterator[str]:
    yield f"[{prefix}election]"
    yield f"mode = {_string(election.mode)}"
    yield f"link_debounce = {_string(_delay(election.link_debounce))}"
    yield f"flap_switches = {election.flap_switches}"
    yield f"flap_window = {_string(_delay(election.flap_window))}"


def _ping_group_lines(group: PingGroup, prefix: str) -> Iterator[str]:
    yield f"[[{prefix}ping_groups]]"
    yield f"name = {_string(group.name)}"
    yield f"hosts = {_strings(str(host) for host in group.hosts)}"
    if group.port is not None:
        yield f"port = {_string(group.port)}"
    yield f"interval = {_string(_delay(group.interval))}"
    yield f"timeout = {_string(_delay(group.timeout))}"
    yield f"failures = {group.failures}"
    yield f"recoveries = {group.recoveries}"
    yield f"counts_on = {_string(group.counts_on)}"


def _tracked_route_lines(route: TrackedRoute, prefix: str) -> Iterator[str]:
    yield f"[[{prefix}tracked_routes]]"
    yield f"destination = {_string(str(route.destination))}"
    if route.port is not None:
        yield f"port = {_string(route.port)}"
    yield f"patience = {_string(_delay(route.patience))}"


def _hotwire_lines(hotwire: Hotwire) -> Iterator[str]:
    yield f"port = {_string(hotwire.port)}"
    yield f'interval = "{hotwire.interval}ms"'
    yield f"missed = {hotwire.missed}"
    if hotwire.advertisements:
        yield "advertisements = true"
    if hotwire.protection is not Protection.ESP:
        yield f'protection = "{hotwire.protection}"'
    if hotwire.addresses:
        pairs = (f"{_key(name)} = {_string(str(address))}" for name, address in hotwire.addresses.items())
        yield f"addresses = {{ {', '.join(pairs)} }}"


def _vrrp_lines(vrrp: VrrpConfig, path: str, secrets: bool) -> Iterator[str]:
    yield f"[{path}]"
    yield f"version = {vrrp.version}"
    yield f"vrid_offset = {vrrp.vrid_offset}"
    yield f"advertisement_interval = {_string(_duration(vrrp.advertisement_interval))}"
    yield f"preempt = {_flag(vrrp.preempt)}"
    yield f"preempt_delay = {_string(_delay(vrrp.preempt_delay))}"
    yield f"checksum = {_string(vrrp.checksum)}"
    yield f"accept_mode = {_flag(vrrp.accept_mode)}"
    yield f"virtual_mac = {_flag(vrrp.virtual_mac)}"
    if vrrp.priorities:
        yield f"[{path}.priorities]"
        yield from (f"{_key(name)} = {priority}" for name, priority in vrrp.priorities.items())
    if secrets:
        yield from _authentication_lines(vrrp, f"{path}.authentication")


def _authentication_lines(vrrp: VrrpConfig, path: str) -> Iterator[str]:
    """Secret."""
    match vrrp.authentication:
        case Password(data):
            yield f"[{path}]"
            yield 'type = "password"'
            yield f"passphrase = {_string(data.rstrip(bytes(1)).decode())}"
        case Signatures(mode, key_id, keys):
            yield f"[{path}]"
            yield 'type = "hmac"'
            yield f"mode = {_string(mode)}"
            yield f"key_id = {key_id}"
            yield f"key = {_string(written_key(keys[key_id]))}"
            if len(keys) > 1:
                yield f"[{path}.more_keys]"
            for other, key in keys.items():
                if other != key_id:
                    yield f"{other} = {_string(written_key(key))}"


def _interface_lines(interface: HaInterface, prefix: str) -> Iterator[str]:
    yield f"[[{prefix}ha_interfaces]]"
    yield f"port = {_string(interface.port)}"
    yield f"number = {interface.number}"
    yield f"virtual_addresses = {_strings(str(address) for address in _named_addresses(interface))}"
    if interface.addresses_on is not None:
        yield f"addresses_on = {_string(interface.addresses_on)}"
    if interface.own_interval is not None:
        yield f"advertisement_interval = {_string(_duration(interface.own_interval))}"
    if interface.dhcp_server:
        yield "dhcp_server = true"
    if interface.peers:
        pairs = (f"{_key(name)} = {_string(str(address))}" for name, address in interface.peers.items())
        yield f"peers = {{ {', '.join(pairs)} }}"
    if interface.advertises is not None:
        yield from advertises_lines(interface.advertises, f"{prefix}ha_interfaces.router_advertisements")


def _named_addresses(interface: HaInterface) -> tuple[IPInterface, ...]:
    """The addresses without the link-local one that follows from the VRID, so that it keeps following it."""
    addresses = interface.virtual_addresses
    sixes = [each for each in addresses if each.version == 6]
    if [each for each in sixes if each.ip.is_link_local] != [derived_link_local(interface.vrid)]:
        return addresses
    if len(sixes) == 1:
        return addresses
    return tuple(each for each in addresses if each != derived_link_local(interface.vrid))


def _duration(interval: Centiseconds) -> str:
    return f"{interval * 10}ms" if interval % 100 else f"{interval // 100}s"


def _delay(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds >= 1 and seconds % 1 == 0 else f"{seconds * 1000:.0f}ms"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _key(name: str) -> str:
    """A node's name as a key: with dots it would be a path."""
    return _string(name) if "." in name else name


def _string(value: str) -> str:
    """A JSON string of printable characters is a TOML basic string."""
    return json.dumps(value, ensure_ascii=False)


def _strings(values: Iterable[str]) -> str:
    return f"[{', '.join(_string(value) for value in values)}]"


def _text(lines: Iterable[str]) -> str:
    """A blank line before each table."""
    return "".join(f"\n{line}\n" if line.startswith("[") else f"{line}\n" for line in lines)
