"""Which port is the hotwire, and which address a node has on it by default."""

from dataclasses import replace
from ipaddress import IPv4Interface

import pytest

from hadaemon.config import ClusterConfig, Hotwire, NodeConfig, Port
from hadaemon.hotwire.addresses import default_address, hotwire_port
from tests.unit.cluster.pair import cluster_config

WITHOUT = cluster_config(ports=("lan",))
ON_CABLE = replace(WITHOUT, hotwire=Hotwire("cable"))


@pytest.mark.parametrize(
    "ports,cluster,expected",
    [
        (("hotwire", "cable"), None, "hotwire"),
        (("hotwire", "cable"), WITHOUT, "hotwire"),
        (("hotwire", "cable"), ON_CABLE, "cable"),
        (("cable",), ON_CABLE, "cable"),
        (("cable",), WITHOUT, None),
        (("cable",), None, None),
    ],
)
def test_the_port_is_the_one_that_the_cluster_names_else_the_one_of_that_name(
    ports: tuple[str, ...], cluster: ClusterConfig | None, expected: str | None
):
    node = NodeConfig("alpha", {port: Port(port, f"52:54:00:00:00:0{len(port)}") for port in ports})
    assert hotwire_port(node, cluster) == expected


@pytest.mark.parametrize("name,address", [("alpha", "169.254.142.152/16"), ("beta", "169.254.160.25/16")])
def test_boxes_of_every_version_reckon_the_same_default_address(name: str, address: str):
    assert default_address(name) == IPv4Interface(address)
