"""Every address and every network that the two files name, as one list: what `address_rules` compares.

A key that has an address is added here, and to a role. The tests hold the list against the model.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

from hadaemon.config.check_model import KINDS, Dns, Http, Tcp
from hadaemon.config.follow_model import DhcpNetwork, Tunnel
from hadaemon.config.model import ClusterConfig, HaInterface, NodeConfig
from hadaemon.config.network_model import Route, System, While, is_in_place_of
from hadaemon.config.objects_model import Addresses, Exempt, NetworkObject, networks_of
from hadaemon.vrrp.model import IPAddress, IPInterface, IPNetwork

HOTWIRE_NETWORK = ip_network("169.254.0.0/16")
"""Where the hotwire's addresses are if no file names any (`hadaemon.hotwire.addresses`)."""


class Role(StrEnum):
    """What an address is for, as the manual calls it. In this order the book has them: of two that contradict
    each other the later one is told, unless a rule says otherwise."""

    OWN = "own addresses"
    HOTWIRE = "the hotwire's addresses"
    VIRTUAL = "virtual addresses"
    PREFIX = "advertised prefixes"
    TUNNEL = "addresses of tunnels"
    PEER = "`peers` of an HA interface"
    ROUTE = "destinations of routes"
    GATEWAY = "gateways of routes"
    DNS = "`dns.servers`"
    NTP = "`ntp.servers`"
    SYSLOG = "`syslog.servers`"
    ALARMS = "hosts of `alarms`"
    PING = "hosts of `ping_groups`"
    FORWARD = "`to` of `destination_nat`"
    HOST_DNS = "`dns` for hosts"
    DHCP_GATEWAY = "`gateway` of DHCP"
    DHCP_HOST = "`hosts` of DHCP"
    RANGE = "`range` of DHCP"
    ENDPOINT = "endpoints of tunnels"
    ALLOWED = "`allowed` of tunnels"
    SOURCE = "`source` of what follows"
    NAT = "`address` of NAT"
    TRACKED = "tracked routes"
    CHECK = "what `checks` look at"
    FILTER = "networks that packets are compared with"


class File(StrEnum):
    """Where a key is."""

    NODE = "node.toml"
    CLUSTER = "cluster.toml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of one key."""

    role: Role
    file: File
    key: str
    """Its path in the file, e.g. `ports.lan.addresses[0]`."""
    ip: IPAddress | None = None
    """The address; of a range: the first. None: it is only a network."""
    network: IPNetwork | None = None
    """What it stands for beside the address: the network that it is in, or that a route leads to."""
    port: str = ""
    """The port or the tunnel that it is on, or that leads there; empty: the routing table says."""
    told: str = ""
    """What it is, for messages: `the own address of port lan of node alpha`."""
    last: IPAddress | None = None
    """Of a range."""
    metric: int | None = None
    """Of the route to the network; None: it has none."""
    while_backup: bool = False
    """It counts only while the node is not active."""
    node: str = ""
    """The name of the node whose address it is, where the key says that."""

    def __str__(self) -> str:
        """As it was written."""
        if self.last is not None:
            return f"{self.ip}-{self.last}"
        if self.ip is not None and self.network is not None:
            return f"{self.ip}/{self.network.prefixlen}"
        return str(self.network if self.ip is None else self.ip)


Book: TypeAlias = tuple[Entry, ...]
Keys: TypeAlias = tuple[tuple[File, str], ...]
"""Some keys of the two files."""


def book_of_node(node: NodeConfig, hotwire: str | None = None) -> Book:
    """What node.toml names. `hotwire`: the port that is the hotwire, if that is known."""
    own = [
        _interface(
            Role.HOTWIRE if port.name == hotwire else Role.OWN,
            File.NODE,
            f"ports.{port.name}.addresses[{index}]",
            address,
            port.name,
            f"the own address of port {port.name} of node {node.name}",
            node.name,
        )
        for port in node.ports.values()
        for index, address in enumerate(port.addresses)
    ]
    return _sorted((*own, *_system(node.system, File.NODE)))


def book_of_cluster(cluster: ClusterConfig) -> Book:
    """What cluster.toml names."""
    return _sorted(
        (
            *_hotwire(cluster),
            *_interfaces(cluster.ha_interfaces),
            *_follow(cluster),
            *_firewall(cluster),
            *_named_networks(cluster),
            *_tracking(cluster),
            *_filters(File.CLUSTER, "conntrack.ignore", cluster.conntrack.ignore),
            *_system(cluster.system, File.CLUSTER),
        )
    )


def book_of_pair(node: NodeConfig, cluster: ClusterConfig) -> Book:
    """What counts on this node, of both files: settings of node.toml take the place of those of cluster.toml.
    Of ports that the node does not have there is nothing."""
    hotwire = None if cluster.hotwire is None else cluster.hotwire.port
    named = (*book_of_node(node, hotwire), *book_of_cluster(cluster))
    settings = ((Role.DNS, node.system.dns), (Role.NTP, node.system.ntp), (Role.SYSLOG, node.system.syslog))
    replaced = {role for role, own in (*settings, (Role.ALARMS, node.system.alarms)) if own is not None}
    lost = {
        f"routes[{position}].{key}"
        for position, route in enumerate(cluster.system.routes)
        for key in ("destination", "gateway")
        if any(is_in_place_of(own, route) for own in node.system.routes)
    }
    counting = [
        each
        for each in named
        if each.file is File.NODE
        or not (each.role in replaced or each.key in lost or _is_nowhere(each, node))
    ]
    if hotwire is not None and not any(each.role is Role.HOTWIRE and _is_four(each) for each in named):
        counting.append(_default_hotwire(hotwire))
    return _sorted(counting)


def _is_nowhere(entry: Entry, node: NodeConfig) -> bool:
    return entry.role in (Role.HOTWIRE, Role.VIRTUAL, Role.PREFIX) and entry.port not in node.ports


def _is_four(entry: Entry) -> bool:
    return entry.ip is not None and entry.ip.version == 4


def _default_hotwire(port: str) -> Entry:
    told = "from which the hotwire takes its addresses as long as no file names any (hotwire.addresses)"
    return Entry(
        Role.HOTWIRE, File.CLUSTER, "hotwire.port", None, HOTWIRE_NETWORK, port=port, told=told, metric=0
    )


def _sorted(entries: Iterable[Entry]) -> Book:
    order = {role: index for index, role in enumerate(Role)}
    return tuple(sorted(entries, key=lambda each: order[each.role]))


def _interface(
    role: Role, file: File, key: str, address: IPInterface, port: str, told: str, node: str = ""
) -> Entry:
    """An address of an interface, and the network that the kernel has a route to by it."""
    metric = 0 if address.version == 4 else 256
    return Entry(role, file, key, address.ip, address.network, port, told, metric=metric, node=node)


def _hotwire(cluster: ClusterConfig) -> Iterator[Entry]:
    hotwire = cluster.hotwire
    if hotwire is None:
        return
    for name, address in hotwire.addresses.items():
        told = f"the address of node {name} on the hotwire"
        yield _interface(Role.HOTWIRE, File.CLUSTER, f"hotwire.addresses.{name}", address, hotwire.port, told)


def _interfaces(interfaces: tuple[HaInterface, ...]) -> Iterator[Entry]:
    for position, each in enumerate(interfaces):
        path, port = f"ha_interfaces[{position}]", each.address_port
        for index, address in enumerate(each.virtual_addresses):
            yield _interface(
                Role.VIRTUAL,
                File.CLUSTER,
                f"{path}.virtual_addresses[{index}]",
                address,
                port,
                f"the virtual address of port {port}",
            )
        for name, ip in each.peers.items():
            told = f"the address of node {name} at {path}.peers.{name}"
            yield Entry(Role.PEER, File.CLUSTER, f"{path}.peers.{name}", ip, node=name, told=told)
        if each.advertises is None:
            continue
        path = f"{path}.router_advertisements"
        known = {address.network for address in each.virtual_addresses}
        for index, prefix in enumerate(each.advertises.prefixes):
            if prefix not in known:
                key = f"{path}.prefixes[{index}]"
                told = f"a prefix of port {port} at {key}"
                yield Entry(Role.PREFIX, File.CLUSTER, key, network=prefix, port=port, told=told)
        yield from _hosts(Role.HOST_DNS, File.CLUSTER, f"{path}.dns", each.advertises.dns, port)


def _follow(cluster: ClusterConfig) -> Iterator[Entry]:
    follow = cluster.follow
    for position, service in enumerate(follow.services):
        if service.source is not None:
            yield _host(Role.SOURCE, File.CLUSTER, f"follow.services[{position}].source", service.source)
    for position, tunnel in enumerate(follow.wireguard):
        yield from _tunnel(tunnel, f"follow.wireguard[{position}]")
    for position, network in enumerate(follow.dhcp):
        yield from _dhcp(network, f"follow.dhcp[{position}]")


def _tunnel(tunnel: Tunnel, path: str) -> Iterator[Entry]:
    name = tunnel.name
    for index, address in enumerate(tunnel.addresses):
        told = f"the address of tunnel {name}"
        yield _interface(Role.TUNNEL, File.CLUSTER, f"{path}.addresses[{index}]", address, name, told)
    if tunnel.source is not None:
        yield _host(Role.SOURCE, File.CLUSTER, f"{path}.source", tunnel.source)
    for position, peer in enumerate(tunnel.peers):
        here = f"{path}.peers[{position}]"
        endpoint = None if peer.endpoint is None else address_in(peer.endpoint.rpartition(":")[0])
        if endpoint is not None:
            yield _host(Role.ENDPOINT, File.CLUSTER, f"{here}.endpoint", endpoint, name)
        for index, item in enumerate(peer.allowed):
            key = f"{here}.allowed[{index}]"
            for network in networks_of((item,)):
                told = f"a network of tunnel {name} at {key}"
                metric = _tunnel_metric(network)
                yield Entry(Role.ALLOWED, File.CLUSTER, key, None, network, name, told, metric=metric)


def _tunnel_metric(network: IPNetwork) -> int | None:
    """What takes everything has a table of its own, where it is nobody's rival."""
    if not network.prefixlen:
        return None
    return 0 if network.version == 4 else 1024


def _dhcp(network: DhcpNetwork, path: str) -> Iterator[Entry]:
    port = network.port
    if network.gateway is not None:
        told = "the gateway that clients are told"
        yield Entry(Role.DHCP_GATEWAY, File.CLUSTER, f"{path}.gateway", network.gateway, port=port, told=told)
    yield from _hosts(Role.HOST_DNS, File.CLUSTER, f"{path}.dns", network.dns, port)
    for mac, ip in network.hosts.items():
        told = f"the address of the host {mac}"
        yield Entry(Role.DHCP_HOST, File.CLUSTER, f'{path}.hosts."{mac}"', ip, port=port, told=told)
    yield Entry(
        Role.RANGE, File.CLUSTER, f"{path}.range", network.first, port=port, last=network.last, told="a range"
    )


def _firewall(cluster: ClusterConfig) -> Iterator[Entry]:
    firewall, file = cluster.firewall, File.CLUSTER
    for position, rule in enumerate(firewall.rules):
        yield from _filters(file, f"firewall.rules[{position}].source", rule.source)
        yield from _filters(file, f"firewall.rules[{position}].destination", rule.destination)
    for position, source in enumerate(firewall.source_nat):
        path = f"firewall.source_nat[{position}]"
        if source.address is not None:
            key = f"{path}.address"
            told = f"the address at {key}"
            yield Entry(Role.NAT, file, key, source.address, told=told, last=source.last)
        yield from _filters(file, f"{path}.source", source.source)
        yield from _filters(file, f"{path}.destination", source.destination)
    for position, destination in enumerate(firewall.destination_nat):
        path = f"firewall.destination_nat[{position}]"
        yield _host(Role.NAT, file, f"{path}.address", destination.address)
        yield _host(Role.FORWARD, file, f"{path}.to", destination.to)
        yield from _filters(file, f"{path}.source", destination.source)


def _named_networks(cluster: ClusterConfig) -> Iterator[Entry]:
    for name, found in cluster.networks.items():
        yield from _filters(File.CLUSTER, f"networks.{name}", found.members)


def _tracking(cluster: ClusterConfig) -> Iterator[Entry]:
    for position, group in enumerate(cluster.ping_groups):
        path = f"ping_groups[{position}].hosts"
        yield from _hosts(Role.PING, File.CLUSTER, path, group.hosts, group.port or "")
    for position, route in enumerate(cluster.tracked_routes):
        key = f"tracked_routes[{position}].destination"
        yield Entry(Role.TRACKED, File.CLUSTER, key, network=route.destination, port=route.port or "")
    for position, check in enumerate(cluster.checks):
        key = f"checks[{position}].{KINDS[type(check.target)]}"
        match check.target:
            case Http(address=address) | Tcp(address=address) | Dns(server=address):
                yield _host(Role.CHECK, File.CLUSTER, key, address)


def _system(system: System, file: File) -> Iterator[Entry]:
    yield from _routing(system, file)
    if system.dns is not None:
        yield from _hosts(Role.DNS, file, "dns.servers", system.dns.servers)
    if system.ntp is not None:
        yield from _named(Role.NTP, file, "ntp.servers", system.ntp.servers)
    if system.ssh is not None:
        yield from _filters(file, "ssh.sources", system.ssh.sources)
    if system.syslog is not None:
        yield from _hosts(Role.SYSLOG, file, "syslog.servers", system.syslog.servers)
    alarms = system.alarms
    if alarms is not None and alarms.webhook is not None:
        host = address_in(web_host(alarms.webhook.url))
        if host is not None:
            yield _host(Role.ALARMS, file, "alarms.webhook.url", host)
    if alarms is not None and alarms.mail is not None:
        host = address_in(alarms.mail.relay)
        if host is not None:
            yield _host(Role.ALARMS, file, "alarms.mail.relay", host)


def _routing(system: System, file: File) -> Iterator[Entry]:
    for position, route in enumerate(system.routes):
        yield from _route(route, file, f"routes[{position}]")
    for position, policy in enumerate(system.policy_routes):
        yield from _filters(file, f"policy_routes[{position}].source", policy.source)


def _route(route: Route, file: File, path: str) -> Iterator[Entry]:
    key = f"{path}.destination"
    yield Entry(
        Role.ROUTE,
        file,
        key,
        network=route.destination,
        port="" if route.gateway is not None else route.port or "",
        told=f"the destination at {key}",
        metric=_metric(route),
    )
    if route.gateway is not None:
        yield replace(
            _host(Role.GATEWAY, file, f"{path}.gateway", route.gateway, route.port or ""),
            while_backup=route.exists_while is While.BACKUP,
        )


def _metric(route: Route) -> int | None:
    """A route in a table of its own is nobody's rival."""
    if route.table is not None:
        return None
    least = 0 if route.destination.version == 4 else 1024
    return least if route.metric is None else route.metric


def _filters(file: File, key: str, addresses: Addresses) -> Iterator[Entry]:
    """Those that are written out: what a name stands for is where the name is made."""
    for index, each in enumerate(addresses):
        item = each.item if isinstance(each, Exempt) else each
        if not isinstance(item, NetworkObject):
            yield Entry(Role.FILTER, file, f"{key}[{index}]", network=item)


def _hosts(role: Role, file: File, key: str, hosts: Iterable[IPAddress], port: str = "") -> Iterator[Entry]:
    for index, host in enumerate(hosts):
        yield _host(role, file, f"{key}[{index}]", host, port)


def _named(role: Role, file: File, key: str, hosts: Iterable[str]) -> Iterator[Entry]:
    """Of names and addresses the latter."""
    for index, text in enumerate(hosts):
        host = address_in(text)
        if host is not None:
            yield _host(role, file, f"{key}[{index}]", host)


def _host(role: Role, file: File, key: str, ip: IPAddress, port: str = "") -> Entry:
    return Entry(role, file, key, ip, port=port, told=f"the address at {key}")


def web_host(url: str) -> str:
    """Name or address of the server."""
    return urlsplit(url).hostname or ""


def address_in(text: str) -> IPAddress | None:
    """The address, with brackets around it or without; None: it is a name."""
    try:
        return ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
