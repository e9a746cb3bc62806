"""The node's own network on a booted pair: applied without a reboot, and no virtual address ever goes.

Bonds exist only in the guests' kernel.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.lab.deadline import Deadline
from firmware.lab.lab import Lab, LabOptions
from firmware.lab.node import Node
from firmware.lab.opening import READY, Place, Say
from firmware.lab.topology import STANDARD_PAIR, Network, NetworkKind, Port

OWN = {"alpha": "192.168.12.141", "beta": "192.168.12.142"}
HOTWIRE = {"alpha": "192.168.180.12", "beta": "192.168.180.13"}
VIRTUAL = "192.168.12.1"
VIRTUAL6 = "2001:db8:12::1"
COMMON = """
[[routes]]
destination = "default"
gateway = "192.168.175.1"
[[routes]]
destination = "198.51.100.0/24"
gateway = "192.168.12.50"
[dns]
servers = ["192.168.12.53"]
search = ["example.org"]
[ntp]
servers = ["192.168.12.53"]
[ssh]
ports = ["lan"]
[syslog]
servers = ["192.168.12.53"]
"""
ADVERTISING = '[ha_interfaces.router_advertisements]\\ndns = [\\"2001:db8:12::53\\"]'
APPLIED_SECONDS = 180.0
"""A dozen of programs, on emulated processors."""
DAEMONS = "systemd-networkd systemd-resolved systemd-timesyncd hotspare-syslog hotspare-ssh.socket"


def _configure(lab: Lab, _say: Say) -> None:
    """Both nodes have everything that a gateway's network is made of, told by a reload alone. Addresses and
    advertisements are watched from before that."""
    watched = "ip -o monitor address > /run/addresses.log 2>&1"
    heard = "tcpdump -c 1 -nn -v -i any 'icmp6 and ip6[40] == 134' > /run/advertised.log 2>&1"
    virtual6 = f's/]/, \\"{VIRTUAL6}\\/64\\"]\\n{ADVERTISING}/'
    edit = f'sed -i "/{VIRTUAL}.24/{virtual6}" cluster.toml'
    for node in lab.nodes.values():
        node.run(f"(setsid {watched} < /dev/null &) ; (setsid {heard} < /dev/null &)", root=True)
        node.run(f"cd /data/state && {edit} && printf '{COMMON}' >> cluster.toml", root=True)
        node.run("hactl reload", root=True)
    for node in lab.nodes.values():
        node.wait_until("systemctl is-active --quiet hotspare-ssh.socket", APPLIED_SECONDS)
        node.wait_until("! hactl status | grep 'not as the files say'", APPLIED_SECONDS)
    lab.node("beta").wait_until("grep -q 'router advertisement' /run/advertised.log", APPLIED_SECONDS)
    lab.node("alpha").wait_for_state("active")
    lab.node("beta").wait_for_state("backup")


NETWORKED = Place(_configure, READY)


@pytest.fixture
def networked(open_pair: Callable[[Place], Lab]) -> Iterator[Lab]:
    with open_pair(NETWORKED) as lab:
        yield lab


def removed(node: Node) -> str:
    """Virtual addresses that were taken away since the watch began."""
    return node.run(
        f"grep -E 'Deleted.* ({VIRTUAL}|192.168.175.101|{VIRTUAL6})/' /run/addresses.log || true"
    ).output


@pytest.mark.nightly
def test_no_restart_takes_a_virtual_address_away(networked: Lab) -> None:
    alpha = networked.node("alpha")
    alpha.run(
        f"systemctl restart {DAEMONS} && networkctl reload && systemctl start hotspare-apply", root=True
    )
    alpha.run(f"ip -o address | grep -q '{VIRTUAL}/24'")
    assert removed(alpha) == ""
    assert alpha.status()["status"]["state"] == "active"


@pytest.mark.nightly
def test_an_own_address_and_a_bond_come_and_go_by_a_reload(networked: Lab) -> None:
    beta = networked.node("beta")
    mac = beta.mac("lan")
    beta.run(
        f'cd /data/state && cp node.toml /run/before && sed -i -e "s/^mac = .{mac}.$/members = '
        f'[\\"{mac}\\"]/" '
        "-e 's/192.168.12.142/192.168.12.144/' node.toml && hactl reload",
        root=True,
    )
    beta.wait_until("ip -o address show dev lan.bond | grep -q 192.168.12.144/24", APPLIED_SECONDS)
    assert "mode active-backup" in beta.run("ip -d link show lan.bond").output
    beta.wait_until("! ip -o address | grep -q 192.168.12.142/24")
    beta.wait_until("hactl status | grep -E '^lan +lan.bond ' | grep -q ' up '")
    beta.wait_until(f"ping -c 1 -W 1 {OWN['alpha']}")
    beta.wait_for_state("backup")
    beta.pull("lan")
    beta.wait_until("hactl status | grep -E '^lan +lan.bond ' | grep -q ' down '")
    beta.plug("lan")
    # Its traffic needs a partner, see below.
    beta.run(
        "sed -i 's/^members.*/&\\nbond_mode = \"lacp\"/' /data/state/node.toml && hactl reload", root=True
    )
    beta.wait_until("ip -d link show lan.bond | grep -q 'mode 802.3ad'", APPLIED_SECONDS)
    beta.run("cp /run/before /data/state/node.toml && hactl reload", root=True)
    beta.wait_until("! ip link show lan.bond 2>/dev/null", APPLIED_SECONDS)
    beta.wait_until("ip -o address | grep -q 192.168.12.142/24")
    beta.wait_for_state("backup")
    assert removed(networked.node("alpha")) == ""


@pytest.mark.nightly
def test_the_hotwire_has_the_addresses_that_were_named(networked: Lab) -> None:
    named = ", ".join(f'{name} = \\"{address}\\/24\\"' for name, address in HOTWIRE.items())
    for name, node in networked.nodes.items():
        node.run(
            "cd /data/state && "
            f'sed -i "/^.hotwire/,/^$/s/^port.*/&\\naddresses = {{ {named} }}/" cluster.toml && '
            f'sed -i "s/192.168.180.[23].24/{HOTWIRE[name]}\\/24/" node.toml && hactl reload',
            root=True,
        )
    for name, node in networked.nodes.items():
        node.wait_until(f"ip -o -4 address | grep -q '{HOTWIRE[name]}/24'", APPLIED_SECONDS)
        node.wait_until("! ip -o -4 address | grep -q '192.168.180.[23]/24'")
        node.wait_until("hactl status | grep -q '^hotwire: up'")


@pytest.fixture
def two_cards(labs, image: Path) -> Iterator[Lab]:
    """Alpha alone, with a second card on the LAN."""
    alone = STANDARD_PAIR.only("alpha")
    (alpha,) = alone.nodes
    second = Port("lan2", "52:54:00:48:0a:04", "lan")
    topology = replace(alone, nodes=(replace(alpha, ports=(*alpha.ports, second)),))
    with labs.open_at(READY, topology, LabOptions(image)) as lab:
        yield lab


def make_bond(node: Node, mode: str) -> None:
    """The LAN's two cards become one port."""
    lan, second = node.mac("lan"), node.mac("lan2")
    members = f'[\\"{lan}\\", \\"{second}\\"]\\nbond_mode = \\"{mode}\\"'
    bonded = f'-e "/^.ports.lan2/,/^$/d" -e "s/^mac = .{lan}.$/members = {members}/"'
    node.run(f"cd /data/state && sed -i {bonded} node.toml && hactl reload", root=True)
    node.wait_until("grep -c '^Slave Interface' /proc/net/bonding/lan.bond | grep -q 2", APPLIED_SECONDS)


@pytest.mark.nightly
def test_a_bond_of_two_cards_lives_on_with_either(two_cards: Lab) -> None:
    alpha, client = two_cards.node("alpha"), two_cards.clients["client"]
    make_bond(alpha, "active-backup")
    alpha.wait_until("hactl status | grep -E '^lan +lan.bond ' | grep -q ' up '")
    alpha.wait_for_state("active")
    for port in ("lan", "lan2"):
        client.ping(IPv4Address(VIRTUAL), Deadline(30))
        alpha.pull(port)
        client.ping(IPv4Address(VIRTUAL), Deadline(30))
        assert alpha.status()["status"]["state"] == "active"
        alpha.plug(port)
        alpha.wait_until("! grep -q 'MII Status: down' /proc/net/bonding/lan.bond")


@pytest.fixture
def two_cables(labs, image: Path) -> Iterator[Lab]:
    """The pair, with two direct cables as its LAN: each node is the other one's partner in LACP."""
    pair = STANDARD_PAIR
    nodes = tuple(
        replace(node, ports=(*node.ports, Port("lan2", mac, "lan2")))
        for node, mac in zip(pair.nodes, ("52:54:00:48:0a:04", "52:54:00:48:0b:04"), strict=True)
    )
    cables = [Network(name, NetworkKind.CABLE) for name in ("lan", "lan2")]
    networks = (*cables, *(network for network in pair.networks if network.name != "lan"))
    clients = tuple(client for client in pair.clients if client.network != "lan")
    topology = replace(pair, networks=networks, nodes=nodes, clients=clients)
    with labs.open_at(READY, topology, LabOptions(image)) as lab:
        yield lab


@pytest.mark.nightly
def test_a_bond_with_lacp_carries_traffic_and_lives_on_with_either_cable(two_cables: Lab) -> None:
    alpha, beta = two_cables.node("alpha"), two_cables.node("beta")
    for node in (beta, alpha):
        make_bond(node, "lacp")

    def wait_ports(count: int) -> None:
        for node, partner in ((alpha, beta), (beta, alpha)):
            agreed = f"Number of ports: {count}$' /proc/net/bonding/lan.bond"
            # The kernel tells these lines to root alone.
            node.wait_until(f"grep -q '{agreed}", root=True)
            partner_is = f"Partner Mac Address: {partner.mac('lan')}"
            node.wait_until(f"grep -q '{partner_is}' /proc/net/bonding/lan.bond", root=True)
        beta.wait_until(f"ping -c 1 -W 1 {VIRTUAL}")

    wait_ports(2)
    for node, state in ((alpha, "active"), (beta, "backup")):
        node.wait_for_state(state)
    for port in ("lan", "lan2"):
        # The other end keeps its carrier: only LACP tells it that nothing arrives any more.
        alpha.pull(port)
        wait_ports(1)
        assert (alpha.state(), beta.state()) == ("active", "backup")
        alpha.plug(port)
        wait_ports(2)
