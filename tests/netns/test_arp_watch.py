"""What the daemon finds by asking the network: foreign duplicates, and swallowed virtual MAC addresses."""

import signal
import sys

from .pair import CLIENT, MAC, VIRTUAL, Pair
from .test_protocol import GLOBAL6, change
from .test_switch import ASK_FOR_EVER
from .test_virtual_mac import VIRTUAL_MAC, virtual_pair  # noqa: F401 - a fixture
from .waiting import wait_for

ROUND = 15.0
"""Seconds in which the first question is asked and answered, on a busy machine."""


def problems(pair: Pair, node: str) -> str:
    return str(getattr(pair, node).problems())


def test_a_foreign_host_with_a_virtual_address_is_reported_and_delays_nothing(pair: Pair) -> None:
    pair.start()
    intruder = pair.client.run("ip", "-br", "link", "show", "eth0").split()[2]
    pair.client.run("ip", "address", "add", f"{VIRTUAL['lan']}/32", "dev", "eth0")
    told = wait_for("the duplicate is told", lambda: problems(pair, "beta"), within=ROUND)
    assert intruder in told
    assert VIRTUAL["lan"] in told
    assert MAC["alpha"]["lan"] not in told, "the active node answers rightly"
    assert pair.beta.state() == "backup"
    pair.alpha.signal(signal.SIGTERM)
    pair.wait_holder(pair.beta)


def test_without_a_duplicate_nothing_is_told(pair: Pair) -> None:
    pair.start()
    lan = pair.capture("lan")
    lan.wait(
        "a probe that says nothing of its sender",
        lambda frame: (
            frame.src == MAC["beta"]["lan"]
            and frame.haslayer("ARP")
            and (frame["ARP"].psrc, frame["ARP"].pdst) == ("0.0.0.0", VIRTUAL["lan"])
        ),
        within=ROUND,
    )
    wait_for("the answers are in", lambda: len(lan.adverts()) > 20, within=ROUND)
    assert problems(pair, "beta") == ""


def duplicates(pair: Pair) -> list[str]:
    """What beta says of foreign stations; the active node answers rightly."""
    return [line for line in problems(pair, "beta").splitlines() if "answers for" in line]


def test_a_foreign_host_with_a_virtual_ipv6_address_is_reported_and_nobody_else(pair: Pair) -> None:
    change(pair, '["192.168.12.1/24"]', f'["192.168.12.1/24", "{GLOBAL6}/64"]')
    change(pair, '["192.168.175.101/24"]', '["2001:db8:175::101/64"]')
    lan = pair.capture("lan")
    intruder = pair.client.run("ip", "-br", "link", "show", "eth0").split()[2]
    pair.client.run("ip", "address", "add", f"{GLOBAL6}/128", "dev", "eth0", "nodad")
    for node in pair.nodes:
        node.configure()
        node.start()
    pair.alpha.wait_state("active")
    pair.beta.wait_state("backup")
    lan.wait(
        "a probe that says nothing of its sender",
        lambda frame: (
            frame.src == MAC["beta"]["lan"]
            and frame.haslayer("ICMPv6ND_NS")
            and (frame["IPv6"].src, frame["IPv6"].hlim) == ("::", 255)
            and frame["ICMPv6ND_NS"].tgt == GLOBAL6
        ),
        within=ROUND,
    )
    (told,) = wait_for("the duplicate is told", lambda: duplicates(pair), within=ROUND)
    assert f"{intruder} answers for the virtual address {GLOBAL6} too" in told
    assert pair.beta.state() == "backup"
    pair.alpha.signal(signal.SIGTERM)
    pair.beta.wait_state("active")


def speak(pair: Pair) -> None:
    """A client that asks for somebody by ARP, so that there is a neighbour to ask."""
    asking = [sys.executable, "-c", ASK_FOR_EVER, CLIENT, "192.168.12.9"]
    pair.client.start(*asking, log=pair.alpha.folder / "asking.log")


def test_a_virtual_mac_that_works_is_not_reported(virtual_pair: Pair) -> None:  # noqa: F811
    pair = virtual_pair
    speak(pair)
    lan = pair.capture("lan")
    lan.wait(
        "a question from the virtual MAC address",
        lambda frame: (
            frame.src == VIRTUAL_MAC["lan"] and frame.haslayer("ARP") and frame["ARP"].pdst == CLIENT
        ),
        within=ROUND,
    )
    asked = len(lan.adverts())
    wait_for("the answers are in", lambda: len(lan.adverts()) > asked + 15, within=ROUND)
    assert problems(pair, "alpha") == ""


def test_a_virtual_mac_that_the_hypervisor_swallows_is_reported(virtual_pair: Pair) -> None:  # noqa: F811
    """As without promiscuous mode: only the MAC address that belongs to the machine gets its frames."""
    pair = virtual_pair
    speak(pair)
    port = "alpha-lan"
    for setting in ("learning", "flood"):
        pair.switch.run("bridge", "link", "set", "dev", port, setting, "off")
    pair.switch.run("bridge", "fdb", "flush", "dev", port, check=False)
    pair.switch.run("bridge", "fdb", "del", VIRTUAL_MAC["lan"], "dev", port, "master", check=False)
    pair.switch.run("bridge", "fdb", "replace", MAC["alpha"]["lan"], "dev", port, "master", "static")
    told = wait_for("it is told", lambda: problems(pair, "alpha"), within=ROUND)
    assert VIRTUAL_MAC["lan"] in told
    assert "promiscuous" in told
    assert VIRTUAL_MAC["wan"] not in told
