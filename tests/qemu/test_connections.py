"""Connections through the pair live on: real traffic between two real hosts, A on the LAN and B on the WAN.

A and B are network namespaces on the lab's switches: a kernel's own TCP, without privileges and at no cost;
small guests would take two more emulated processors.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.lab.lab import Lab
from firmware.lab.node import Node
from tests.lab.host import Host

from .conftest import VIRTUAL
from .traffic import SECOND, Download, Flow, Server, Session, Ssh, connects, icmp_flow, two_hosts, udp_flow

TRANSLATED = SECOND
"""Connections of A's second address leave with the cluster's address."""
POLICY = f"""
[firewall]

[[firewall.rules]]
action = "allow"
from = ["lan"]
to = ["wan"]
services = ["any"]

[[firewall.source_nat]]
address = "{VIRTUAL["router"]}"
source = ["{TRANSLATED}"]
to = ["wan"]
"""
RECOVERY_SECONDS = 60.0
"""TCP sends again after ever longer pauses: after a gap of a few seconds the next try is as far away."""
BOOT_SECONDS = 300.0
FORBIDDEN_PORT = 8081
PING_PERIOD = 0.01
"""Seconds."""


def configure(node: Node, extra: str) -> None:
    text = extra.replace('"', '\\"').replace("\n", "\\n")
    node.run(f'printf "{text}" >> /data/state/cluster.toml && hactl reload', root=True)


@pytest.fixture
def gateway(pair: Lab) -> Lab:
    """The pair forwards from the LAN to the WAN, and nothing else."""
    for node in pair.nodes.values():
        configure(node, POLICY)
    return pair


@pytest.fixture
def hosts(gateway: Lab) -> Iterator[tuple[Host, Host]]:
    with two_hosts(gateway) as ends:
        yield ends


@dataclass
class Traffic:
    """Everything that flows, and what must not."""

    ends: tuple[Host, Host]
    ssh: Ssh
    session: Session
    translated: Session
    download: Download
    flows: dict[str, Flow]
    mapping: tuple[str, int]
    """Where B saw the translated connection come from, before anything happened."""

    def check(self) -> None:
        """All of it goes on, and what is forbidden stays forbidden."""
        for flow in self.flows.values():
            flow.check(RECOVERY_SECONDS)
        self.ssh.check(RECOVERY_SECONDS)
        self.session.check(RECOVERY_SECONDS)
        assert self.translated.check(RECOVERY_SECONDS) == self.mapping, "the same translation"
        self.download.check(RECOVERY_SECONDS)
        inside, outside = self.ends
        for target in (str(inside.address), str(VIRTUAL["router"])):
            assert not connects(outside, target, FORBIDDEN_PORT), "from outside, and allowed by nothing"


@pytest.fixture
def traffic(hosts: tuple[Host, Host], tmp_path: Path) -> Iterator[Traffic]:
    with all_traffic(hosts, tmp_path) as flowing:
        yield flowing


@contextlib.contextmanager
def all_traffic(hosts: tuple[Host, Host], folder: Path) -> Iterator[Traffic]:
    """It flows from here on; a ping goes 100 times a second."""
    inside, outside = hosts
    server = Server(outside)
    listener = inside.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("", FORBIDDEN_PORT))
    listener.listen()
    assert connects(inside, str(inside.address), FORBIDDEN_PORT), "only the pair forbids it"
    translated = Session(inside, server, TRANSLATED)
    flows = {
        "UDP": udp_flow(inside, server),
        "UDP, translated": udp_flow(inside, server, TRANSLATED),
        "ICMP": icmp_flow(inside, str(outside.address), PING_PERIOD),
    }
    try:
        yield Traffic(
            hosts,
            Ssh(inside, outside, folder),
            Session(inside, server),
            translated,
            Download(inside, server),
            flows,
            translated.check(RECOVERY_SECONDS),
        )
    finally:
        for flow in flows.values():
            flow.close()
        server.close()


def measured(traffic: Traffic, what: str, report: Callable[[str], None], happen: Callable[[], None]) -> None:
    """Lets something happen, checks the traffic, and reports how long each flow was interrupted."""
    since = time.monotonic()
    happen()
    traffic.check()
    gaps = ", ".join(f"{name} {flow.gap(since) * 1000:.0f} ms" for name, flow in traffic.flows.items())
    report(f"{what}: {gaps}")


def test_connections_live_on_whatever_happens(
    gateway: Lab, traffic: Traffic, report_line: Callable[[str], None]
) -> None:
    alpha, beta = gateway.node("alpha"), gateway.node("beta")

    def move(to: Node, action: Callable[[], object]) -> Callable[[], None]:
        def moved() -> None:
            action()
            to.wait_for_state("active", BOOT_SECONDS)

        return moved

    def switch() -> None:
        alpha.wait_until("hactl switch")

    def lose_power() -> None:
        alpha.power_off()
        beta.wait_for_state("active")

    traffic.check()
    measured(traffic, "planned switch", report_line, move(beta, switch))
    measured(
        traffic, "planned switch back", report_line, move(alpha, lambda: alpha.wait_until("hactl switch"))
    )
    measured(traffic, "cable pulled", report_line, move(beta, lambda: alpha.pull("lan")))
    measured(traffic, "cable plugged", report_line, move(alpha, lambda: alpha.plug("lan")))
    measured(traffic, "daemon killed, and back", report_line, move(alpha, lambda: alpha.kill("hadaemon")))
    measured(traffic, "power lost", report_line, lose_power)
    measured(traffic, "power back", report_line, move(alpha, alpha.power_on))
    traffic.download.finish()


@pytest.mark.nightly
def test_without_connection_tracking_the_session_dies(gateway: Lab, hosts: tuple[Host, Host]) -> None:
    """The negative control: what the other test shows is the work of connection tracking."""
    inside, outside = hosts
    alpha, beta = gateway.node("alpha"), gateway.node("beta")
    for node in (alpha, beta):
        node.run(
            'printf "[conntrack]\\nenabled = false\\n" >> /data/state/cluster.toml && hactl reload', root=True
        )
        node.wait_until("! systemctl is-active -q hotspare-conntrackd")
    server = Server(outside)
    try:
        session = Session(inside, server)
        session.check(RECOVERY_SECONDS)
        alpha.wait_until("hactl switch")
        beta.wait_for_state("active")
        assert not session.passes(15)
        assert Session(inside, server).passes(RECOVERY_SECONDS), "a new one is welcome"
        alpha.wait_until("hactl switch")
        alpha.wait_for_state("active")
    finally:
        server.close()
