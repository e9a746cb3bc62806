"""What ends the active node or its daemon in the real image: the spare takes over, and it comes back."""

import pytest

from firmware.lab.lab import Lab

BOOT_SECONDS = 300.0


@pytest.mark.nightly
def test_a_kernel_panic_of_the_active_moves_everything_and_it_reboots_by_itself(pair: Lab, eyes) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    eyes.wait_for_owner("alpha")
    # The shell has to answer before the kernel stops.
    alpha.run("systemd-run --on-active=2 sh -c 'echo c > /proc/sysrq-trigger'", root=True)
    eyes.wait_for_owner("beta")
    beta.wait_for_state("active")
    alpha.wait_for_boot()
    alpha.wait_for_state("active", BOOT_SECONDS)
    eyes.wait_for_owner("alpha")
    assert eyes.owners("client") == eyes.owners("router") == ["alpha", "beta", "alpha"]
    ended = alpha.run("hactl history --last 0").output
    assert "without a word" in ended, "the history tells of an end that nobody announced"


@pytest.mark.nightly
def test_maintenance_outlives_a_reboot_and_is_on_the_console(pair: Lab, eyes) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    eyes.wait_for_owner("alpha")
    alpha.run("hactl maintenance on")
    eyes.wait_for_owner("beta")
    alpha.wait_until("grep -q MAINTENANCE /run/issue.d/hotspare.issue")
    assert "maintenance" in alpha.run("systemctl status hadaemon --no-pager").output
    alpha.reset()
    alpha.wait_for_boot()
    alpha.wait_for_state("maintenance")
    assert "MAINTENANCE" in alpha.run("cat /run/issue.d/hotspare.issue").output
    assert beta.state() == "active"
    alpha.run("hactl maintenance off")
    alpha.wait_for_state("active")
    alpha.wait_until("! grep -q MAINTENANCE /run/issue.d/hotspare.issue")
    eyes.wait_for_owner("alpha")


def test_a_planned_switch_there_and_back(pair: Lab, eyes) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    eyes.wait_for_owner("alpha")
    told = alpha.wait_until("hactl switch").output
    assert "active now" in told
    assert "total" in told
    eyes.wait_for_owner("beta")
    beta.wait_for_state("active")
    alpha.wait_until("hactl switch")  # It is refused until alpha has all connections again.
    alpha.wait_for_state("active")
    eyes.wait_for_owner("alpha")
    assert eyes.owners("client") == eyes.owners("router") == ["alpha", "beta", "alpha"]


@pytest.mark.nightly
def test_a_reboot_of_the_active_hands_over_and_it_comes_back(pair: Lab, eyes) -> None:
    alpha = pair.node("alpha")
    eyes.wait_for_owner("alpha")
    alpha.run("systemd-run --on-active=2 systemctl reboot", root=True)
    eyes.wait_for_owner("beta")
    alpha.wait_for_boot()
    alpha.wait_for_state("active", BOOT_SECONDS)
    eyes.wait_for_owner("alpha")
    assert "stopped: shutdown" in alpha.run("hactl history --last 0").output
