"""Configuration back to TOML, so that what was validated is what is stored: load(render(x)) == x."""

import json
from collections.abc import Iterable, Iterator

from hadaemon.config.model import Admin, ClusterConfig, HaInterface, Hotwire, NodeConfig, Preseed
from hadaemon.vrrp.model import Centiseconds

_SCHEMA = "schema = 1"


def render_node(node: NodeConfig) -> str:
    """The text of node.toml."""
    return _text([_SCHEMA, *_node_lines(node, "")])


def render_cluster(cluster: ClusterConfig) -> str:
    """The text of cluster.toml."""
    return _text([_SCHEMA, *_cluster_lines(cluster, "")])


def render_admin(admin: Admin) -> str:
    """The text of admin.toml. Secret."""
    lines = [_SCHEMA]
    if admin.password_hash is not None:
        lines.append(f"password_hash = {_string(admin.password_hash)}")
    return _text([*lines, f"ssh_keys = {_strings(admin.ssh_keys)}"])


def render_used_preseed(preseed: Preseed) -> str:
    """What is left on the medium after use: node and cluster, without the secrets of [admin]."""
    lines = [
        "# Used once, without the secrets now. To use it again, add [admin], and [hotwire] if there was one,",
        "# and name it preseed.toml.",
        _SCHEMA,
        "[node]",
        *_node_lines(preseed.node, "node."),
    ]
    if preseed.cluster is not None:
        lines += ["[cluster]", *_cluster_lines(preseed.cluster, "cluster.")]
    return _text(lines)


def _node_lines(node: NodeConfig, prefix: str) -> Iterator[str]:
    yield f"name = {_string(node.name)}"
    for port in node.ports.values():
        yield f"[{prefix}ports.{port.name}]"
        yield f"mac = {_string(port.mac)}"
        yield f"addresses = {_strings(str(address) for address in port.addresses)}"


def _cluster_lines(cluster: ClusterConfig, prefix: str) -> Iterator[str]:
    yield f"name = {_string(cluster.name)}"
    yield f"master = {_string(cluster.master)}"
    yield f"enabled = {_flag(cluster.enabled)}"
    yield f"[{prefix}vrrp]"
    yield f"vrid_offset = {cluster.vrrp.vrid_offset}"
    yield f"advertisement_interval = {_string(_duration(cluster.vrrp.advertisement_interval))}"
    yield f"preempt = {_flag(cluster.vrrp.preempt)}"
    yield f"checksum = {_string(cluster.vrrp.checksum)}"
    if cluster.hotwire is not None:
        yield f"[{prefix}hotwire]"
        yield from _hotwire_lines(cluster.hotwire)
    for interface in cluster.ha_interfaces:
        yield from _interface_lines(interface, prefix)


def _hotwire_lines(hotwire: Hotwire) -> Iterator[str]:
    yield f"port = {_string(hotwire.port)}"
    yield f'interval = "{hotwire.interval}ms"'
    yield f"missed = {hotwire.missed}"
    if hotwire.addresses:
        pairs = (f"{name} = {_string(str(address))}" for name, address in hotwire.addresses.items())
        yield f"addresses = {{ {', '.join(pairs)} }}"


def _interface_lines(interface: HaInterface, prefix: str) -> Iterator[str]:
    yield f"[[{prefix}ha_interfaces]]"
    yield f"port = {_string(interface.port)}"
    yield f"number = {interface.number}"
    yield f"virtual_addresses = {_strings(str(address) for address in interface.virtual_addresses)}"


def _duration(interval: Centiseconds) -> str:
    return f"{interval * 10}ms" if interval % 100 else f"{interval // 100}s"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _string(value: str) -> str:
    """A JSON string of printable characters is a TOML basic string."""
    return json.dumps(value, ensure_ascii=False)


def _strings(values: Iterable[str]) -> str:
    return f"[{', '.join(_string(value) for value in values)}]"


def _text(lines: Iterable[str]) -> str:
    """A blank line before each table."""
    return "".join(f"\n{line}\n" if line.startswith("[") else f"{line}\n" for line in lines)
