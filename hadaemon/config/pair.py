"""Whether a node can run a cluster's configuration."""

from hadaemon.config.hotwire import hotwire_problems
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.problems import did_you_mean
from hadaemon.config.reader import Problems


def note_pair_problems(node: NodeConfig, cluster: ClusterConfig, prefix: str, problems: Problems) -> None:
    """Notes every contradiction between the two; `prefix` is the path of the cluster's table in its file."""
    dot = f"{prefix}." if prefix else ""
    if cluster.hotwire is not None:
        _note_unknown_port(node, cluster.hotwire.port, f"{dot}hotwire.port", problems)
        for key, message in hotwire_problems(node, cluster):
            problems.add(f"{dot}hotwire.{key}", message)
    own = {address.ip: port.name for port in node.ports.values() for address in port.addresses}
    for position, interface in enumerate(cluster.ha_interfaces):
        path = f"{dot}ha_interfaces[{position}]"
        _note_unknown_port(node, interface.port, f"{path}.port", problems)
        for index, address in enumerate(interface.virtual_addresses):
            if address.ip in own:
                problems.add(
                    f"{path}.virtual_addresses[{index}]",
                    f"{address.ip} is the own address of port {own[address.ip]} of node {node.name}: "
                    "a virtual address must be the own address of neither node",
                )


def _note_unknown_port(node: NodeConfig, port: str, path: str, problems: Problems) -> None:
    if port in node.ports:
        return
    hint = did_you_mean(port, node.ports, "it has")
    problems.add(path, f'node {node.name} has no port "{port}": {hint}')
