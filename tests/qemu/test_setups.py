"""The ready configurations, booted as they are written, with the hosts around them."""

from pathlib import Path

import pytest

from firmware.lab.client import Watch
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab, LabOptions
from firmware.lab.opening import READY
from firmware.lab.setups import Setup, read_setup
from firmware.lab.shell import virtual_address
from firmware.lab.topology import PlannedNode

from .conftest import MOVE_SECONDS, Labs

NAMES = ("auto-join", "dsl-modem", "external-router", "test-case", "virtual-cluster")
DIAL_SECONDS = 240.0
"""A session of a time before the snapshot is given up after half a minute; then it is dialled anew."""
VIRTUAL_MAC = "00:00:5e:00:01:"
"""RFC 9568, 7.3: the last byte is the VRID."""


def answers(lab: Lab, setup: Setup, watch: Watch, name: str) -> None:
    """This node is active, and the client's pings of the virtual address are answered by it."""
    node, client = lab.node(name), lab.clients[setup.watcher]
    node.wait_for_state("active", MOVE_SECONDS)
    port = next(port.name for port in setup.topology.node(name).ports if port.network == client.data.network)
    own = node.mac(port)
    virtual = next((mac for mac in watch.owners if mac.startswith(VIRTUAL_MAC)), None)
    watch.wait_for_owner(virtual or own, Deadline(MOVE_SECONDS))
    client.ping(watch.address, Deadline(MOVE_SECONDS))
    for network, provider in lab.providers.items():
        cards = {each.name: node_card(each, network) for each in setup.topology.nodes}
        # The provider does not notice that power was cut.
        off = {cards[each.name] for each in lab.nodes.values() if not each.running}
        wait_until(
            lambda p=provider, c=cards[name], o=off: p.online - o == {c},
            Deadline(DIAL_SECONDS),
            f"a session of {name} alone with the provider",
        )


def node_card(node: PlannedNode, network: str) -> str:
    (card,) = (port.mac for port in node.ports if port.network == network)
    return card


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_a_setup_boots_as_it_is_written_and_moves(labs: Labs, image: Path, name: str) -> None:
    setup = read_setup(name)
    cluster = setup.topology.cluster
    assert cluster is not None
    with labs.open_at(READY, setup.topology, LabOptions(image)) as lab:
        (spare,) = set(lab.nodes) - {cluster.master}
        client = lab.clients[setup.watcher]
        with client.watch(virtual_address(lab, client.data.network)) as watch:
            answers(lab, setup, watch, cluster.master)
            lab.node(spare).wait_until("hactl switch", MOVE_SECONDS)
            answers(lab, setup, watch, spare)
            told = lab.node(spare).run("hactl config show --effective", root=True).output
            assert "  # cluster.toml" in told
            lab.node(spare).power_off()
            answers(lab, setup, watch, cluster.master)
            assert watch.longest_conflict() <= 1.0
