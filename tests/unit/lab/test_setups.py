"""The ready configurations: their nodes would take them, and a lab can be made of each."""

import tomllib
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.check import as_a_node_would
from firmware.errors import FirmwareError
from firmware.lab.preseed import render_preseed
from firmware.lab.setups import SETUPS, read_setup, setup_names, setup_of, title_of

NAMES = ("auto-join", "dsl-modem", "external-router", "test-case", "virtual-cluster", "vlan-firewall")


def test_these_there_are():
    assert setup_names() == NAMES
    page = (SETUPS / "README.md").read_text()
    for name in NAMES:
        assert f"[{name}]({name}/README.md)" in page
        assert (SETUPS / name / "README.md").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_nodes_would_take_it(name: str):
    found = as_a_node_would("hadaemon.cli.folder", str(SETUPS / name))
    assert found["problems"] == []
    assert len(found["nodes"]) == 2


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_lab(name: str):
    setup = read_setup(name)
    topology = setup.topology
    assert topology.cluster is not None
    assert topology.cluster.master in [node.name for node in topology.nodes]
    watcher = next(client for client in topology.clients if client.name == setup.watcher)
    interface = next(
        each
        for each in topology.cluster.ha_interfaces
        if topology.nodes[0].port(each.port).network == watcher.network
    )
    assert watcher.address.network.supernet_of(interface.virtual_addresses[0].network)
    for node in topology.nodes:
        text = render_preseed(node, topology.cluster, "$6$abcdefgh$abcdefgh", hotwire_secret="c2VjcmV0")
        raw = tomllib.loads(text)
        own = tomllib.loads((SETUPS / name / node.name / "node.toml").read_text())
        assert raw["node"] == {key: value for key, value in own.items() if key != "schema"}
        shared = tomllib.loads((SETUPS / name / "cluster.toml").read_text())
        assert raw["cluster"] == {key: value for key, value in shared.items() if key != "schema"}


def test_the_nodes_own_addresses_are_known_wherever_they_stand():
    """In node.toml, in cluster.toml, and there with variables."""

    def own(setup: str, node: str, port: str) -> list[str]:
        return [str(each) for each in read_setup(setup).topology.node(node).port(port).addresses]

    assert own("auto-join", "utm1", "lan") == ["192.168.100.2/24"]
    assert own("auto-join", "utm1", "hotwire") == []
    assert own("test-case", "fw2", "eth0") == ["192.168.1.2/24"]
    assert own("virtual-cluster", "fw-b", "int") == ["10.0.2.2/24"]


def test_a_host_may_be_the_router_to_others():
    clients = {each.name: each for each in read_setup("virtual-cluster").topology.clients}
    assert clients["router"].behind == (IPv4Address("198.51.100.22"),)
    assert clients["inside1"].behind == ()


def test_its_page_has_its_title():
    assert title_of("dsl-modem") == "Two firewalls at one DSL modem"


def test_what_is_said_of_hosts_and_files_is_in_the_lab():
    setup = read_setup("vlan-firewall")
    hosts = {client.name: client.vlan for client in setup.topology.clients}
    assert hosts == {"gateway": None, "ext-mx-in001": 2, "ext-mx-in002": 2}
    assert setup.topology.cluster is not None
    assert [name for name, _ in setup.topology.cluster.files] == ["cluster.d/haproxy/smtp.cfg"]
    where = {each.port: str(each.virtual_addresses[0].ip) for each in setup.topology.cluster.ha_interfaces}
    assert where == {"eth0": "192.168.1.10", "eth2": "10.10.2.254"}


def test_a_wrong_one_is_told(tmp_path: Path):
    with pytest.raises(FirmwareError, match="there is no setup 'dsl'"):
        read_setup("dsl")
    for file in ("lab.toml", "cluster.toml"):
        (tmp_path / file).write_text("networks = 1\n")
    with pytest.raises(FirmwareError, match="cannot be understood"):
        setup_of(tmp_path)
