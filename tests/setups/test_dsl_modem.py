"""At a DSL modem: who dials, what the clients keep, what leaves translated, where the tunnel is."""

import time
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Address

import pytest

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.node import Node
from firmware.lab.provider import FIRST_CLIENT, Event, Provider, What
from tests.claims.wire import excerpt, frames, is_announcement
from tests.lab.dhcp_client import ask_for_lease, renew
from tests.lab.host import Host
from tests.qemu.traffic import Flow, Server, Session, icmp_flow

from .branch import INNER, WIREGUARD_PORT, Branch, is_encrypted, is_of_branch, public_key
from .conftest import Record
from .site import DIAL_SECONDS, Site

SETUP = "dsl-modem"
LAN, MODEM = "lan2", "lan1"
GATEWAY = IPv4Address("192.168.200.1")
FAR = IPv4Address("203.0.113.9")
"""Somewhere beyond the provider."""
LAPTOP = "52:54:00:48:d0:99"
PING_PERIOD = 0.2
"""Seconds."""
LEASE_SECONDS = 120.0
INSIDE = IPv4Address("192.168.200.50")
OBSERVER = "192.168.200.60/24"
TUNNEL = "ip link show branch"
TUNNEL_SHOWN = "wg show branch"
EXCERPT = 12
"""Lines."""


def dialled(site: Site, node: Node, *off: Node) -> None:
    """The provider has a session with this node alone. It does not notice that others lost their power."""
    provider = site.lab.providers[MODEM]
    gone = {site.card(each, MODEM) for each in off}
    card = site.card(node, MODEM)
    wait_until(
        lambda: provider.online - gone == {card},
        Deadline(DIAL_SECONDS),
        f"a session of {node.name} alone with the provider",
        explain=lambda: str(provider.events[-10:]),
    )


@pytest.fixture
def provider(site: Site) -> Provider:
    """It has a session with the master."""
    site.answers(site.master)
    dialled(site, site.master)
    return site.lab.providers[MODEM]


@pytest.fixture
def laptop(site: Site, provider: Provider) -> Host:
    """A host without an address, plugged in when the pair is up."""
    return site.bare_host("laptop", LAN, LAPTOP)


def test_the_active_node_alone_has_a_session(site: Site, provider: Provider, claim: Record) -> None:
    """Only the active node has a session with the provider, and after a failover the other one dials."""
    spare = site.card(site.spare, MODEM)
    assert spare not in {event.mac for event in provider.events}
    claim.measure("utm2 has not said a word to the provider")
    watch = site.watch()
    site.answers(site.master, watch)
    happened = site.moves("planned switch", site.switch(site.master), site.spare, watch)
    dialled(site, site.spare)
    claim.measure(f"utm2 has a session {up(site, site.spare, happened)} after the switch, and utm1 has none")
    happened = site.moves("power of utm2 lost", site.spare.power_off, site.master, watch)
    dialled(site, site.master, site.spare)
    claim.measure(f"utm1 has a session {up(site, site.master, happened)} after the power of utm2 was cut")
    events = [f"{event.what.value}: {names(site)[event.mac]}" for event in provider.events]
    claim.show("what the provider noticed", events)


def up(site: Site, node: Node, happened: float) -> str:
    """How long it took until the node had an address of the provider."""
    wanted = Event(What.UP, site.card(node, MODEM))
    events = site.lab.providers[MODEM].events
    return f"{min(each.at for each in events if each == wanted and each.at > happened) - happened:.1f} s"


def names(site: Site) -> dict[str, str]:
    """Of the nodes, by their cards at the modem."""
    return {site.card(node, MODEM): node.name for node in (site.master, site.spare)}


def test_a_client_keeps_gateway_and_lease(site: Site, laptop: Host, claim: Record) -> None:
    """A client keeps its gateway and the address of its lease when the nodes change."""
    lease = ask_for_lease(laptop, LEASE_SECONDS)
    laptop.settle(lease.address, lease.gateway)
    assert lease.gateway == GATEWAY
    claim.measure(f"lease of utm1: {lease.address}, gateway {lease.gateway}")
    site.spare.wait_until(f"grep -q {lease.address.ip} /run/hadaemon/dhcp-leases")
    flow = icmp_flow(laptop, str(GATEWAY), PING_PERIOD)
    site.closing(flow)
    flow.check(LEASE_SECONDS)
    assert site.card(site.master, LAN) in neighbour(laptop)
    watch, clock = site.watch(), time.time()
    site.answers(site.master, watch)
    site.moves("power of utm1 lost", site.master.power_off, site.spare, watch)
    wait_until(
        lambda: site.card(site.spare, LAN) in neighbour(laptop),
        Deadline(LEASE_SECONDS),
        "utm2 in the laptop's ARP entry",
        explain=lambda: neighbour(laptop),
    )
    claim.measure(f"its ARP entry is now: {neighbour(laptop)}")
    again = renew(laptop, lease, LEASE_SECONDS)
    assert again == lease
    claim.measure(f"renewed by utm2: {again.address}, gateway {again.gateway}")
    capture = site.lab.folder / f"{LAN}.pcap"
    claim.show("announced on the LAN", excerpt(capture, is_announcement(GATEWAY), clock))


def neighbour(host: Host) -> str:
    """The kernel's ARP entry for the gateway."""
    return host.namespace.run("ip", "neighbour", "show", str(GATEWAY)).strip()


def test_what_leaves_has_the_providers_address(
    site: Site, laptop: Host, provider: Provider, claim: Record
) -> None:
    """What goes out has the address that the provider gave, and a client inside is answered from the Internet
    by either node.
    """
    lease = ask_for_lease(laptop, LEASE_SECONDS)
    laptop.settle(lease.address, lease.gateway)
    flow = icmp_flow(laptop, str(FAR), PING_PERIOD)
    site.closing(flow)
    passes(flow, provider, site.master, claim)
    watch = site.watch()
    site.answers(site.master, watch)
    happened = site.moves("planned switch", site.switch(site.master), site.spare, watch)
    dialled(site, site.spare)
    passes(flow, provider, site.spare, claim)
    claim.measure(f"no answer of the Internet for {flow.gap(happened):.1f} s: another session is dialled")


def passes(flow: Flow, provider: Provider, node: Node, claim: Record) -> None:
    """Pings from inside arrive at the provider, translated, and are answered."""
    flow.check(DIAL_SECONDS)
    source, target = provider.pings[-1]
    assert source > FIRST_CLIENT, "the provider's address, not the client's"
    assert target == FAR
    claim.measure(f"by {node.name}: the provider sees a ping of {source} to {target}")


@pytest.fixture
def branch(site: Site, provider: Provider) -> Branch:
    """Its key is in the configuration of both nodes."""
    tunnel = tomllib.loads(site.cluster_text)["follow"]["wireguard"][0]
    lan = site.lab.clients["client"].data.address.network
    branch = Branch(site, provider, public_key(tunnel["private_key"]), lan)
    example = tunnel["peers"][0]["public_key"]
    site.apply(site.cluster_text.replace(example, branch.public_key))
    return branch


def test_the_branch_and_the_lan_reach_each_other_through_either_node(
    site: Site, branch: Branch, claim: Record
) -> None:
    """A host of the LAN and the branch reach each other through the tunnel by either node, before and after a
    planned switch and a loss of power, and the provider sees encrypted UDP alone.
    """
    clock, inside = time.time(), site.host("client", GATEWAY)
    flows = {
        "the LAN pings the branch": icmp_flow(inside, str(INNER.ip), PING_PERIOD),
        "the branch pings the LAN": icmp_flow(branch.host, str(INSIDE), PING_PERIOD),
    }
    server = Server(inside)
    for thing in (*flows.values(), server):
        site.closing(thing)
    through(site, site.master, branch, flows, claim)
    session = Session(branch.host, server)
    assert session.check(DIAL_SECONDS)[0] == str(INNER.ip), "it is not translated"
    watch = site.watch(site.observer(LAN, OBSERVER))
    site.answers(site.master, watch)
    for what, happen, active, off in (
        ("planned switch", site.switch(site.master), site.spare, ()),
        ("power of utm2 lost", site.spare.power_off, site.master, (site.spare,)),
    ):
        happened = site.moves(what, happen, active, watch)
        dialled(site, active, *off)
        through(site, active, branch, flows, claim)
        for who, flow in flows.items():
            claim.measure(f"{what}: {who}, no answer for {flow.gap(happened):.1f} s")
        session.check(DIAL_SECONDS)
        claim.measure(f"{what}: a TCP connection of the branch to the LAN lives on")
    sees_encrypted_udp_alone(site, claim, clock)


def through(site: Site, node: Node, branch: Branch, flows: Mapping[str, Flow], claim: Record) -> None:
    """Both ends are answered, by this node."""
    for flow in flows.values():
        flow.check(DIAL_SECONDS)
    address = str(site.lab.providers[MODEM].addresses[site.card(node, MODEM)])
    assert branch.endpoint == f"{address}:{WIREGUARD_PORT}"
    claim.measure(f"{node.name} is {branch.endpoint} for the branch")
    claim.show(f"wg show at the branch, by {node.name}", branch.told())
    shown = node.run(f"{TUNNEL_SHOWN} peers; {TUNNEL_SHOWN} latest-handshakes", root=True).output.split()
    assert shown[0] == branch.public_key
    assert int(shown[-1]) > 0, "there was a handshake"


def sees_encrypted_udp_alone(site: Site, claim: Record, since: float) -> None:
    """On the line to the provider."""
    capture, hidden = site.lab.folder / f"{MODEM}.pcap", (INSIDE, INNER.ip)
    wanted = is_of_branch(INSIDE)
    seen = [packet for _, packet in frames(capture, since) if wanted(packet)]
    assert seen
    assert [packet for packet in seen if not is_encrypted(packet, *hidden)] == []
    claim.measure(
        f"the provider carried {len(seen)} packets of the tunnel: WireGuard's, by UDP, and nothing else"
    )
    claim.show("on the line to the provider", excerpt(capture, wanted, since)[:EXCERPT])


def test_the_tunnel_is_on_the_active_node_alone(site: Site, provider: Provider, claim: Record) -> None:
    """The tunnel to the branch is up on the active node alone, and moves with it."""
    watch = site.watch()
    site.answers(site.master, watch)
    tunnel_is_at(site, site.master, site.spare, claim)
    site.moves("planned switch", site.switch(site.master), site.spare, watch)
    tunnel_is_at(site, site.spare, site.master, claim)


def tunnel_is_at(site: Site, active: Node, backup: Node, claim: Record) -> None:
    """WireGuard's interface, and its unit."""
    active.wait_until(f"{TUNNEL} && systemctl is-active -q hotspare-wireguard@branch.service")
    backup.wait_until(f"! {TUNNEL} 2>/dev/null && ! systemctl is-active -q hotspare-wireguard@branch.service")
    shown = active.run("wg show branch | grep -v 'private key'", root=True).output
    claim.measure(f"{active.name} has the interface branch, {backup.name} has none")
    claim.show(f"wg show branch on {active.name}", shown.splitlines())
