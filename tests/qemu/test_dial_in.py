"""PPPoE on a booted pair that really dials: a provider in the lab's process answers, or does not.

The modem is on a port of its own that follows the active node, as with a box that talks to one MAC address.
Nothing of this works in namespaces: not every host's kernel has PPP.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import cast

import pytest

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab, LabOptions
from firmware.lab.node import Node
from firmware.lab.opening import READY
from firmware.lab.provider import FIRST_CLIENT, Authentication, Event, Provider, What
from firmware.lab.switch import Switch
from firmware.lab.topology import STANDARD_PAIR, Network, NetworkKind, Port

from .conftest import Labs

SECONDS = 120.0
"""A dial, on emulated processors: a program starts, speaks, and is looked at."""
USER, PASSWORD = "0815@provider.example", "right one"
FAR = IPv4Address("203.0.113.9")
"""Somewhere beyond the provider."""
FOLLOW = f"""
[firewall]
[[firewall.rules]]
action = "allow"
from = ["lan"]
to = ["dsl"]
[[firewall.source_nat]]
address = "own"
from = ["lan"]
to = ["dsl"]
[follow]
ports = ["modem"]
[[follow.pppoe]]
name = "dsl"
port = "modem"
user = "{USER}"
password = "{PASSWORD}"
"""
UNIT = "hotspare-pppoe@dsl.service"


TAG = 7
_VLAN = b"\x81\x00" + TAG.to_bytes(2, "big")
"""IEEE 802.1Q: behind the two addresses of a frame."""


class Tagged:
    """A switch, as whoever is behind a tag sees it."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def attach(self, name: str, receive: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """As `Switch.attach`."""

        def take(frame: bytes) -> None:
            if frame[12:16] == _VLAN:
                receive(frame[:12] + frame[16:])

        send = self._switch.attach(name, take)
        return lambda frame: send(frame[:12] + _VLAN + frame[12:])


class Site:
    """The pair and its provider."""

    def __init__(self, lab: Lab, tagged: bool = False) -> None:
        self.lab = lab
        switch = cast(Switch, Tagged(lab.switch("dsl"))) if tagged else lab.switch("dsl")
        self.provider = Provider(switch, USER, PASSWORD, Authentication.CHAP)

    def mac(self, node: Node) -> str:
        return node.mac("modem")

    def wait_online(self, node: Node) -> None:
        """The provider has a session with this node, and with nobody else."""
        self.wait(f"a session of {node.name}", lambda: self.provider.online == {self.mac(node)})
        node.wait_until(f"systemctl is-active -q {UNIT}", SECONDS)

    def wait(self, what: str, look: Callable[[], bool]) -> None:
        def seen() -> str:
            return ", ".join(f"{event.what} {event.mac[-5:]}" for event in self.provider.events[-20:])

        wait_until(look, Deadline(SECONDS), what, "provider", explain=lambda: f"It noticed at last: {seen()}")

    def switch(self, giving: Node, taking: Node) -> None:
        giving.wait_until("hactl switch", SECONDS)
        taking.wait_for_state("active", SECONDS)

    def passes(self, node: Node) -> None:
        """A packet from the LAN goes through the active node to somewhere, translated, and is answered."""
        client, answered = self.lab.clients["client"], threading.Event()

        def arrives() -> bool:
            client.send_echo(FAR, node.mac("lan"), answered.set)
            return answered.wait(2)

        self.wait("an answer from beyond the provider", arrives)
        source, target = self.provider.pings[-1]
        assert source > FIRST_CLIENT, "the provider's address, not the client's"
        assert target == FAR


@contextmanager
def opened(labs: Labs, image: Path, more: str = "") -> Iterator[Site]:
    """A pair with a modem on a port of its own. Alpha is active and online. `more`: of the dial-in."""
    pair = STANDARD_PAIR
    modems = {"alpha": "52:54:00:48:0a:05", "beta": "52:54:00:48:0b:05"}
    nodes = tuple(
        replace(node, ports=(*node.ports, Port("modem", modems[node.name], "dsl"))) for node in pair.nodes
    )
    networks = (*pair.networks, Network("dsl", NetworkKind.SWITCH))
    with labs.open_at(READY, replace(pair, nodes=nodes, networks=networks), LabOptions(image)) as lab:
        site = Site(lab, tagged=bool(more))
        for node in lab.nodes.values():
            text = f"{FOLLOW}{more}"
            node.run(f"cat >> /data/state/cluster.toml <<'END'\n{text}\nEND\nhactl reload", root=True)
        site.wait_online(lab.node("alpha"))
        yield site


@pytest.fixture
def site(labs: Labs, image: Path) -> Iterator[Site]:
    with opened(labs, image) as site:
        yield site


@pytest.mark.nightly
def test_a_provider_behind_a_vlan_is_reached_by_either_node(labs: Labs, image: Path) -> None:
    with opened(labs, image, f"vlan = {TAG}\n") as site:
        alpha, beta = site.lab.node("alpha"), site.lab.node("beta")
        site.passes(alpha)
        site.switch(alpha, beta)
        site.wait_online(beta)
        site.passes(beta)
        alpha.wait_until("! ip link show v-dsl 2>/dev/null")


@pytest.mark.nightly
def test_the_active_node_alone_dials_and_a_packet_passes(site: Site) -> None:
    alpha, beta = site.lab.node("alpha"), site.lab.node("beta")
    alpha.wait_until("ip route show default | grep -q 'dev dsl'")
    site.passes(alpha)
    assert alpha.status()["status"]["problems"] == []
    assert beta.status()["status"]["problems"] == []
    assert site.mac(beta) not in {event.mac for event in site.provider.events}
    beta.run("! ip link show dsl 2>/dev/null && ! ip -o link show up | grep -q 52:54:00:48:0b:05")


@pytest.mark.nightly
def test_the_other_node_dials_when_the_first_has_hung_up(site: Site) -> None:
    alpha, beta = site.lab.node("alpha"), site.lab.node("beta")
    for giving, taking in ((alpha, beta), (beta, alpha)):
        before = len(site.provider.events)
        site.switch(giving, taking)
        site.wait_online(taking)
        taking.wait_until("ip route show default | grep -q 'dev dsl'")
        site.passes(taking)
        giving.run("! ip link show dsl 2>/dev/null && ! ip route show default | grep dsl")
        noticed = site.provider.events[before:]
        hung_up = noticed.index(Event(What.HUNG_UP, site.mac(giving)))
        assert hung_up < noticed.index(Event(What.DIALLED, site.mac(taking)))


@pytest.mark.nightly
def test_a_wrong_password_is_told_and_tried_again(site: Site) -> None:
    alpha = site.lab.node("alpha")
    site.provider.password, site.provider.authentication = "another one", Authentication.PAP
    alpha.run(f"systemctl kill -s KILL {UNIT}", root=True)
    refused = Event(What.REFUSED, site.mac(alpha))
    before = site.provider.events.count(refused)
    site.wait("three refusals", lambda: site.provider.events.count(refused) >= before + 3)
    alpha.wait_until(f"hactl status | grep -q '{UNIT}: .*refuses user or password'", SECONDS)
    assert alpha.state() == "active"
    site.provider.password = PASSWORD
    site.wait_online(alpha)
    site.passes(alpha)
    alpha.wait_until("! hactl status | grep -q 'refuses user or password'", SECONDS)


@pytest.mark.nightly
def test_a_silent_provider_is_told_and_dialled_again_and_again(site: Site) -> None:
    alpha = site.lab.node("alpha")
    site.provider.silent = True
    site.provider.drop()
    alpha.wait_until("hactl history | grep -q 'does not answer any more'", SECONDS)
    dialled = Event(What.DIALLED, site.mac(alpha))
    before = site.provider.events.count(dialled)
    site.wait("more dials", lambda: site.provider.events.count(dialled) >= before + 6)
    alpha.wait_until(f"hactl status | grep -q '{UNIT}: .*nobody answers at this port'", SECONDS)
    assert alpha.state() == "active"
    site.provider.silent = False
    site.wait_online(alpha)
    site.passes(alpha)
