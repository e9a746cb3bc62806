"""Whether a node can run a cluster's configuration."""

from hadaemon.config.address_book import File, book_of_pair
from hadaemon.config.address_rules import Places, facts_of, named, note_conflicts
from hadaemon.config.election import check_mistakes
from hadaemon.config.firewall import firewall_mistakes
from hadaemon.config.follow import follow_mistakes
from hadaemon.config.hotwire import hotwire_mistakes
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.model import ClusterConfig, HaInterface, NodeConfig
from hadaemon.config.reader import Mistakes
from hadaemon.config.system_pair import system_mistakes, table_mistakes
from hadaemon.config.tunnel_rules import tunnel_mistakes
from hadaemon.vrrp.model import OWNER


def note_pair_mistakes(node: NodeConfig, cluster: ClusterConfig, places: Places, mistakes: Mistakes) -> None:
    """Notes every contradiction between the two. `places`: where their keys are."""
    dot = places[File.CLUSTER][1]
    if cluster.hotwire is not None:
        _note_unknown_port(node, cluster.hotwire.port, f"{dot}hotwire.port", mistakes)
        for key, message in hotwire_mistakes(node, cluster):
            mistakes.add(f"{dot}hotwire.{key}", message)
    for key, message in check_mistakes(node, cluster):
        mistakes.add(f"{dot}{key}", message)
    hotwire = None if cluster.hotwire is None else cluster.hotwire.port
    for key, message in firewall_mistakes(
        cluster.firewall, (*node.ports, *cluster.follow.interfaces), hotwire
    ):
        mistakes.add(f"{dot}firewall.{key}", message)
    places_named = {*cluster.firewall.zones, *node.ports, *cluster.follow.interfaces}
    for name in places_named & cluster.networks.keys():
        mistakes.add(
            f"{dot}networks.{name}", f'"{name}" is a zone or a port too: give the network another name'
        )
    for key, message, others in system_mistakes(node, cluster.system, hotwire):
        mistakes.add(f"{dot}{key}", message, others=named(others, places))
    _note_own_system(node, hotwire, mistakes)
    _note_tables(node, cluster, places, mistakes)
    for key, message, others in follow_mistakes(node, cluster):
        mistakes.add(f"{dot}follow.{key}", message, others=named(others, places))
    priorities = cluster.vrrp.priorities
    if priorities and node.name not in priorities:
        mistakes.add(f"{dot}vrrp.priorities", f"has no priority for this node: add {node.name} = 100")
    owner = priorities.get(node.name) == OWNER
    for position, interface in enumerate(cluster.ha_interfaces):
        _note_interface(node, interface, owner, f"{dot}ha_interfaces[{position}]", mistakes)
        _note_dhcp_server(node, interface, position, places, mistakes)
    _note_addresses(node, cluster, places, mistakes)


def _note_interface(
    node: NodeConfig, interface: HaInterface, owner: bool, path: str, mistakes: Mistakes
) -> None:
    _note_unknown_port(node, interface.port, f"{path}.port", mistakes)
    if interface.addresses_on is not None:
        _note_unknown_port(node, interface.addresses_on, f"{path}.addresses_on", mistakes)
    _note_dynamic_port(node, interface, path, mistakes)
    if owner:
        _note_owned_addresses(node, interface, path, mistakes)
    _note_peers(node, interface, path, mistakes)


def _note_addresses(node: NodeConfig, cluster: ClusterConfig, places: Places, mistakes: Mistakes) -> None:
    book, (file, prefix) = book_of_pair(node, cluster), places[File.CLUSTER]
    note_conflicts(book, facts_of(node, cluster), mistakes, places)
    for entry, message in tunnel_mistakes(cluster, book):
        mistakes.add(f"{prefix}{entry.key}", message, file)


def _note_own_system(node: NodeConfig, hotwire: str | None, mistakes: Mistakes) -> None:
    """Checks what node.toml says of the base network, now that the hotwire is known."""
    alone = set(system_mistakes(node, node.system, None))
    for key, message, others in system_mistakes(node, node.system, hotwire):
        if (key, message, others) not in alone:
            mistakes.add("hotwire.port", f"node.toml: {key}: {message}")


def _note_tables(node: NodeConfig, cluster: ClusterConfig, places: Places, mistakes: Mistakes) -> None:
    for own_or_shared, key, message in table_mistakes(node.system, cluster.system):
        file, prefix = places[own_or_shared]
        mistakes.add(f"{prefix}{key}", message, file)


def _note_unknown_port(node: NodeConfig, port: str, path: str, mistakes: Mistakes) -> None:
    if port in node.ports:
        return
    hint = did_you_mean(port, node.ports, "it has")
    mistakes.add(path, f'node {node.name} has no port "{port}": {hint}')


def _note_dynamic_port(node: NodeConfig, interface: HaInterface, path: str, mistakes: Mistakes) -> None:
    """A lease that comes and goes would take the virtual address along."""
    for key, name in (("port", interface.port), ("addresses_on", interface.addresses_on)):
        port = node.ports.get(name or "")
        if port is not None and port.dhcp:
            mistakes.add(
                f"{path}.{key}",
                f"port {name} of node {node.name} is a DHCP client, which no HA interface can be: "
                f"give it fixed addresses, or none, and remove ports.{name}.dhcp from node.toml",
            )


def _note_owned_addresses(node: NodeConfig, interface: HaInterface, path: str, mistakes: Mistakes) -> None:
    """The address owner has the virtual addresses as own ones."""
    port = node.ports.get(interface.address_port)
    own = {address.ip for address in port.addresses} if port is not None else set()
    for index, address in enumerate(interface.virtual_addresses):
        if address.ip not in own and not address.ip.is_link_local:
            mistakes.add(
                f"{path}.virtual_addresses[{index}]",
                f"{address.ip} is no own address of port {interface.address_port} of node {node.name}, whose "
                f"priority {OWNER} says that it owns the virtual addresses: take another priority",
            )


def _note_dhcp_server(
    node: NodeConfig, interface: HaInterface, position: int, places: Places, mistakes: Mistakes
) -> None:
    """Clients renew their lease with the server's own address there, which is not the other node's."""
    port = node.ports.get(interface.address_port)
    if not interface.dhcp_server or port is None:
        return
    for index, address in enumerate(interface.virtual_addresses):
        near = [own for own in port.addresses if own.version == 4 and own.network.overlaps(address.network)]
        if address.version == 4 and near:
            mistakes.add(
                f"{places[File.CLUSTER][1]}ha_interfaces[{position}].virtual_addresses[{index}]",
                f"{address} is in the network of the own address {near[0]} of port {port.name} of node "
                f"{node.name}: the clients of a DHCP server would bind to that own address; give the port "
                "an own address of another network, or none",
                others=named(((File.NODE, f"ports.{port.name}.addresses"),), places),
            )


def _note_peers(node: NodeConfig, interface: HaInterface, path: str, mistakes: Mistakes) -> None:
    """Unicast is sent from an own address that the other node knows."""
    port = node.ports.get(interface.port)
    if not interface.peers or port is None:
        return
    mine = interface.peers.get(node.name)
    if mine is None:
        mistakes.add(f"{path}.peers", f"has no address of this node: add {node.name}")
    elif all(own.ip != mine for own in port.addresses):
        mistakes.add(
            f"{path}.peers.{node.name}", f"{mine} is no own address of port {port.name} of node {node.name}"
        )
