"""A gateway for many VLANs: what is routed, what HAProxy ends, and how the pair advertises."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path

import pytest
from scapy.layers.inet import IP
from scapy.packet import Packet

from firmware.lab.deadline import Deadline, wait_until
from tests.claims.wire import excerpt, frames
from tests.lab.host import Host
from tests.qemu.traffic import Ssh

from .conftest import Record
from .postfix import Postfix, Smtp
from .site import Site

SETUP = "vlan-firewall"
OUTER, INNER = IPv4Address("192.168.1.10"), IPv4Address("10.10.2.254")
OBSERVER = "192.168.1.50/24"
CLIENTS = tuple(f"203.0.113.{number}" for number in range(61, 65))
"""Hosts beyond the gateway, each a client of its own to HAProxy. Connections of the gateway's own network are
not told to the other firewall: the configuration says so."""
FIREWALLS = ("10.10.2.253", "10.10.2.252")
"""Their own addresses in the VLAN of the servers."""
_RISE = 2
"""After so many good looks HAProxy believes that a server is well (its default)."""
SERVERS = ("ext-mx-in001", "ext-mx-in002")
SECONDS = 60.0
CHECK_SECONDS = 200.0
"""HAProxy looks at a server that was down every 30 s, and believes it when it was well twice."""
SMTP_SECONDS = 10.0
VRRP = 112


@pytest.fixture
def gateway(site: Site) -> Host:
    """The host outside, to which 192.168.1.10 is the way to 10.10.0.0/16. It speaks as hosts beyond it."""
    host = site.host("gateway", OUTER)
    for client in CLIENTS:
        host.namespace.run("ip", "address", "add", f"{client}/32", "dev", "lo")
    host.namespace.run("ip", "route", "replace", "default", "via", str(OUTER), "src", CLIENTS[0])
    return host


@pytest.fixture
def mail(site: Site) -> Iterator[dict[str, Postfix]]:
    """Both mail servers, by the names by which they greet."""
    names = {f"{server}.example.com": site.host(server, INNER) for server in SERVERS}
    # Postfix's own user comes into no folder of pytest's.
    with tempfile.TemporaryDirectory(prefix="hotspare-mail-") as folder:
        Path(folder).chmod(0o755)
        servers = {name: Postfix(host, name, Path(folder) / name) for name, host in names.items()}
        yield servers
        for server in servers.values():
            server.close()


def wait_until_checked(mail: dict[str, Postfix]) -> None:
    """Both firewalls have looked at both servers often enough to believe that they are well."""
    wait_until(
        lambda: all(
            server.said.count(f"connect from unknown[{firewall}]") > _RISE
            for server in mail.values()
            for firewall in FIREWALLS
        ),
        Deadline(CHECK_SECONDS),
        "HAProxy's looks at the mail servers",
        interval=1.0,
    )


def greeted(gateway: Host) -> dict[str, str]:
    """By the address of each client, which server greets it. Raises OSError: one is not greeted."""
    found = {}
    for client in CLIENTS:
        session = Smtp(gateway, client, str(OUTER), SMTP_SECONDS)
        found[client] = session.server
        session.close()
    return found


def wait_until_greeted(gateway: Host) -> dict[str, str]:
    """The same, as soon as all are."""
    found: dict[str, str] = {}

    def all_are() -> bool:
        with contextlib.suppress(OSError):
            found.update(greeted(gateway))
            return True
        return False

    wait_until(all_are, Deadline(SECONDS), "greetings of the mail servers", interval=1.0)
    return dict(found)


def test_what_is_routed_lives_on(site: Site, gateway: Host, claim: Record, tmp_path: Path) -> None:
    """An SSH session from outside to a server, routed past HAProxy, lives on when its firewall dies."""
    server = site.host(SERVERS[0], INNER)
    ssh = Ssh(gateway, server, tmp_path)
    watch = site.watch(site.observer("outside", OBSERVER))
    site.answers(site.master, watch)
    ssh.check(SECONDS)
    happened = site.moves(f"power of {site.master.name} lost", site.master.power_off, site.spare, watch)
    ssh.check(SECONDS)
    claim.measure(f"a line typed afterwards is back {site.since(happened)} after it")


def test_what_haproxy_ends_comes_back_to_the_same_server(
    site: Site, gateway: Host, mail: dict[str, Postfix], claim: Record
) -> None:
    """A session of SMTP ends with its firewall; each client that connects again comes to the server that it
    had before, and mail is taken.
    """
    watch = site.watch(site.observer("outside", OBSERVER))
    site.answers(site.master, watch)
    wait_until_checked(mail)
    before = wait_until_greeted(gateway)
    assert set(before.values()) == set(mail), "in turn"
    session = Smtp(gateway, CLIENTS[0], str(OUTER), SMTP_SECONDS)
    session.say("HELO client.example.org")
    claim.measure(f"{CLIENTS[0]} is greeted by {session.server}")
    happened = site.moves(f"power of {site.master.name} lost", site.master.power_off, site.spare, watch)
    with pytest.raises(OSError, match=r".*"):
        session.say("NOOP")
    session.close()
    claim.measure("its session is not answered any more: HAProxy had ended it at the firewall that died")
    after = wait_until_greeted(gateway)
    claim.measure(f"all {len(after)} clients are greeted again {site.since(happened)} after it at most")
    assert after == before, "by the stick table that the other firewall has"
    claim.measure(f"each by the same server: {', '.join(f'{one} {two}' for one, two in after.items())}")
    again = Smtp(gateway, CLIENTS[0], str(OUTER), SMTP_SECONDS)
    again.mail()
    again.close()
    wait_until(lambda: "status=sent" in mail[before[CLIENTS[0]]].said, Deadline(SECONDS), "the message")
    claim.measure("a message is taken")


def test_the_servers_see_their_clients(
    site: Site, gateway: Host, mail: dict[str, Postfix], claim: Record
) -> None:
    """The mail servers see the clients' own addresses, by either firewall (usesrc clientip)."""
    watch = site.watch(site.observer("outside", OBSERVER))
    wait_until_checked(mail)
    for node in (site.master, site.spare):
        site.answers(node, watch)
        served = wait_until_greeted(gateway)
        for client, server in served.items():
            assert f"connect from unknown[{client}]" in mail[server].said
        claim.measure(f"by {node.name}: {', '.join(served)}")
        if node is site.master:
            site.moves("planned switch", site.switch(node), site.spare, watch)


def advertised(site: Site, network: str, since: float) -> Iterator[tuple[float, int]]:
    """When an advertisement was on that network, and its VRID."""
    for when, packet in frames(site.lab.folder / f"{network}.pcap", since):
        if is_advertisement(packet):
            yield when, bytes(packet[IP].payload)[1]


def is_advertisement(packet: Packet) -> bool:
    return IP in packet and packet[IP].proto == VRRP


def test_all_advertisements_go_over_one_cable(site: Site, claim: Record) -> None:
    """All advertisements go over eth1: VRID 1 every five seconds, VRID 2 every second, and none elsewhere."""
    site.answers(site.master, site.watch())
    clock = time.time()

    def by_vrid() -> dict[int, list[float]]:
        found: dict[int, list[float]] = {1: [], 2: []}
        for when, vrid in advertised(site, "sync", clock):
            found[vrid].append(when)
        return found

    wait_until(
        lambda: len(by_vrid()[1]) > 3, Deadline(SECONDS), "four advertisements of VRID 1", interval=1.0
    )
    for vrid, times in by_vrid().items():
        gaps = sorted(later - at for at, later in pairwise(times))
        claim.measure(
            f"VRID {vrid}: {len(times)} advertisements, {gaps[len(gaps) // 2]:.1f} s apart (median)"
        )
    assert len(by_vrid()[2]) > 3 * len(by_vrid()[1])
    for network in ("outside", "trunk"):
        assert not list(advertised(site, network, clock)), network
    claim.show("on eth1", excerpt(site.lab.folder / "sync.pcap", is_advertisement, clock)[:8])
