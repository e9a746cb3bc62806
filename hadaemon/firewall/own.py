"""What differs from node to node, as variables of nftables: so that one snippet serves both."""

from collections.abc import Iterator

from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.hotwire.addresses import hotwire_ends, hotwire_port


def own_values(node: NodeConfig, cluster: ClusterConfig | None) -> Iterator[str]:
    """`$own_name`, and of each port `$own4_PORT` and `$own6_PORT`: its first own address of that family.

    A port that has none has no variable: a snippet that asks for it is refused on that node, by name.
    """
    yield f'define own_name = "{node.name}"'
    ends = hotwire_ends(node, cluster)
    for port in node.ports.values():
        addresses = [address.ip for address in port.addresses]
        if ends is not None and port.name == hotwire_port(node, cluster):
            addresses.insert(0, ends.own.ip)
        for family in (4, 6):
            first = next((address for address in addresses if address.version == family), None)
            if first is not None:
                yield f"define own{family}_{port.name} = {first}"
