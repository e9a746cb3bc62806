"""[follow] of cluster.toml: what is down while the node is backup."""

from collections.abc import Container, Iterator, Mapping
from ipaddress import IPv4Address

from hadaemon.config import follow_words as words
from hadaemon.config import values
from hadaemon.config.address_book import File, Keys
from hadaemon.config.follow_model import (
    DEFAULT_STOP,
    MAX_STOP,
    DhcpNetwork,
    DialIn,
    Follow,
    Haproxy,
    Service,
    Tunnel,
    TunnelPeer,
)
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.objects import NOTHING, Names
from hadaemon.config.objects_model import networks_of
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import IPAddress

_NOTHING = Follow()
_MAX_ALLOWED = 256
"""Networks of one peer."""
_MAX_TAGGED = 13
"""Characters of a dial-in's name: the interface with its tag has two more, and 15 at most."""


def read_follow(table: Table | None, names: Names = NOTHING) -> Follow | None:
    """`names`: what tunnels may name. None when a mistake was noted."""
    if table is None:
        return _NOTHING
    before = len(table.mistakes.found)
    ports = table.texts("ports", values.port_name, '["modem"]')
    services = [_read_service(each) for each in _tables(table, "services")]
    tunnels = [_read_tunnel(each, names) for each in _tables(table, "wireguard")]
    dial_ins = [_read_dial_in(each) for each in _tables(table, "pppoe")]
    networks = [_read_dhcp(each) for each in _tables(table, "dhcp")]
    haproxy = _read_haproxy(table.table("haproxy"))
    table.close()
    if len(table.mistakes.found) > before:
        return None
    follow = Follow(
        ports or (),
        tuple(each for each in services if each is not None),
        tuple(each for each in tunnels if each is not None),
        tuple(each for each in dial_ins if each is not None),
        tuple(each for each in networks if each is not None),
        haproxy,
    )
    for key, message in _repeated(follow):
        table.mistakes.add(f"{table.path}.{key}", message)
    return follow if len(table.mistakes.found) == before else None


def _tables(table: Table, key: str) -> list[Table]:
    return table.tables(key, f"[[{table.at(key)}]]", required=False)


def _read_service(table: Table) -> Service | None:
    unit = table.text("unit", words.unit, 'unit = "openvpn-server@office.service"')
    stop_timeout = _read_stop(table)
    source = table.optional_text("source", values.address, None)
    counts = table.flag("counts", False)
    table.close()
    if unit is None or stop_timeout is None or counts is None:
        return None
    if source is not None and not unit.endswith(".service"):
        table.note("source", f"{unit} makes no connections: only a .service has a source")
    return Service(unit, stop_timeout, source, counts)


def _read_stop(table: Table) -> float | None:
    stop = table.optional_text("stop_timeout", values.delay, DEFAULT_STOP)
    if stop is not None and not 0.1 <= stop <= MAX_STOP:
        table.note("stop_timeout", f'must be from "100ms" to "{MAX_STOP:g}s"')
    return stop


def _read_tunnel(table: Table, names: Names) -> Tunnel | None:
    name = table.text("name", words.interface, 'name = "wg0"')
    key = table.text("private_key", words.wireguard_key, "the output of `wg genkey`")
    addresses = table.texts("addresses", values.interface_address, '["10.8.0.1/24"]', required=True)
    port = table.number("listen_port", 1, 65535, 51820)
    listen_port = port if table.has("listen_port") else None
    mtu = table.number("mtu", 1280, 9000, 1420)
    source = table.optional_text("source", values.address, None)
    peers = [_read_peer(each, names) for each in table.tables("peers", f"[[{table.path}.peers]]")]
    table.close()
    if source is not None and not table.has("listen_port"):
        table.note("source", "needs listen_port, by which the packets of the tunnel are known: add it")
    good = tuple(each for each in peers if each is not None)
    if name is None or key is None or addresses is None or mtu is None or len(good) != len(peers):
        return None
    return Tunnel(name, key, addresses, good, listen_port, mtu, source)


def _read_peer(table: Table, names: Names) -> TunnelPeer | None:
    key = table.text("public_key", words.wireguard_key, "the output of `wg pubkey`")
    allowed = table.texts("allowed", names.item, '["10.8.0.2/32"]', required=True)
    endpoint = table.optional_text("endpoint", words.endpoint, None)
    shared = table.optional_text("preshared_key", words.wireguard_key, None)
    keepalive = table.number("keepalive", 0, 65535, 0)
    table.close()
    count = sum(1 for _ in networks_of(allowed or ()))
    if count > _MAX_ALLOWED:
        table.note("allowed", f"has {count} networks, {_MAX_ALLOWED} are the limit: each of them is a route")
    if key is None or allowed is None or keepalive is None:
        return None
    return TunnelPeer(key, allowed, endpoint, shared, keepalive)


def _read_dial_in(table: Table) -> DialIn | None:
    name = table.text("name", words.interface, 'name = "wan0"')
    port = table.text("port", values.port_name, 'port = "modem"')
    user = table.text("user", words.word, 'user = "0815@provider.example"')
    password = table.text("password", words.word, "that of the provider")
    default_route = table.flag("default_route", True)
    mtu = table.number("mtu", 1280, 1500, 1492)
    tag = table.number("vlan", 1, 4094, 1)
    vlan = tag if table.has("vlan") else None
    table.close()
    if name is not None and vlan is not None and len(name) > _MAX_TAGGED:
        table.note("name", f"has {_MAX_TAGGED} characters at most where there is a vlan: shorten it")
    if name is None or port is None or user is None or password is None:
        return None
    return (
        None
        if default_route is None or mtu is None
        else DialIn(name, port, user, password, default_route, mtu, vlan)
    )


def _read_dhcp(table: Table) -> DhcpNetwork | None:
    port = table.text("port", values.port_name, 'port = "lan"')
    span = table.text("range", words.address_range, 'range = "192.168.12.100-192.168.12.199"')
    lease = table.optional_text("lease", words.lease, 12 * 3600)
    gateway = table.optional_text("gateway", _ipv4, None)
    dns = table.texts("dns", _ipv4, '["192.168.12.53"]')
    domain = table.optional_text("domain", words.domain, None)
    hosts: Mapping[str, IPv4Address] | None = table.tagged("hosts", values.mac, _read_host)
    table.close()
    if port is None or span is None or lease is None or dns is None or hosts is None:
        return None
    return DhcpNetwork(port, *span, lease, gateway, dns, domain, _by_mac(table, hosts))


def _by_mac(table: Table, hosts: Mapping[str, IPv4Address]) -> dict[str, IPv4Address]:
    """One MAC address may be spelled in several ways."""
    spelled: dict[str, str] = {}
    for mac in hosts:
        first = spelled.setdefault(values.mac(mac), mac)
        if first != mac:
            table.note("hosts", f"{mac} and {first} are one MAC address: remove one of the two")
    return {values.mac(mac): ip for mac, ip in hosts.items()}


def _read_host(table: Table, mac: str) -> IPv4Address | None:
    return table.text(mac, _ipv4, f'"{mac}" = "192.168.12.80"')


def _read_haproxy(table: Table | None) -> Haproxy | None:
    """Off by default, and with an empty table too."""
    if table is None:
        return None
    enabled = table.flag("enabled", False)
    transparent = table.flag("transparent", False)
    on_backup = table.flag("on_backup", True)
    table.close()
    return Haproxy(bool(transparent), bool(on_backup)) if enabled else None


def _ipv4(text: str) -> IPv4Address:
    found = values.address(text)
    if not isinstance(found, IPv4Address):
        raise ValueError(f"{text} is an IPv6 address: this is DHCP for IPv4")
    return found


def _repeated(follow: Follow) -> Iterator[tuple[str, str]]:
    """What is there twice and would conflict with itself."""
    yield from _repeated_peers(follow)
    names = [("pppoe", each.name) for each in follow.pppoe] + [
        ("wireguard", each.name) for each in follow.wireguard
    ]
    seen: dict[object, str] = {}
    places = [
        *((f"{kind}.name", name) for kind, name in names),
        *(("services.unit", each.unit) for each in follow.services),
        *(("dhcp.port", f"port {each.port}") for each in follow.dhcp),
        *(("wireguard.listen_port", each.listen_port) for each in follow.wireguard if each.listen_port),
        *(("ports", f"{each}, a port") for each in follow.ports),
    ]
    for key, value in places:
        if value in seen:
            yield key.partition(".")[0], f"{value} is there twice: remove one of the two"
        seen[value] = key


def _repeated_peers(follow: Follow) -> Iterator[tuple[str, str]]:
    """WireGuard knows a peer by its key, on each interface, and who calls by the keys of both ends."""
    seen: dict[tuple[str, str], str] = {}
    for position, tunnel in enumerate(follow.wireguard):
        for index, peer in enumerate(tunnel.peers):
            here = f"wireguard[{position}].peers[{index}].public_key"
            first = seen.setdefault((tunnel.private_key, peer.public_key), here)
            if first != here:
                yield (
                    here,
                    f"is that of follow.{first} too: a peer is there once, with all that is allowed to it",
                )


def follow_mistakes(node: NodeConfig, cluster: ClusterConfig) -> Iterator[tuple[str, str, Keys]]:
    """What does not fit the node and the rest of the cluster, each as key below [follow] and message, and the
    keys that it contradicts."""
    advertising = {
        name: position
        for position, each in enumerate(cluster.ha_interfaces)
        for name in (each.port, each.address_port)
    }
    for index, port in enumerate(cluster.follow.ports):
        if port in advertising:
            message = (
                f'"{port}" is an HA interface, whose link must be up on the backup too, to hear the '
                "other node: remove it here"
            )
            yield (
                f"ports[{index}]",
                message,
                ((File.CLUSTER, f"ha_interfaces[{advertising[port]}].virtual_addresses"),),
            )
    for index, network in enumerate(cluster.follow.dhcp):
        yield from _dhcp_mistakes(node, cluster, network, f"dhcp[{index}]")
    for key, message in _lonely_mistakes(node, cluster, advertising):
        yield key, message, ()


def _lonely_mistakes(
    node: NodeConfig, cluster: ClusterConfig, advertising: Container[str]
) -> Iterator[tuple[str, str]]:
    """Those that contradict no other key."""
    follow = cluster.follow
    hotwire = cluster.hotwire.port if cluster.hotwire is not None else None
    for index, port in enumerate(follow.ports):
        if port not in advertising:
            yield from _port_mistakes(node, port, f"ports[{index}]", hotwire)
    for index, dial_in in enumerate(follow.pppoe):
        if dial_in.port not in node.ports or dial_in.port == hotwire:
            yield from _port_mistakes(node, dial_in.port, f"pppoe[{index}].port", hotwire)
        yield from _name_mistakes(node, cluster, dial_in.name, f"pppoe[{index}].name")
    for index, tunnel in enumerate(follow.wireguard):
        yield from _name_mistakes(node, cluster, tunnel.name, f"wireguard[{index}].name")
        yield from _source_mistakes(cluster, tunnel.source, f"wireguard[{index}].source")
    for index, service in enumerate(follow.services):
        yield from _source_mistakes(cluster, service.source, f"services[{index}].source")
    if follow.haproxy is not None and cluster.hotwire is not None and not cluster.hotwire.addresses:
        yield (
            "haproxy.enabled",
            "needs hotwire.addresses, both nodes' by name: HAProxy tells the other node its stick tables",
        )


def _name_mistakes(
    node: NodeConfig, cluster: ClusterConfig, name: str, key: str
) -> Iterator[tuple[str, str]]:
    if name in node.ports or name in cluster.firewall.zones:
        yield key, f'"{name}" is a port or a zone already: give the interface another name'


def _port_mistakes(node: NodeConfig, port: str, key: str, hotwire: str | None) -> Iterator[tuple[str, str]]:
    if port not in node.ports:
        yield key, f'node {node.name} has no port "{port}": {did_you_mean(port, node.ports, "it has")}'
    elif port == hotwire:
        yield key, f'"{port}" is the hotwire, which is exclusive: choose another port'
    elif any(other.parent == port for other in node.ports.values()):
        yield key, f'"{port}" has VLANs on it, which would be down too: name these VLANs instead'


def _source_mistakes(cluster: ClusterConfig, source: IPAddress | None, key: str) -> Iterator[tuple[str, str]]:
    virtual = {address.ip for each in cluster.ha_interfaces for address in each.virtual_addresses}
    if source is not None and source not in virtual:
        known = ", ".join(
            sorted(str(ip) for ip in virtual if ip.version == source.version and not ip.is_link_local)
        )
        yield key, f"{source} is no virtual address of this cluster: it has {known or 'none of that family'}"


def _dhcp_mistakes(
    node: NodeConfig, cluster: ClusterConfig, network: DhcpNetwork, key: str
) -> Iterator[tuple[str, str, Keys]]:
    """The server speaks from a virtual address, in whose network everything must be, but no own address."""
    position, fours = next(
        (
            (position, [address for address in each.virtual_addresses if address.version == 4])
            for position, each in enumerate(cluster.ha_interfaces)
            if each.address_port == network.port
        ),
        (0, []),
    )
    if not fours:
        yield (
            f"{key}.port",
            f'"{network.port}" has no virtual IPv4 address: a DHCP server speaks from one',
            (),
        )
        return
    virtual = ((File.CLUSTER, f"ha_interfaces[{position}].virtual_addresses"),)
    near = [each for each in fours if network.first in each.network and network.last in each.network]
    if not near:
        known = ", ".join(str(each.network) for each in fours)
        message = f"is not in the network of a virtual address of port {network.port}: {known}"
        yield f"{key}.range", message, virtual
        return
    if network.gateway is not None and network.gateway not in near[0].network:
        message = f"{network.gateway} is not in {near[0].network}: clients could not reach it"
        yield f"{key}.gateway", message, virtual
    for mac, address in network.hosts.items():
        if address not in near[0].network:
            yield f'{key}.hosts."{mac}"', f"{address} is not in {near[0].network}", virtual
    port = node.ports.get(network.port)
    own = (
        [each for each in port.addresses if each.version == 4 and each.network.overlaps(near[0].network)]
        if port
        else []
    )
    if own:
        yield (
            f"{key}.port",
            (
                f"the own address {own[0]} of port {network.port} of node {node.name} is in that network: "
                "clients would bind to it, and the other node does not have it; give the port an own "
                "address of another network, or none"
            ),
            ((File.NODE, f"ports.{network.port}.addresses"),),
        )
