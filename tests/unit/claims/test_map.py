"""The picture of a lab."""

from xml.etree import ElementTree

import pytest

from firmware.lab.setups import read_setup, setup_names
from firmware.lab.topology import STANDARD_PAIR, Topology
from tests.claims.map import draw

SVG = "{http://www.w3.org/2000/svg}"


def texts(topology: Topology) -> str:
    drawing = ElementTree.fromstring(draw(topology))
    return "\n".join(str(element.text or "") for element in drawing.iter(f"{SVG}text"))


@pytest.mark.parametrize("name", setup_names())
def test_everybody_is_in_the_picture_of_a_setup(name: str):
    topology = read_setup(name).topology
    said = texts(topology)
    for node in topology.nodes:
        assert node.name in said
        for port in node.ports:
            assert port.network in said
            assert all(str(address.ip) in said for address in port.addresses)
    for client in topology.clients:
        assert client.name in said
        assert str(client.address.ip) in said
    assert ("provider" in said) == bool(topology.providers)
    assert topology.cluster
    for interface in topology.cluster.ha_interfaces:
        assert all(str(address) in said for address in interface.virtual_addresses)


@pytest.mark.parametrize("name", setup_names())
def test_everything_is_within_the_picture(name: str):
    drawing = ElementTree.fromstring(draw(read_setup(name).topology))
    _, _, width, height = map(float, str(drawing.get("viewBox")).split())
    boxes = [
        (
            float(bar.get("x", "")),
            float(bar.get("y", "")),
            float(bar.get("width", "")),
            float(bar.get("height", "")),
        )
        for bar in drawing.iter(f"{SVG}rect")
    ]
    for x, y, wide, high in boxes:
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
    for number, (x, y, wide, high) in enumerate(boxes):
        for other_x, other_y, other_wide, other_high in boxes[number + 1 :]:
            beside = x + wide <= other_x or other_x + other_wide <= x
            assert beside or y + high <= other_y or other_y + other_high <= y
    for word in drawing.iter(f"{SVG}text"):
        assert 0 <= float(word.get("x", "")) <= width
        assert 0 <= float(word.get("y", "")) <= height


def test_a_node_alone_can_be_drawn():
    assert "alpha" in texts(STANDARD_PAIR.only("alpha"))
