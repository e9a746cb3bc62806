"""A booted pair: who is active, what happens when something is lost, and that it comes back.

Order and outcome only: advertisements are a second apart and the processors are emulated. Milliseconds are
measured in the namespace tests.
"""

import pytest

from firmware.lab.lab import Lab

from .conftest import DROP_SECONDS


def test_alpha_boots_by_bios_and_beta_by_uefi(quiet_pair: Lab) -> None:
    assert quiet_pair.node("alpha").run("test -e /sys/firmware/efi", check=False).status == 1
    assert quiet_pair.node("beta").run("test -e /sys/firmware/efi", check=False).status == 0


def test_one_is_active_and_the_other_its_backup(pair: Lab, eyes) -> None:
    master = pair.node("alpha").status()["status"]
    spare = pair.node("beta").status()["status"]
    assert (master["role"], master["state"]) == ("master", "active")
    assert (spare["role"], spare["state"]) == ("spare", "backup")
    assert spare["peer"]["state"] == "active"
    assert master["problems"] == spare["problems"] == []
    eyes.wait_for_owner("alpha")


@pytest.mark.nightly
def test_the_spare_takes_over_when_the_masters_power_is_cut_and_gives_back(pair: Lab, eyes) -> None:
    """The start from a corrupted slot begins so too, and the connections live through it."""
    alpha, beta = pair.node("alpha"), pair.node("beta")
    eyes.wait_for_owner("alpha")
    alpha.power_off()
    eyes.wait_for_owner("beta")
    beta.wait_for_state("active")
    alpha.power_on()
    alpha.wait_for_state("active", seconds=240)
    beta.wait_for_state("backup")
    eyes.wait_for_owner("alpha")
    assert eyes.owners("client") == eyes.owners("router") == ["alpha", "beta", "alpha"]


def test_one_lost_link_moves_everything(pair: Lab, eyes) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    alpha.pull("lan")
    eyes.wait_for_owner("beta")
    beta.wait_for_state("active")
    status = alpha.status()["status"]
    assert {interface["port"]: interface["link"] for interface in status["interfaces"]} == {
        "lan": "down",
        "wan": "up",
    }
    assert not any(interface["held"] for interface in status["interfaces"])
    alpha.plug("lan")
    eyes.wait_for_owner("alpha")
    assert eyes.owners("router") == ["alpha", "beta", "alpha"], "the WAN followed the LAN's loss"


def test_a_cut_hotwire_moves_nothing(pair: Lab, eyes) -> None:
    eyes.wait_for_owner("alpha")
    pair.cut("hotwire")
    for node in pair.nodes.values():
        node.wait_until("ip -o link | grep -q NO-CARRIER")
    assert pair.node("alpha").state() == "active"
    assert pair.node("beta").state() == "backup"
    pair.heal("hotwire")
    assert eyes.owners("client") == eyes.owners("router") == ["alpha"]


def test_a_killed_daemon_leaves_no_virtual_address_and_comes_back(pair: Lab, eyes) -> None:
    alpha = pair.node("alpha")
    eyes.conflict_allowed = DROP_SECONDS
    before = alpha.status()["pid"]
    # One shell in the node does it all: the daemon is back within moments, and the console is slow.
    gone = alpha.run(
        "systemctl kill --signal=SIGKILL hadaemon; "
        "for try in $(seq 300); do "
        "ip -o address show | grep -q 'proto 0x48' || exit 0; sleep 0.05; done; exit 1",
        root=True,
        check=False,
    )
    assert gone.status == 0, "the virtual addresses were still there 15 s after the daemon's death"
    pair.node("beta").wait_until(
        "journalctl -b -u hadaemon | grep -q 'alpha is gone: its daemon died'", root=True
    )
    alpha.wait_until("hactl status", seconds=60)
    assert alpha.status()["pid"] != before
    alpha.wait_for_state("active")
    eyes.wait_for_owner("alpha")


def test_a_machine_that_its_host_pauses_is_replaced_and_comes_back(pair: Lab, eyes) -> None:
    """Its clocks stand still: it finds out by what has arrived meanwhile. Being the master, it goes on."""
    alpha, beta = pair.node("alpha"), pair.node("beta")
    eyes.wait_for_owner("alpha")
    alpha.machine.halt()
    eyes.wait_for_owner("beta")
    beta.wait_for_state("active")
    alpha.machine.resume()
    eyes.wait_for_owner("alpha")
    alpha.wait_for_state("active")
    beta.wait_for_state("backup")
    assert alpha.status()["status"]["problems"] == []
    assert eyes.owners("client") == eyes.owners("router") == ["alpha", "beta", "alpha"]
