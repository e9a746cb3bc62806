"""Behind the provider's router: what it sees, a port forward, an application at the cluster's address."""

import contextlib
import socket
import time
from ipaddress import IPv4Address, IPv4Interface

from scapy.layers.inet import ICMP, IP
from scapy.packet import Packet

from firmware.lab.client import ECHO_REQUEST, PING_ID
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.node import Node
from tests.claims.wire import excerpt, frames
from tests.lab.host import Host
from tests.qemu.traffic import Server, Session

from .conftest import Record
from .site import Site

SETUP = "external-router"
ROUTER = IPv4Address("192.168.175.1")
OUTSIDE, INSIDE = IPv4Address("192.168.175.101"), IPv4Address("192.168.200.1")
MAIL = "192.168.200.25"
MAIL_PORT, WEB_PORT = 25, 8080
SECONDS = 60.0
PAGE_SECONDS = 3.0
ENOUGH = 5
"""Pings, to see from where they come."""
HOTWIRE = '[hotwire]\nport = "lan3"\n'
HOTWIRE_ADDRESSES = 'addresses = { utm1 = "192.168.180.2/24", utm2 = "192.168.180.3/24" }\n'
"""HAProxy tells the other node its stick tables there."""
WEB_RULES = f"""
[[firewall.rules]]
name = "the page of the cluster"
action = "allow"
to = ["node"]
destination = ["{INSIDE}", "{OUTSIDE}"]
services = ["tcp/{WEB_PORT}"]

[follow.haproxy]
enabled = true
"""
WEB = f"""
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend web
    bind {INSIDE}:{WEB_PORT} transparent
    bind {OUTSIDE}:{WEB_PORT} transparent
    http-request return status 200 content-type text/plain string "hello from the cluster"
"""
WEB_FILES = {"cluster.d/haproxy/web.cfg": WEB}
ASK = b"GET / HTTP/1.0\r\n\r\n"


def with_own_address(text: str) -> str:
    """The setup's cluster.toml without its rule for what leaves: it has the node's own address."""
    rule = 'address = "{}"\nfrom = ["internal"]'
    return text.replace(rule.format(OUTSIDE), rule.format("own"))


def with_application(text: str) -> str:
    """The setup's cluster.toml with a page at its virtual addresses."""
    return text.replace(HOTWIRE, HOTWIRE + HOTWIRE_ADDRESSES) + WEB_RULES


def is_ping(packet: Packet) -> bool:
    """Of the client inside, as the router gets it."""
    return (
        ICMP in packet
        and packet[ICMP].type == ECHO_REQUEST
        and packet[IP].dst == str(ROUTER)
        and b"hotspare lab" in bytes(packet[ICMP].payload)
    )


def seen_by_the_router(site: Site, claim: Record, when: str) -> set[str]:
    """From where the client's pings come to the router, from now on."""
    capture, clock = site.lab.folder / "lan1.pcap", time.time()
    found: list[str] = []

    def enough() -> bool:
        found[:] = [packet[IP].src for _, packet in frames(capture, clock) if is_ping(packet)]
        return len(found) >= ENOUGH

    wait_until(enough, Deadline(SECONDS), "pings at the router", interval=1.0)
    claim.measure(f"{when}: {len(found)} pings come to the router from {', '.join(sorted(set(found)))}")
    claim.show(f"at the router, {when}", excerpt(capture, is_ping, clock)[:ENOUGH])
    return set(found)


def test_the_router_sees_the_cluster_alone(site: Site, claim: Record) -> None:
    """Without the rule for it the router sees the active node's own address; with it the cluster's alone,
    whichever node is active.
    """
    watch = site.watch(beyond=ROUTER)
    site.answers(site.master, watch)
    site.apply(with_own_address(site.cluster_text))
    for node in (site.spare, site.master):
        forget_pings(node)
    assert seen_by_the_router(site, claim, 'with address = "own"') == {str(site.own(site.master, "lan1"))}
    site.apply(site.cluster_text)
    for node in (site.spare, site.master):
        forget_pings(node)
    site.served(watch)
    assert seen_by_the_router(site, claim, "with the rule") == {str(OUTSIDE)}
    site.moves("planned switch", site.switch(site.master), site.spare, watch)
    assert seen_by_the_router(site, claim, "after the switch") == {str(OUTSIDE)}
    site.moves("power of utm2 lost", site.spare.power_off, site.master, watch)
    assert seen_by_the_router(site, claim, "after the loss of power") == {str(OUTSIDE)}


def forget_pings(node: Node) -> None:
    """What is translated already stays so: the pings begin anew, as those of another program."""
    node.run(f"conntrack -D -p icmp --icmp-id {PING_ID}", root=True, check=False)


def asked(host: Host, address: IPv4Address) -> bool:
    """Whether the page is there."""
    with host.namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(PAGE_SECONDS)
        with contextlib.suppress(OSError):
            connection.connect((str(address), WEB_PORT))
            connection.sendall(ASK)
            return b"hello from the cluster" in connection.makefile("rb").read()
    return False


def test_a_port_forward_is_reached_by_either_node(site: Site, claim: Record) -> None:
    """Mail from outside reaches the server inside at the cluster's address, before and after a failover, and
    a connection lives on.
    """
    outside = site.host("router", OUTSIDE)
    inside = site.bare_host("mail", "lan2", "52:54:00:48:d0:25")
    inside.settle(IPv4Interface(f"{MAIL}/24"), INSIDE)
    server = Server(inside, MAIL_PORT)
    site.closing(server)
    watch = site.watch()
    site.answers(site.master, watch)
    session = Session(outside, server, address=str(OUTSIDE))
    source, _ = session.check(SECONDS)
    claim.measure(f"by utm1: {OUTSIDE}:{MAIL_PORT} is answered by {MAIL}, which sees {source}")
    # One that begins in the very moment of the failure is not told any more.
    site.spare.wait_until(f"hactl connections --here tcp port 25 --json | grep -q {MAIL}", root=True)
    happened = site.moves("power of utm1 lost", site.master.power_off, site.spare, watch)
    session.check(SECONDS)
    claim.measure(f"the same connection goes on, {site.since(happened)} after it at most")
    Session(outside, server, address=str(OUTSIDE)).check(SECONDS)
    claim.measure("by utm2: a new connection is answered")


def test_an_application_answers_at_the_virtual_address(site: Site, claim: Record) -> None:
    """An application at the cluster's addresses (HAProxy, added to this setup) answers from both sides,
    before and after a failover.
    """
    site.apply(with_application(site.cluster_text), WEB_FILES)
    watch = site.watch(site.observer("lan2", "192.168.200.51/24"))
    ends = {site.host("client", INSIDE): INSIDE, site.host("router", OUTSIDE): OUTSIDE}
    site.answers(site.master, watch)
    for node in (site.master, site.spare):
        for host, address in ends.items():
            wait_until(
                lambda host=host, address=address: asked(host, address),
                Deadline(SECONDS),
                f"the page at {address}",
                node.name,
                1.0,
            )
            claim.measure(f"by {node.name}: {host.namespace.name} gets the page at {address}:{WEB_PORT}")
        if node is site.master:
            site.moves("power of utm1 lost", site.master.power_off, site.spare, watch)
