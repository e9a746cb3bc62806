"""What a configuration may say, and what will hurt all the same."""

from collections.abc import Iterator

from hadaemon.config.firewall_model import DestinationNat, FlowState, Rule, SourceNat, Verdict
from hadaemon.config.model import ClusterConfig
from hadaemon.config.objects_model import is_among
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
        yield from (f"destination_nat[{position}]: {said}" for said in _forbidden(cluster, destination))


def _source(cluster: ClusterConfig, nat: SourceNat, virtual: list[IPAddress]) -> Iterator[str]:
    strange = [address for address in nat.addresses if address not in virtual]
    if strange:
        yield _not_ours(strange[0], virtual)
    if not nat.is_own:
        return
    targets = cluster.firewall.ports(nat.targets)
    for each in cluster.ha_interfaces:
        if not targets or each.address_port in targets:
            yield (
                f'"own" is another address on each node, and port {each.address_port} has virtual ones: '
                "connections would break at a switch, because the other node does not have the address that "
                f"they were translated to; write {each.virtual_addresses[0].ip}"
            )


def _forbidden(cluster: ClusterConfig, nat: DestinationNat) -> Iterator[str]:
    """A rule that forbids all that a port forward would let in, unless one before it may allow some of it."""
    for position, rule in enumerate(cluster.firewall.rules):
        if not _meets(cluster, rule, nat):
            continue
        if rule.verdict is Verdict.ALLOW:
            return
        if _all_of(cluster, rule, nat):
            yield (
                f"lets nothing in, because rules[{position}] forbids all of it, and rules go before port "
                f'forwards: write a rule before that one with action = "allow" and destination = ["{nat.to}"]'
            )
            return


def _meets(cluster: ClusterConfig, rule: Rule, nat: DestinationNat) -> bool:
    """Some packet may be both the rule's and the port forward's."""
    firewall = cluster.firewall
    sources, mine = firewall.ports(nat.sources), firewall.ports(rule.sources)
    return (
        not rule.to_node
        and FlowState.NEW in rule.states
        and (not sources or not mine or bool(sources & mine))
        and (is_among(nat.to, rule.destination))
    )


def _all_of(cluster: ClusterConfig, rule: Rule, nat: DestinationNat) -> bool:
    """The rule, which meets the port forward, is about every packet of it."""
    firewall = cluster.firewall
    sources, mine = firewall.ports(nat.sources), firewall.ports(rule.sources)
    behind = {
        each.address_port
        for each in cluster.ha_interfaces
        if any(nat.to in address.network for address in each.virtual_addresses)
    }
    return (
        not rule.source
        and not rule.services
        and (not mine or (bool(sources) and sources <= mine))
        and (not rule.targets or (bool(behind) and behind <= firewall.ports(rule.targets)))
    )


def _not_ours(address: IPAddress, virtual: list[IPAddress]) -> str:
    known = ", ".join(
        str(each) for each in virtual if each.version == address.version and not each.is_link_local
    )
    said = (
        f"{address} is no virtual address of this cluster: unless it is routed to one, connections break at "
        "a switch, because the other node does not have the address that they were translated to"
    )
    return f"{said}; the cluster has {known}" if known else said
