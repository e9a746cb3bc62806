"""Whether the files of two nodes fit each other: what no node can see, because it has only its own."""

from collections.abc import Iterator

from hadaemon.config import ClusterConfig, Mistake, NodeConfig
from hadaemon.hotwire.addresses import hotwire_ends
from hadaemon.vrrp.model import IPAddress

Read = tuple[str, NodeConfig]
"""The file of a node, and what is in it."""


def both_problems(
    one: Read, other: Read, cluster: ClusterConfig | None, cluster_file: str
) -> tuple[str, ...]:
    """What the two cannot both have, each with its file and key."""
    found = [*_same_name(one, other), *_same_cards(one, other), *_same_addresses(one, other)]
    if cluster is not None and one[1].name != other[1].name:
        found += _master(one[1], other[1], cluster, cluster_file)
        found += _hotwire(one[1], other[1], cluster, cluster_file)
    return tuple(map(str, found))


def both_notes(one: Read, other: Read) -> Iterator[str]:
    """What both may have, and is seldom meant."""
    for (file, node), (_, peer) in ((one, other), (other, one)):
        for port in node.ports:
            if port not in peer.ports:
                yield str(Mistake(file, f"ports.{port}", f"node {peer.name} has no port of that name"))


def _same_name(one: Read, other: Read) -> Iterator[Mistake]:
    if one[1].name == other[1].name:
        yield Mistake(other[0], "name", f"is {other[1].name} in {one[0]} too: give one of them another name")


def _same_cards(one: Read, other: Read) -> Iterator[Mistake]:
    taken = {card: name for name, port in one[1].ports.items() if port.parent is None for card in port.cards}
    for name, port in other[1].ports.items():
        for card in port.cards if port.parent is None else ():
            if card in taken:
                said = f"{card} is the network card of port {taken[card]} in {one[0]}: one card is in one box"
                yield Mistake(other[0], f"ports.{name}.{'members' if port.members else 'mac'}", said)


def _same_addresses(one: Read, other: Read) -> Iterator[Mistake]:
    """A link-local address counts on its port only."""
    taken = dict(_addresses(one[1]))
    for (address, scope), place in _addresses(other[1]):
        if (address, scope) in taken:
            said = f"{address} is an own address in {one[0]} too, at {taken[address, scope]}"
            yield Mistake(other[0], place, f"{said}: give this node another one")


def _addresses(node: NodeConfig) -> Iterator[tuple[tuple[IPAddress, str], str]]:
    for port in node.ports.values():
        for index, own in enumerate(port.addresses):
            scope = port.name if own.ip.is_link_local else ""
            yield (own.ip, scope), f"ports.{port.name}.addresses[{index}]"


def _master(one: NodeConfig, other: NodeConfig, cluster: ClusterConfig, file: str) -> Iterator[Mistake]:
    if cluster.master not in (one.name, other.name):
        said = f'"{cluster.master}" is neither of the two nodes: write {one.name} or {other.name}'
        yield Mistake(file, "master", said)


def _hotwire(one: NodeConfig, other: NodeConfig, cluster: ClusterConfig, file: str) -> Iterator[Mistake]:
    """Each node takes the other one's address for what follows from its own files."""
    hotwire = cluster.hotwire
    for node in (one, other):
        if (
            hotwire is None
            or hotwire.port not in node.ports
            or node.name not in (hotwire.addresses or {node.name})
        ):
            return  # What a node lacks is told by its own check.
    mine, theirs = hotwire_ends(one, cluster, other.name), hotwire_ends(other, cluster, one.name)
    if mine is None or theirs is None:
        return
    if mine.peer == theirs.own.ip and theirs.peer == mine.own.ip and mine.own.ip != theirs.own.ip:
        return
    said = (
        f"{one.name} has {mine.own.ip} on the hotwire and looks for {mine.peer}, {other.name} has "
        f"{theirs.own.ip} and looks for {theirs.peer}: write both into hotwire.addresses"
    )
    yield Mistake(file, "hotwire", said)
