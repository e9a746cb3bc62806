"""The daemon and conntrackd together: who holds which connections before, during and after a change."""

import signal
import time

import pytest

from hadaemon.conntrack.course import COMPARE_DELAY, SETTLE
from hadaemon.daemon.services.conntrack import CONFIGURATION

from .conntrack import Flow
from .hotwire import HOTWIRE_CLUSTER, TRACKED_CLUSTER, HotwireNode
from .pair import INTERVAL_TEXT
from .tracked import CONNECTIONS, Tracked
from .waiting import stretched, wait_for

FIVE_MINUTES = 300.0
QUIET = 20.0
"""Seconds between two packets of a quiet flow."""
MANY = 30_000
UDP_TIMEOUT = 60
"""Seconds, as in 60-hotspare.conf."""


def test_over_a_switch_and_back_nothing_is_lost(tracked: Tracked) -> None:
    alpha, beta = tracked.pair.alpha, tracked.pair.beta
    tracked.load(alpha)
    tracked.wait_count(beta, CONNECTIONS, within=2)
    wait_for("beta knows", lambda: tracked.conntrack(beta).get("here", 0) >= CONNECTIONS, 3)
    wait_for("alpha's number", lambda: (tracked.conntrack(beta).get("there") or 0) >= CONNECTIONS, 3)
    for taking, giving in ((beta, alpha), (alpha, beta)):
        wait_for("a switch is allowed", lambda node=taking: node.ask("switch").get("ok"), 15)
        tracked.pair.wait_holder(taking)
        assert tracked.count(taking) == CONNECTIONS, "at the instant of the takeover"
        emptied = SETTLE + COMPARE_DELAY + 2
        wait_for(f"{giving.name} has emptied and asked", lambda node=giving: node.state() == "backup", 5)
        wait_for("all are on both", lambda: all_there(tracked), emptied)
        assert not any("connections:" in node.problems() for node in (alpha, beta))


def all_there(tracked: Tracked, count: int = CONNECTIONS) -> bool:
    return {tracked.count(node) for node in (tracked.pair.alpha, tracked.pair.beta)} == {count}


def test_roles_that_change_again_while_a_table_is_emptied_lose_nothing(untold: Tracked) -> None:
    """A new active daemon that stands still for longer than the other one waits: the other one takes over
    with the table that it has just emptied, and what is left is where the traffic is no more.

    The interval is half the default: with so many connections and other tests beside it, one of 0.1 s makes
    each daemon stand still for too long, and the roles change by themselves."""
    tracked, alpha, beta = untold, untold.pair.alpha, untold.pair.beta
    for node in (alpha, beta):
        node.cluster = node.cluster.replace(INTERVAL_TEXT, f'"{stretched(500):.0f}ms"')
    tracked.start()
    tracked.load(alpha, MANY)
    tracked.wait_count(beta, MANY)
    wait_for("a switch is allowed", lambda: beta.ask("switch").get("ok"), 15)
    tracked.pair.wait_holder(beta, within=30)
    wait_for("alpha empties its table", lambda: int(alpha.namespace.run("conntrack", "-C")) < MANY, 10)
    beta.signal(signal.SIGSTOP)
    try:
        wait_for("alpha takes over", lambda: alpha.state() == "active", 10)
    finally:
        beta.signal(signal.SIGCONT)
    wait_for("all are on both", lambda: all_there(tracked, MANY), 60)


def test_a_master_that_is_back_takes_over_with_all_connections(tracked: Tracked) -> None:
    """It was dead: its kernel has none, and it must not preempt before it has all."""
    alpha, beta = tracked.pair.alpha, tracked.pair.beta
    tracked.load(alpha)
    tracked.wait_count(beta, CONNECTIONS, within=2)
    alpha.kill()
    tracked.pair.wait_holder(beta)
    tracked.helpers["alpha"].stop()
    alpha.namespace.run("conntrack", "-F")
    alpha.start()
    tracked.pair.wait_holder(alpha, within=30)
    assert tracked.count(alpha) == CONNECTIONS, "at the instant of the takeover"
    wait_for("all are on both", lambda: all_there(tracked), SETTLE + COMPARE_DELAY + 3)


def test_its_configuration_starts_it_and_without_one_it_ends(tracked: Tracked) -> None:
    """A helper is asked only for what the service manager does not do by itself."""
    alpha, helper = tracked.pair.alpha, tracked.helpers["alpha"]
    file = alpha.folder / "run" / CONFIGURATION
    assert file.exists()
    assert helper.verbs == []
    for cluster, verbs in ((HOTWIRE_CLUSTER, ["conntrackd-stop"]), (TRACKED_CLUSTER, ["conntrackd-stop"])):
        alpha.cluster = cluster
        alpha.configure()
        assert alpha.ask("reload")["changed"]
        told = cluster == TRACKED_CLUSTER
        wait_for(
            "it runs, or does not",
            lambda told=told: bool(tracked.conntrack(alpha).get("running")) is told,
            10,
        )
        wait_for("its configuration is there, or gone", lambda told=told: file.exists() is told, 5)
        wait_for("the helper was asked for no more", lambda verbs=verbs: helper.verbs == verbs, 5)
    taken = [entry for entry in tracked.pair.beta.history() if entry["after"] == "active"]
    assert taken == [], "a reload is no reason to take over"


def test_killed_it_is_told_and_catches_up_when_it_is_back(tracked: Tracked) -> None:
    alpha, beta = tracked.pair.alpha, tracked.pair.beta
    helper = tracked.helpers["beta"]
    assert helper.conntrackd is not None
    helper.stop()
    tracked.load(alpha)
    beta.wait_problem("conntrackd", within=10)
    assert tracked.count(beta) == 0
    assert alpha.state() == "active"
    helper.start()
    tracked.wait_count(beta, CONNECTIONS)
    wait_for("the problem is gone", lambda: "connections" not in beta.problems(), 15)


@pytest.mark.nightly
def test_wedged_it_is_told_and_started_anew(tracked: Tracked) -> None:
    alpha, beta = tracked.pair.alpha, tracked.pair.beta
    process = tracked.helpers["beta"].conntrackd
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    beta.wait_problem("no answer within", within=30)
    tracked.pair.wait_holder(alpha)
    wait_for("it is another one", lambda: tracked.helpers["beta"].conntrackd is not process, 30)
    tracked.load(alpha)
    tracked.wait_count(beta, CONNECTIONS)
    wait_for("the problem is gone", lambda: "connections" not in beta.problems(), 15)


@pytest.mark.nightly
def test_a_quiet_flow_is_on_the_spare_at_every_moment(tracked: Tracked) -> None:
    """No packet of it makes an event after the first; all is sent again in time."""
    alpha, beta = tracked.pair.alpha, tracked.pair.beta
    with Flow(alpha.namespace, UDP_TIMEOUT, QUIET) as flow:
        wait_for("the flow is on the spare", lambda: on_spare_for(5.0, flow, beta), 30)
        end = time.monotonic() + FIVE_MINUTES
        while time.monotonic() < end:
            assert flow.on(beta.namespace) is not None
            time.sleep(0.5)


def on_spare_for(seconds: float, flow: Flow, spare: HotwireNode) -> bool:
    """The spare has begun empty and got all."""
    end = time.monotonic() + seconds
    while flow.on(spare.namespace) is not None:
        if time.monotonic() > end:
            return True
        time.sleep(0.1)
    return False
