"""Which connections a change of NAT outdates."""

from ipaddress import ip_address

import pytest

from hadaemon.config.firewall_model import Firewall
from hadaemon.firewall.outdated import Flow, nat_differs, outdated
from tests.unit.firewall.rules import cluster

PORTS = {"192.168.0": "inside", "192.168.1": "outside", "10.0.0": "dmz"}
OWN = ("192.168.1.1", "192.168.1.100")
TCP, UDP, ICMP = 6, 17, 1


def port_of(address) -> str | None:
    return None if str(address) in OWN else PORTS.get(str(address).rpartition(".")[0], "outside")


def flow(
    source: str, destination: str, by: str = "", to: str = "", protocol: int = TCP, port: int = 443
) -> Flow:
    return Flow(
        protocol,
        ip_address(source),
        ip_address(destination),
        port,
        ip_address(by or destination),
        port,
        ip_address(to or source),
    )


def firewall(text: str) -> Firewall:
    return cluster(text).firewall


def source_nat(address: str, more: str = "") -> str:
    return f'[[firewall.source_nat]]\naddress = "{address}"\nfrom = ["inside"]\nto = ["outside"]\n{more}'


FORWARD = (
    '[[firewall.destination_nat]]\naddress = "192.168.1.100"\nservices = ["https"]\nto = "192.168.0.80"\n'
)
OLD, NEW = source_nat("192.168.1.1"), source_nat("192.168.1.100")
PING = flow("192.168.0.3", "192.0.2.1", to="192.168.1.1", protocol=ICMP, port=0)

CASES = {
    "the ping with the old address": (PING, OLD, NEW, True),
    "it has the new address already": (
        flow("192.168.0.3", "192.0.2.1", to="192.168.1.100", protocol=ICMP, port=0),
        *(OLD, NEW, False),
    ),
    "NAT ends": (PING, OLD, "", True),
    "NAT begins": (flow("192.168.0.3", "192.0.2.1"), "", NEW, True),
    "to another port": (flow("192.168.0.3", "10.0.0.1"), OLD, NEW, False),
    "from another port": (flow("10.0.0.1", "192.0.2.1"), OLD, NEW, False),
    "of the node itself": (flow("192.168.1.1", "192.0.2.1"), OLD, NEW, False),
    "to the node itself": (flow("192.168.0.3", "192.168.1.1"), OLD, NEW, False),
    "by a snippet": (flow("192.168.0.3", "10.0.0.1", to="10.0.0.9"), OLD, NEW, False),
    "not of the network": (
        *(flow("192.168.0.3", "192.0.2.1"), "", source_nat("192.168.1.100", 'source = ["192.168.0.4"]\n')),
        False,
    ),
    "a port forward goes elsewhere": (
        flow("192.0.2.1", "192.168.1.100", by="192.168.0.80"),
        *(FORWARD, FORWARD.replace("0.80", "0.81"), True),
    ),
    "a port forward ends": (flow("192.0.2.1", "192.168.1.100", by="192.168.0.80"), FORWARD, "", True),
    "another service": (flow("192.0.2.1", "192.168.1.100", port=22), "", FORWARD, False),
    "another protocol": (flow("192.0.2.1", "192.168.1.100", protocol=UDP), "", FORWARD, False),
    "own instead of an address": (PING, OLD, source_nat("own"), False),
    "own where there was none": (flow("192.168.0.3", "192.0.2.1"), "", source_nat("own"), True),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_outdated(case):
    found, before, after, expected = CASES[case]
    assert outdated(found, firewall(before), firewall(after), port_of) is expected


def test_only_nat_counts():
    rule = '[[firewall.rules]]\naction = "allow"\n'
    assert not nat_differs(firewall(NEW), firewall(rule + NEW))
    assert nat_differs(firewall(OLD), firewall(NEW))
    assert nat_differs(firewall("[firewall.zones]\na = ['dmz']\n"), firewall(""))
    assert not outdated(PING, firewall(OLD), firewall(rule + OLD), port_of)
