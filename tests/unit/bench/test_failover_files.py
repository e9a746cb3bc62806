"""What the benchmark writes for the two daemons, and its pinger's requests."""

import struct
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from firmware.bench import BenchOptions, run_bench
from firmware.bench.failover.daemons import PRIORITIES, cluster_toml, keepalived_conf, node_toml
from firmware.bench.failover.ping_agent import echo_request
from firmware.bench.failover.topology import MANY, NODES, PAIR, NamespaceNode, Port
from firmware.errors import FirmwareError
from hadaemon.config import check_pair, load_cluster, load_node


def node(name: str, ports: tuple[Port, ...]) -> NamespaceNode:
    """A node without a namespace."""
    return cast(NamespaceNode, SimpleNamespace(name=name, ports=ports))


@pytest.mark.parametrize(
    "ports, interval",
    [(PAIR, 0.01), (PAIR, 0.1), (PAIR, 1.0), (MANY, 0.1), (MANY, 1.0)],
    ids=["pair, 10 ms", "pair, 100 ms", "pair, 1 s", "many, 100 ms", "many, 1 s"],
)
@pytest.mark.parametrize("name", NODES)
def test_hadaemon_understands_its_files(ports: tuple[Port, ...], interval: float, name: str):
    alone = load_node(node_toml(name, ports), "node.toml")
    cluster = load_cluster(cluster_toml(ports, interval), "cluster.toml")
    check_pair(alone, cluster, "cluster.toml")
    assert cluster.vrrp.advertisement_interval == round(interval * 100)
    assert [interface.vrid for interface in cluster.ha_interfaces] == [port.vrid for port in ports]


@pytest.mark.parametrize("name", NODES)
def test_keepalived_is_given_the_same(name: str):
    text = keepalived_conf(node(name, PAIR), 0.1, Path("/tracked"))
    assert text.count("{") == text.count("}")
    for port in PAIR:
        assert f"virtual_router_id {port.vrid}\n" in text
        assert f"{port.virtual}/24 dev {port.name}\n" in text
    assert text.count(f"priority {PRIORITIES[NODES.index(name)]}\n") == len(PAIR)
    assert text.count("advert_int 0.1\n") == len(PAIR)


def test_no_two_ports_share_an_address_or_a_virtual_router():
    macs = [port.mac(name) for port in MANY for name in NODES]
    addresses = [address for port in MANY for address in (port.virtual, port.client, *map(port.own, NODES))]
    for values in (macs, addresses, [port.vrid for port in MANY]):
        assert len(set(values)) == len(values)
    assert max(port.vrid for port in MANY) <= 255


@pytest.mark.parametrize("identity,sequence", [(0, 0), (0x4853, 1), (0xFFFF, 0xFFFF)])
def test_an_echo_request_has_the_right_checksum(identity: int, sequence: int):
    packet = echo_request(identity, sequence)
    total = sum(struct.unpack("!4H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF
    assert struct.unpack("!BBHHH", packet)[3:] == (identity, sequence)


def test_an_unknown_subject_is_told_with_those_that_there_are():
    with pytest.raises(FirmwareError) as caught:
        run_bench(BenchOptions("nothing"))
    assert "build, failover" in caught.value.todo


def test_a_negative_number_of_runs_is_refused():
    with pytest.raises(FirmwareError) as caught:
        run_bench(BenchOptions("build", -1))
    assert caught.value.where == "--runs"


@pytest.mark.parametrize("subject", ["build", "failover"])
def test_an_unknown_part_is_refused_before_anything_is_measured(
    subject: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("firmware.host.ensure", lambda *_: None)
    with pytest.raises(FirmwareError) as caught:
        run_bench(BenchOptions(subject, 1, "nothing"))
    assert caught.value.where == "--only"
