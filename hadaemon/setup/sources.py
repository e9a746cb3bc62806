"""From which own address a node speaks to another one, as its files say. Pure."""

from hadaemon.config import NodeConfig, System
from hadaemon.config.system_pair import port_of
from hadaemon.vrrp.model import IPAddress, IPNetwork


def source_table(node: NodeConfig, system: System) -> tuple[tuple[IPNetwork, IPAddress], ...]:
    """Networks, each with the own address to use there; the first that fits counts. Own networks come before
    routes."""
    near = [(own.network, own.ip) for port in node.ports.values() for own in port.addresses]
    near.sort(key=lambda pair: -pair[0].prefixlen)
    far = []
    for route in sorted(system.routes, key=lambda route: (-route.destination.prefixlen, route.metric or 0)):
        if route.is_kept:
            continue  # It is not always there, or not for all.
        port = port_of(node, route)
        for own in port.addresses if port is not None else ():
            if own.version == route.destination.version and not own.ip.is_link_local:
                far.append((route.destination, own.ip))
                break
    return (*near, *far)


def own_source(node: NodeConfig, system: System, to: IPAddress) -> IPAddress | None:
    """The own address to speak from to another one; None: the files do not say."""
    return next((own for network, own in source_table(node, system) if to in network), None)
