"""What a lab consists of, drawn: the nodes side by side, their networks as lines, the hosts at these."""

from collections.abc import Iterator
from html import escape

from firmware.lab.topology import NetworkKind, PlannedNode, Topology

_WIDTH = 900
_LEFT, _RIGHT = 40, 860
_BOX, _BOX_HEIGHT = 150, 64
_FIRST, _SECOND = 210, 610
"""Where the boxes of the nodes begin."""
_ROW = 84
"""From one network to the next."""
_HOST, _HOST_HEIGHT, _HOST_GAP = 150, 36, 12
_HOSTS_ROW = _HOST_HEIGHT + 26
_LINE, _ACCENT, _QUIET = "#1a1a1a", "#1565c0", "#555555"


def draw(topology: Topology) -> str:
    """The picture, to stand in a page. Of two nodes, with a cable between them or without."""
    switches = [network.name for network in topology.networks if network.kind is NetworkKind.SWITCH]
    half = len(switches) // 2
    above, below = switches[:half], switches[half:]
    tops: dict[str, int] = {}
    height = 20
    for name in above:
        height += _HOSTS_ROW if _hosts(topology, name) else 24
        tops[name] = height
        height += _ROW
    box = height
    height += _BOX_HEIGHT
    for name in below:
        height += _ROW
        tops[name] = height
        height += _HOSTS_ROW if _hosts(topology, name) else 24
    body = [
        *(line for name in switches for line in _network(topology, name, tops[name], name in above)),
        *_wires(topology, tops, box),
        *_cables(topology, box),
        *(
            line
            for index, node in enumerate(topology.nodes[:2])
            for line in _node(topology, node, index, box)
        ),
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="map" role="img" '
        f'viewBox="0 0 {_WIDTH} {height + 10}">'
        f"<title>the nodes, their networks and hosts</title>{''.join(body)}</svg>"
    )


def _hosts(topology: Topology, network: str) -> list[tuple[str, str]]:
    """Name and address of everybody on a network who is no node."""
    clients = [(each.name, str(each.address.ip)) for each in topology.clients if each.network == network]
    return [*clients, *(("provider", "PPPoE") for each in topology.providers if each.network == network)]


def _virtual(topology: Topology, network: str) -> str:
    found = [
        str(address)
        for interface in (topology.cluster.ha_interfaces if topology.cluster else ())
        for address in interface.virtual_addresses
        if topology.nodes[0].port(interface.port).network == network
    ]
    return f"virtual: {', '.join(found)}" if found else ""


def _network(topology: Topology, name: str, y: int, up: bool) -> Iterator[str]:
    yield f'<path stroke="{_LINE}" stroke-width="2" d="M{_LEFT} {y}H{_RIGHT}"/>'
    inner = y + 16 if up else y - 8
    yield _text(_LEFT, inner, name, 'class="title"')
    yield _text(_RIGHT, inner, _virtual(topology, name), f'text-anchor="end" fill="{_ACCENT}"')
    for number, (host, address) in enumerate(_hosts(topology, name)):
        x = _LEFT + 40 + number * (_HOST + _HOST_GAP)
        top = y - 16 - _HOST_HEIGHT if up else y + 16
        begin, end = (top + _HOST_HEIGHT, y) if up else (y, top)
        yield f'<path stroke="{_LINE}" d="M{x + _HOST / 2:.0f} {begin}V{end}"/>'
        yield f'<rect x="{x}" y="{top}" width="{_HOST}" height="{_HOST_HEIGHT}" rx="4" class="host"/>'
        yield _text(x + _HOST / 2, top + 15, host, 'text-anchor="middle"')
        yield _text(x + _HOST / 2, top + 30, address, f'text-anchor="middle" fill="{_QUIET}"')


def _wires(topology: Topology, tops: dict[str, int], box: int) -> Iterator[str]:
    """From each port of a node to its network, with the node's own address beside it."""
    for node, left in zip(topology.nodes, (_FIRST, _SECOND), strict=False):
        ports = [port for port in node.ports if port.network in tops]
        for up in (True, False):
            side = [port for port in ports if (tops[port.network] < box) is up]
            for number, port in enumerate(side):
                x = left + _BOX * (number + 1) / (len(side) + 1)
                begin, end = (tops[port.network], box) if up else (box + _BOX_HEIGHT, tops[port.network])
                yield f'<path stroke="{_LINE}" d="M{x:.0f} {begin}V{end}"/>'
                words = " ".join((port.name, *(str(address.ip) for address in port.addresses)))
                y = box - 10 - 14 * number if up else box + _BOX_HEIGHT + 18 + 14 * number
                yield _text(x + 5, y, words, f'fill="{_QUIET}"')


def _cables(topology: Topology, box: int) -> Iterator[str]:
    cables = [network for network in topology.networks if network.kind is NetworkKind.CABLE]
    for number, network in enumerate(cables):
        y = box + _BOX_HEIGHT * (number + 1) / (len(cables) + 1)
        begin, end = _FIRST + _BOX, _SECOND
        for beside in (-2, 2):
            yield f'<path stroke="{_LINE}" d="M{begin} {y + beside:.0f}H{end}"/>'
        middle = (begin + end) / 2
        yield _text(middle, y - 8, network.name, 'text-anchor="middle"')
        own = [str(port.addresses[0].ip) for _, port in topology.ends(network.name) if port.addresses]
        yield _text(middle, y + 18, " = ".join(own), f'text-anchor="middle" fill="{_QUIET}"')


def _node(topology: Topology, node: PlannedNode, index: int, box: int) -> Iterator[str]:
    left = (_FIRST, _SECOND)[index]
    master = topology.cluster is not None and topology.cluster.master == node.name
    yield f'<rect x="{left}" y="{box}" width="{_BOX}" height="{_BOX_HEIGHT}" rx="6" class="node"/>'
    yield _text(left + _BOX / 2, box + 28, node.name, 'text-anchor="middle" class="title"')
    yield _text(left + _BOX / 2, box + 48, "master" if master else "spare", 'text-anchor="middle"')


def _text(x: float, y: float, content: str, attributes: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {attributes}>{escape(content)}</text>'
