"""What a configuration may say, and what will hurt all the same."""

from collections.abc import Iterator

from hadaemon.config.firewall_model import SourceNat
from hadaemon.config.model import ClusterConfig
from hadaemon.vrrp.model import IPAddress


def advice(cluster: ClusterConfig) -> tuple[str, ...]:
    """Each with the key that it is about. NAT is to use the cluster's addresses: a connection that is
    translated to an address of one node ends when the other one takes over."""
    return tuple(f"cluster.toml: firewall.{said}" for said in _said(cluster))


def _said(cluster: ClusterConfig) -> Iterator[str]:
    virtual = [address.ip for each in cluster.ha_interfaces for address in each.virtual_addresses]
    for position, source in enumerate(cluster.firewall.source_nat):
        yield from (f"source_nat[{position}].address: {said}" for said in _source(cluster, source, virtual))
    for position, destination in enumerate(cluster.firewall.destination_nat):
        if destination.address not in virtual:
            yield f"destination_nat[{position}].address: {_not_ours(destination.address, virtual)}"


def _source(cluster: ClusterConfig, nat: SourceNat, virtual: list[IPAddress]) -> Iterator[str]:
    if nat.address is not None:
        if nat.address not in virtual:
            yield _not_ours(nat.address, virtual)
        return
    targets = cluster.firewall.ports(nat.targets)
    for each in cluster.ha_interfaces:
        if not targets or each.address_port in targets:
            yield (
                f'"own" is another address on each node, and port {each.address_port} has virtual ones: '
                "connections would break at a switch, because the other node does not have the address that "
                f"they were translated to; write {each.virtual_addresses[0].ip}"
            )


def _not_ours(address: IPAddress, virtual: list[IPAddress]) -> str:
    known = ", ".join(
        str(each) for each in virtual if each.version == address.version and not each.is_link_local
    )
    return (
        f"{address} is no virtual address of this cluster: unless it is routed to one, connections break at "
        "a switch, because the other node does not have the address that they were translated to"
        + (f"; the cluster has {known}" if known else "")
    )
