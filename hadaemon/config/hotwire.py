"""[hotwire] of cluster.toml and of a preseed."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Interface

from hadaemon.config import values
from hadaemon.config.hotwire_keys import Secret, parse_secret
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.model import (
    DEFAULT_HEARTBEAT,
    DEFAULT_MISSED,
    ClusterConfig,
    Hotwire,
    NodeConfig,
    Port,
    Protection,
)
from hadaemon.config.reader import Table

_ADDRESSES_EXAMPLE = 'addresses = { alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }'
_HOW_TO_MAKE_ONE = 'secret = "…", made with `openssl rand -base64 32`'


def read_hotwire(table: Table) -> Hotwire | None:
    """None when a mistake was noted."""
    port = table.text("port", values.port_name, 'port = "hotwire"')
    interval = table.optional_text("interval", values.heartbeat_interval, DEFAULT_HEARTBEAT)
    missed = table.number("missed", 2, 10, DEFAULT_MISSED)
    addresses: dict[str, IPv4Interface] | None = table.tagged("addresses", values.host_name, _read_address)
    advertisements = table.flag("advertisements", False)
    protection = table.optional_text("protection", _protection, Protection.ESP)
    table.close()
    if addresses:
        _note_addresses(table, addresses)
    if port is None or interval is None or missed is None or addresses is None:
        return None
    if advertisements is None or protection is None:
        return None
    return Hotwire(port, interval, missed, addresses, advertisements, protection)


def _protection(text: str) -> Protection:
    try:
        return Protection(text)
    except ValueError:
        raise values.not_known(text, Protection) from None


def read_secret(table: Table) -> Secret | None:
    """[hotwire] of a preseed; None when a mistake was noted."""
    secret = table.text("secret", parse_secret, _HOW_TO_MAKE_ONE)
    table.close()
    return secret


def ipv4_addresses(addresses: Iterable[object]) -> list[IPv4Interface]:
    """The addresses that the hotwire can use."""
    return [address for address in addresses if isinstance(address, IPv4Interface)]


def _read_address(table: Table, name: str) -> IPv4Interface | None:
    return table.text(name, values.ipv4_interface, _ADDRESSES_EXAMPLE)


def _note_addresses(table: Table, addresses: dict[str, IPv4Interface]) -> None:
    if len(addresses) != 2:
        table.note("addresses", f"must name the two nodes, e.g. {_ADDRESSES_EXAMPLE}")
        return
    one, other = addresses.values()
    if one.ip == other.ip or one.network != other.network:
        table.note("addresses", f"{one} and {other} are not two addresses of one network: choose such a pair")


def hotwire_mistakes(node: NodeConfig, cluster: ClusterConfig) -> Iterator[tuple[str, str]]:
    """Contradictions between the hotwire and the node, each as key below [hotwire] and message."""
    hotwire = cluster.hotwire
    if hotwire is None or hotwire.port not in node.ports:
        return
    yield from _sharing_mistakes(node, node.ports[hotwire.port])
    own = ipv4_addresses(node.ports[hotwire.port].addresses)
    if not hotwire.addresses:
        if own:
            yield from _partner_mistakes(node.name, hotwire.port, own[0])
        return
    if node.name not in hotwire.addresses:
        hint = did_you_mean(node.name, hotwire.addresses, "it names")
        yield "addresses", f"does not name this node, {node.name}: {hint}"
    elif own and hotwire.addresses[node.name] not in own:
        yield (
            f"addresses.{node.name}",
            f"is not among the addresses of port {hotwire.port} in node.toml: write the same, or none",
        )


def _sharing_mistakes(node: NodeConfig, port: Port) -> Iterator[tuple[str, str]]:
    """The hotwire is a cable of its own: whatever shares it could fail with it, and be heard on it."""
    if port.parent is not None:
        yield (
            "port",
            f"port {port.name} of node {node.name} is a VLAN on {port.parent}: the hotwire is a cable of its "
            "own, that fails with nothing else and carries nothing else; name a port that is a network card",
        )
    above = [other.name for other in node.ports.values() if other.parent == port.name]
    if above:
        yield (
            "port",
            f"port {port.name} of node {node.name} carries the VLAN {above[0]}: nothing else may be on the "
            "hotwire; put that VLAN on another port",
        )


def _partner_mistakes(name: str, port: str, own: IPv4Interface) -> Iterator[tuple[str, str]]:
    partner = IPv4Address(int(own.ip) ^ 1)
    network = own.network
    if network.prefixlen < 31 and partner in (network.network_address, network.broadcast_address):
        yield (
            "port",
            f"port {port} of node {name} has {own}, and the peer's address would be {partner} (the last bit "
            f"flipped), which is none: choose another one, e.g. {_example(own)}, or write hotwire.addresses",
        )


def _example(own: IPv4Interface) -> str:
    """An address, for the message, whose partner is valid too."""
    return f"{own.network.network_address + 2}/{own.network.prefixlen}"
