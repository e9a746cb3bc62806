"""What comes in from one of our own addresses: the address owner, a cloned box, and whoever forges it."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from .capture import Capture
from .kernel_settings import apply
from .namespaces import Namespaces
from .pair import CLIENT, CLUSTER, MAC, OWN, VIRTUAL, Pair, TestNode, build_pair
from .ping import Pinger
from .site import OUTWARDS, SERVER, Site, build_site
from .waiting import wait_for

ONLY_LAN = CLUSTER.partition('[[ha_interfaces]]\nport = "wan"')[0]
OWNER = ONLY_LAN + "[vrrp.priorities]\nalpha = 255\nbeta = 100\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A pair whose kernels are set as the image sets them."""
    with Namespaces() as namespaces:
        pair = build_pair(namespaces, tmp_path)
        for node in pair.nodes:
            apply(node.namespace)
        yield build_site(namespaces, pair)
        pair.check_logs()


def give(node: TestNode, address: str) -> None:
    """Another own address on the LAN: in the kernel and in node.toml."""
    node.namespace.run("ip", "address", "flush", "dev", "lan", "scope", "global")
    node.namespace.run("ip", "address", "add", f"{address}/24", "dev", "lan")
    file = node.state_folder / "node.toml"
    file.write_text(file.read_text().replace(OWN[node.name]["lan"], address))


def holders(pair: Pair) -> list[str]:
    """Who has the virtual address of the LAN."""
    return [node.name for node in pair.nodes if VIRTUAL["lan"] in node.virtual_addresses()]


@pytest.mark.parametrize("virtual_mac", ["false", "true"])
def test_an_address_owner_that_comes_back_is_active_alone(site: Site, virtual_mac: str) -> None:
    """With virtual MAC addresses the spare has the address on another interface than the one that hears."""
    pair = site.pair
    for node in pair.nodes:
        node.cluster = OWNER.replace("[vrrp]", f"[vrrp]\nvirtual_mac = {virtual_mac}")
        node.configure()
    pair.alpha.pull("lan")
    give(pair.alpha, VIRTUAL["lan"])
    pair.beta.start()
    pair.beta.wait_state("active")
    pair.alpha.plug("lan")
    pair.alpha.start()
    pair.alpha.wait_state("active")
    pair.beta.wait_state("backup")
    wait_for("the owner alone has the address", lambda: holders(pair) == ["alpha"], within=3)
    assert pair.beta.status()["status"]["problems"] == []
    Pinger(pair.client, VIRTUAL["lan"]).ping(2)
    pair.alpha.pull("lan")
    pair.beta.wait_state("active")


def test_a_cloned_box_is_told_on_both(site: Site) -> None:
    pair = site.pair
    for node in pair.nodes:
        node.cluster = ONLY_LAN
        node.configure()
    give(pair.beta, OWN["alpha"]["lan"])
    for node in pair.nodes:
        node.start()
        node.wait_state("active")
    for node in pair.nodes:
        wait_for(
            f"{node.name} tells it", lambda node=node: "the address is used twice" in node.problems(), 10
        )
        wait_for("it is an alarm", lambda node=node: conflicts(node) == ["major"], within=10)


def conflicts(node: TestNode) -> list[str]:
    """Severities of the alarms that say so."""
    alarms = node.status()["alarms"]["active"]
    return [alarm["severity"] for alarm in alarms if alarm["kind"] == "address-conflict"]


def dropped(node: TestNode) -> int:
    """How many packets from own addresses the rules have dropped."""
    text = node.namespace.run("nft", "list", "chain", "inet", "hotspare", "own_source")
    return int(re.findall(r"counter packets (\d+)", text)[-1])


def forge(site: Site, packet: Packet) -> None:
    """A frame of the client's card, to the active node's."""
    with site.client.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        sender.send(bytes(Ether(dst=MAC["alpha"]["lan"]) / packet))


FORGERIES = {
    "to the node, from its address on another port": IP(src=OWN["alpha"]["wan"], dst=OWN["alpha"]["lan"]),
    "to the node, from the address itself": IP(src=OWN["alpha"]["lan"], dst=OWN["alpha"]["lan"]),
    "to a virtual address, from another one": IP(src=VIRTUAL["wan"], dst=VIRTUAL["lan"]),
    "to everybody, from the node": IP(src=OWN["alpha"]["lan"], dst="192.168.12.255"),
    "through the node, from a virtual address": IP(src=VIRTUAL["lan"], dst=SERVER),
    "through the node, from an own address": IP(src=OWN["alpha"]["lan"], dst=SERVER),
}


def test_nothing_else_comes_in_from_an_own_address_or_goes_through(site: Site) -> None:
    site.start('[firewall]\nping = true\n[[firewall.rules]]\naction = "allow"\nto = ["node"]\n' + OUTWARDS)
    Pinger(site.client, SERVER).ping(2)
    outside = Capture(site.server, "eth0")
    for count, (how, packet) in enumerate(FORGERIES.items(), 1):
        forge(site, packet / ICMP())
        wait_for(f"it is dropped: {how}", lambda count=count: dropped(site.alpha) == count, within=2)
    forge(site, IP(src=CLIENT, dst=SERVER) / UDP(sport=7, dport=7777))
    wait_for(
        "what came after it arrives",
        lambda: any(UDP in frame and frame[UDP].dport == 7777 for _, frame in outside.read()),
        within=2,
    )
    ours = {OWN["alpha"]["lan"], VIRTUAL["lan"]}
    assert not [frame for _, frame in outside.read() if IP in frame and frame[IP].src in ours]


def test_without_the_rule_a_forgery_would_pass(site: Site) -> None:
    """What the test above builds on."""
    site.start(OUTWARDS)
    site.alpha.namespace.run("nft", "flush", "chain", "inet", "hotspare", "own_source")
    Pinger(site.client, SERVER).ping(2)
    outside = Capture(site.server, "eth0")

    def passes() -> bool:
        forge(site, IP(src=VIRTUAL["lan"], dst=SERVER) / ICMP())
        return any(IP in frame and frame[IP].src == VIRTUAL["lan"] for _, frame in outside.read())

    wait_for("it passes", passes, within=5)
