"""What moves the virtual addresses, one test a trigger: order and outcome, no milliseconds.

Others of the list are tested where they belong: a lost link, a killed and a terminated daemon in
test_failover, planned switches and maintenance in test_switch, panic and loss of power in QEMU.
"""

import itertools
import signal

from scapy.layers.vrrp import VRRPv3

from hadaemon.cluster import reasons

from .capture import is_gratuitous_arp
from .pair import ACTIVE_DOWN, INTERVAL, MAC, OWN, PORTS, VIRTUAL, Pair
from .service_manager import ServiceManager
from .waiting import wait_for

SLACK = 1.0
"""Seconds for starting processes and a busy machine."""


def test_a_restart_of_the_active_daemon_hands_over_and_comes_back(pair: Pair) -> None:
    pair.start()
    lan = pair.capture("lan")
    pair.alpha.signal(signal.SIGTERM)
    assert pair.alpha.wait_end() == 0
    pair.alpha.start()
    pair.wait_holder(pair.alpha, within=5)
    pair.beta.wait_state("backup")
    speakers = [frame.src for _, frame in lan.adverts()]
    alpha, beta = MAC["alpha"]["lan"], MAC["beta"]["lan"]
    runs = [(mac, len(list(run))) for mac, run in itertools.groupby(speakers)]
    if runs[-2][0] == beta and len(runs) > 3:
        assert runs.pop(-2) == (beta, 1), "once more, after it has heard the better one"
        runs.pop()
    order = [mac for mac, _ in runs]
    assert order in ([alpha, beta, alpha], [beta, alpha], [alpha]), "one after the other, and no flapping"


def test_a_deactivated_cluster_releases_at_once(pair: Pair) -> None:
    pair.start()
    lan = pair.capture("lan")
    pair.alpha.cluster = pair.alpha.cluster.replace('name = "office"', 'name = "office"\nenabled = false')
    pair.alpha.configure()
    assert pair.alpha.ask("reload")["ok"]
    lan.wait(
        "priority 0",
        lambda frame: VRRPv3 in frame and frame[VRRPv3].priority == 0 and frame.src == MAC["alpha"]["lan"],
        within=SLACK,
    )
    pair.wait_holder(pair.beta)
    assert pair.alpha.state() == "off"
    assert pair.alpha.status()["status"]["reason"] == reasons.NOT_ENABLED


def test_a_switch_that_loses_advertisements_on_one_port_moves_nothing(pair: Pair) -> None:
    pair.start()
    pair.alpha.unplug_from_switch("lan")
    wan = pair.capture("wan")
    enough = 3 * int(ACTIVE_DOWN / INTERVAL)
    wait_for("time passes", lambda: len(wan.adverts(OWN["alpha"]["wan"])) > enough, within=5)
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")
    pair.alpha.plug_into_switch("lan")


def test_a_switch_that_loses_all_advertisements_makes_two_and_healing_announces_anew(
    pair: Pair,
) -> None:
    """Without a hotwire nobody can know better: the table of docs/election.md."""
    pair.start()
    for port in PORTS:
        pair.alpha.unplug_from_switch(port)
    pair.beta.wait_state("active")
    assert pair.alpha.state() == "active"
    assert pair.alpha.virtual_addresses() == pair.beta.virtual_addresses() == set(VIRTUAL.values())
    captures = {port: pair.capture(port) for port in PORTS}
    for port in PORTS:
        pair.alpha.plug_into_switch(port)
    pair.wait_holder(pair.alpha)
    pair.beta.wait_state("backup")
    for port, capture in captures.items():
        capture.wait(
            "the winner announces its addresses anew",
            lambda frame, port=port: (
                is_gratuitous_arp(frame, VIRTUAL[port]) and frame.src == MAC["alpha"][port]
            ),
            within=SLACK,
        )


def test_a_stopped_daemon_is_replaced_ended_by_the_watchdog_and_started_anew(pair: Pair) -> None:
    for node in pair.nodes:
        node.configure()
    with ServiceManager(pair.alpha) as manager:
        pair.alpha.wait_state("active")
        pair.beta.start()
        pair.beta.wait_state("backup")
        assert manager.ready
        assert manager.statuses[-1].startswith("active: ")
        pair.alpha.signal(signal.SIGSTOP)
        pair.beta.wait_state("active")
        wait_for("the watchdog ends it", lambda: manager.restarts == 1, within=5)
        pair.wait_holder(pair.alpha, within=5)
        pair.beta.wait_state("backup")
        assert manager.restarts == 1, "a daemon that lives is left alone"


def test_a_daemon_that_stood_still_says_nothing_before_it_knows_who_is_active(pair: Pair) -> None:
    pair.start()
    lan = pair.capture("lan")
    pair.alpha.signal(signal.SIGSTOP)
    pair.beta.wait_state("active")
    lan.wait(
        "beta advertises", lambda frame: VRRPv3 in frame and frame.src == MAC["beta"]["lan"], within=SLACK
    )
    before = len(lan.adverts(OWN["alpha"]["lan"]))
    pair.alpha.signal(signal.SIGCONT)
    pair.wait_holder(pair.alpha, within=5)
    history = [change["reason"] for change in pair.alpha.history()]
    assert any("stood still" in reason for reason in history), history
    frames = lan.adverts()
    late = [frame for _, frame in frames if frame.src == MAC["alpha"]["lan"]][before:]
    assert late, "the master preempts"
    assert late[0][VRRPv3].priority > 0
