"""A, two firewalls with six rules, and B."""

import time
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.lab.node import Node
from tests.claims.wire import excerpt, goes_to
from tests.lab.host import Host
from tests.qemu.traffic import Server, Session, Ssh, connects

from .conftest import Record
from .site import Site, lines

SETUP = "test-case"
INNER, OUTER = IPv4Address("192.168.0.100"), IPv4Address("192.168.1.100")
OBSERVER = "192.168.0.50/24"
"""Of a third host, which pings the gateway: the rules let A send TCP alone."""
SECONDS = 60.0
"""TCP sends again after ever longer pauses."""
BROKEN_SECONDS = 15.0
SSH = "hactl connections --here tcp port 22"
LOGGED = "journalctl --boot --dmesg --no-pager | grep 'hotspare invalid'"


@pytest.fixture
def ends(site: Site) -> tuple[Host, Host]:
    """A and B, each with the cluster's address as its gateway."""
    return site.host("a", INNER), site.host("b", OUTER)


def without_tracking(text: str) -> str:
    """The setup's cluster.toml, and no connection is told to the other node."""
    return f"{text}\n[conntrack]\nenabled = false\n"


def typed(ssh: Ssh) -> float:
    """Seconds until what is typed comes back."""
    began = time.monotonic()
    ssh.check(SECONDS)
    return time.monotonic() - began


def test_a_session_outlives_the_failure(
    site: Site, ends: tuple[Host, Host], claim: Record, tmp_path: Path
) -> None:
    """A's SSH session to B lives on when fw1 fails."""
    ssh = Ssh(*ends, tmp_path)
    claim.measure(f"a line typed before comes back after {typed(ssh) * 1000:.0f} ms")
    watch = site.watch(site.observer("eth1", OBSERVER))
    site.answers(site.master, watch)
    happened, clock = time.monotonic(), time.time()
    site.master.power_off()
    ssh.check(SECONDS)
    claim.measure(f"power of fw1 lost: a line typed at once comes back after {site.since(happened)}")
    site.answers(site.spare, watch)
    site.tell("power of fw1 lost", watch, happened)
    capture = site.lab.folder / "eth0.pcap"
    claim.show("at B, from then on", excerpt(capture, goes_to("192.168.1.3", "TCP"), clock))


def test_a_session_outlives_a_lost_cable_and_the_way_back(
    site: Site, ends: tuple[Host, Host], claim: Record, tmp_path: Path
) -> None:
    """It lives on when fw1 loses one of its cables, and when fw1 takes back."""
    ssh = Ssh(*ends, tmp_path)
    typed(ssh)
    watch = site.watch(site.observer("eth1", OBSERVER))
    site.answers(site.master, watch)
    site.moves("eth0 of fw1 pulled", lambda: site.master.pull("eth0"), site.spare, watch)
    claim.measure(f"by fw2 a line comes back after {typed(ssh) * 1000:.0f} ms")
    site.moves("eth0 of fw1 plugged in again", lambda: site.master.plug("eth0"), site.master, watch)
    claim.measure(f"by fw1 a line comes back after {typed(ssh) * 1000:.0f} ms")


def test_both_nodes_have_the_connection(
    site: Site, ends: tuple[Host, Host], claim: Record, tmp_path: Path
) -> None:
    """`hactl connections` shows the session on both nodes, translated, and on fw2 when fw1 is gone, too."""
    ssh = Ssh(*ends, tmp_path)
    typed(ssh)
    for node in (site.master, site.spare):
        shows(node, claim, "backup" if node is site.spare else "active")
    site.moves("power of fw1 lost", site.master.power_off, site.spare)
    shows(site.spare, claim, "active")


def shows(node: Node, claim: Record, state: str) -> None:
    """Each node is asked for what it has itself."""
    node.wait_until(f"{SSH} --json | grep -q 192.168.0.3", root=True)
    told = list(lines(node.run(SSH, root=True).output))
    claim.measure(f"{node.name}, {state}: {told[-1]}")
    claim.show(f"{SSH}, on {node.name}, which is {state}", told)
    assert any("192.168.0.3" in line and "192.168.1.3" in line and str(OUTER) in line for line in told)


def test_without_connection_tracking_it_breaks(
    site: Site, ends: tuple[Host, Host], claim: Record, tmp_path: Path
) -> None:
    """With `[conntrack] enabled = false` the session breaks, and rule 5 logs its packets."""
    site.apply(without_tracking(site.cluster_text))
    for node in (site.master, site.spare):
        node.wait_until("! systemctl is-active -q hotspare-conntrackd")
    inside, outside = ends
    server = Server(outside)
    site.closing(server)
    session = Session(inside, server)
    session.check(SECONDS)
    watch = site.watch(site.observer("eth1", OBSERVER))
    site.answers(site.master, watch)
    site.moves("power of fw1 lost", site.master.power_off, site.spare, watch)
    assert not session.passes(BROKEN_SECONDS), "fw2 does not know the connection"
    claim.measure(f"a line typed afterwards did not come back within {BROKEN_SECONDS:g} s")
    logged = list(lines(site.spare.wait_until(LOGGED, root=True).output))
    claim.measure(f"fw2 has logged {len(logged)} of its packets")
    claim.show("journal of fw2", logged[:10])
    assert any("SRC=192.168.0.3" in line and "DPT=7 " in line for line in logged)
    assert Session(inside, server).passes(SECONDS), "a new one is welcome"
    claim.measure("a new session is welcome")


def test_b_sees_the_address_of_the_cluster(site: Site, ends: tuple[Host, Host], claim: Record) -> None:
    """B sees A's connections come from the cluster's address, whichever node is active (rule 6)."""
    inside, outside = ends
    server = Server(outside)
    site.closing(server)
    for node in (site.master, site.spare):
        site.answers(node)
        source, _ = Session(inside, server).check(SECONDS)
        assert source == str(OUTER)
        claim.measure(f"by {node.name}: from {source}")
        if node is site.master:
            site.moves("planned switch", site.switch(node), site.spare)


def test_only_a_begins(site: Site, ends: tuple[Host, Host], claim: Record) -> None:
    """B cannot begin a connection to A, by either node (rules 1 and 2)."""
    inside, outside = ends
    server = Server(inside)
    site.closing(server)
    assert connects(inside, server.address, server.port), "A itself reaches its server"
    for node in (site.master, site.spare):
        site.answers(node)
        assert not connects(outside, server.address, server.port, 5.0)
        claim.measure(f"by {node.name}: no answer")
        if node is site.master:
            site.moves("planned switch", site.switch(node), site.spare)
