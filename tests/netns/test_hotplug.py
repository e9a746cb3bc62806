"""Ports that come late, go, and come back as other interfaces."""

import signal

from .pair import ACTIVE_DOWN, OWN, VIRTUAL, Pair
from .waiting import wait_for


def test_a_port_that_appears_late_is_taken_up(pair: Pair) -> None:
    pair.alpha.tear_out("wan")
    for node in pair.nodes:
        node.configure()
        node.start()
    pair.beta.wait_state("active")
    pair.alpha.wait_state("backup")
    assert "wan" in pair.alpha.problems()
    pair.alpha.plug_in("wan")
    pair.alpha.wait_state("active")
    pair.wait_holder(pair.alpha)


def test_replaced_hardware_with_the_same_mac_is_taken_up(pair: Pair) -> None:
    pair.start()
    before = pair.alpha.namespace.run("ip", "-o", "link", "show", "lan").split(":")[0]
    pair.alpha.tear_out("lan")
    pair.wait_holder(pair.beta, within=ACTIVE_DOWN + 1)
    pair.alpha.plug_in("lan")
    after = pair.alpha.namespace.run("ip", "-o", "link", "show", "lan").split(":")[0]
    assert before != after, "the test wants another interface index"
    pair.wait_holder(pair.alpha)
    lan = pair.capture("lan")
    wait_for("advertisements on the new interface", lambda: lan.adverts(OWN["alpha"]["lan"]), within=2)


def test_a_virtual_address_that_somebody_removes_comes_back(pair: Pair) -> None:
    pair.start()
    pair.alpha.namespace.run("ip", "address", "delete", f"{VIRTUAL['lan']}/24", "dev", "lan")
    wait_for("it is back", lambda: VIRTUAL["lan"] in pair.alpha.virtual_addresses(), within=2)


def test_a_renamed_interface_stays_the_same_port(pair: Pair) -> None:
    pair.start()
    for command in ("down", "name eth7", "up"):
        name = "eth7" if command == "up" else "lan"
        pair.alpha.namespace.run("ip", "link", "set", name, *command.split())
    pair.wait_holder(pair.alpha)
    wait_for(
        "the status shows the new name",
        lambda: any(port["interface"] == "eth7" for port in pair.alpha.status()["ports"]),
        within=2,
    )
    pair.alpha.signal(signal.SIGTERM)
    assert pair.alpha.wait_end() == 0
    pair.wait_holder(pair.beta)
