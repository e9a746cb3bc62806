"""Whether a node can have the routes and services that a file asks for: its ports and own addresses say."""

from collections.abc import Iterator

from hadaemon.config.address_book import File, Keys
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.model import NodeConfig, Port
from hadaemon.config.network_model import Route, RouteKind, System
from hadaemon.vrrp.model import IPAddress, IPInterface


def system_mistakes(node: NodeConfig, system: System, hotwire: str | None) -> Iterator[tuple[str, str, Keys]]:
    """The key and message of each contradiction, and what it is to."""
    for position, route in enumerate(system.routes):
        for key, said, others in _route(node, route, hotwire) if route.kind is RouteKind.UNICAST else ():
            yield f"routes[{position}].{key}", said, others
    for position, policy in enumerate(system.policy_routes):
        for index, name in enumerate(policy.ports):
            for said in _policy_port(node, name, hotwire):
                yield f"policy_routes[{position}].from[{index}]", said, ()
    if system.ssh is not None:
        for position, name in enumerate(system.ssh.ports):
            for said, others in _ssh_port(node, name, hotwire):
                yield f"ssh.ports[{position}]", said, others


def port_of(node: NodeConfig, route: Route) -> Port | None:
    """The port that a route leaves by, which leads somewhere; None: there is none."""
    if route.port is not None:
        return node.ports.get(route.port)
    gateway = route.gateway
    assert gateway is not None
    return next((port for port in node.ports.values() if own_address(port, gateway) is not None), None)


def own_address(port: Port, address: IPAddress) -> IPInterface | None:
    """The own address of the port in whose network the other address is."""
    return next((own for own in port.addresses if address in own.network), None)


def _addresses(*ports: Port) -> Keys:
    return tuple((File.NODE, f"ports.{port.name}.addresses") for port in ports)


def _route(node: NodeConfig, route: Route, hotwire: str | None) -> Iterator[tuple[str, str, Keys]]:
    port = port_of(node, route)
    if port is None and route.port is not None:
        yield (
            "port",
            f'node {node.name} has no port "{route.port}": {did_you_mean(route.port, node.ports, "it has")}',
            (),
        )
    elif port is None:
        yield (
            "gateway",
            f"{route.gateway} is in no own network of node {node.name}: take a router of one, or add port, "
            "to say where it is",
            _addresses(*node.ports.values()),
        )
    elif port.name == hotwire and route.port is not None:
        yield "port", f"{port.name} is the hotwire, which is exclusive: nothing is routed there", ()


def _policy_port(node: NodeConfig, name: str, hotwire: str | None) -> Iterator[str]:
    if name not in node.ports:
        yield f'node {node.name} has no port "{name}": {did_you_mean(name, node.ports, "it has")}'
    elif name == hotwire:
        yield f"{name} is the hotwire, which is exclusive: nothing is routed from there"


def table_mistakes(own: System, shared: System) -> Iterator[tuple[File, str, str]]:
    """Tables that nobody asks, and those that have no route: file, key and message."""
    both = own.over(shared)
    asked = {policy.table for policy in both.policy_routes}
    routed = {route.table for route in both.routes}
    for file, system in ((File.NODE, own), (File.CLUSTER, shared)):
        for position, route in enumerate(system.routes):
            if route.table is not None and route.table not in asked:
                yield (
                    file,
                    f"routes[{position}].table",
                    f"nobody asks table {route.table}: add [[policy_routes]] with table = {route.table}",
                )
        for position, policy in enumerate(system.policy_routes):
            if policy.table not in routed:
                yield (
                    file,
                    f"policy_routes[{position}].table",
                    f"table {policy.table} has no route: add [[routes]] with table = {policy.table}",
                )


def _ssh_port(node: NodeConfig, name: str, hotwire: str | None) -> Iterator[tuple[str, Keys]]:
    port = node.ports.get(name)
    if port is None:
        yield f'node {node.name} has no port "{name}": {did_you_mean(name, node.ports, "it has")}', ()
    elif name == hotwire:
        yield f"{name} is the hotwire, which is exclusive: administrators use another port", ()
    elif not any(not own.ip.is_link_local for own in port.addresses):
        yield (
            f"port {name} of node {node.name} has no fixed own address, and SSH listens at nothing else: "
            f"add ports.{name}.addresses to node.toml, or name another port",
            _addresses(port),
        )
