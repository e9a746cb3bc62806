"""Handing over: it makes before it breaks, it is refused or it fails with a reason, and it is remembered."""

import itertools
from dataclasses import replace

import pytest

from hadaemon.cluster import (
    Announce,
    HandoverEnded,
    MaintenanceRequested,
    NodeState,
    PeerReport,
    Remember,
    ResumeRequested,
    SendAdvertisement,
    SetAddresses,
    Start,
    Stop,
    SwitchRequested,
)
from hadaemon.cluster.election import SWITCH_PATIENCE
from hadaemon.cluster.memory import Memory
from hadaemon.cluster.offers import RETRY
from hadaemon.cluster.phases import LINGER
from tests.unit.cluster.pair import ALPHA, BETA, Driver, cluster_config, priorities, virtual_address
from tests.unit.cluster.test_transitions import ACTIVE_PEER, PEER
from tests.unit.cluster.world import NODES, World

ALL = {port: frozenset({virtual_address(port)}) for port in ("lan", "wan")}
OFFER_STANDS = 3 * 1.0 + 0.1


def results(driver):
    return [action for action in driver.last if isinstance(action, HandoverEnded)]


def remembered(driver):
    return [action.memory for action in driver.last if isinstance(action, Remember)]


def offered(request=None, **options) -> Driver:
    driver = Driver(ALPHA, **options).become_active()
    driver.do(request or SwitchRequested(), after=0.5)
    return driver


# make before break


def test_an_offer_is_a_release_and_the_addresses_stay():
    driver = offered()
    assert driver.sent() == [0, 0]
    assert driver.addresses() == {}
    assert driver.node.state is NodeState.ACTIVE
    assert driver.node.status(driver.now).phase == "releasing"
    assert driver.node.as_peer().releasing


def test_an_offer_is_repeated_each_interval_because_it_may_get_lost():
    driver = offered()
    sent = [at for at, action in driver.run(2.9) if isinstance(action, SendAdvertisement)]
    assert len(sent) == 3 * len(driver.ports)


def test_the_claim_ends_the_answers_and_the_addresses_stay_for_a_while():
    driver = offered()
    driver.hear(253, after=0.02)
    orders = {action.port: action for action in driver.last if isinstance(action, SetAddresses)}
    assert orders == {port: SetAddresses(port, ALL[port], answering=False) for port in driver.ports}
    assert driver.node.state is NodeState.BACKUP
    assert driver.sent() == [], "who was taken over from says nothing more"
    dropped = [(at, action) for at, action in driver.run(1.0) if isinstance(action, SetAddresses)]
    assert [action.addresses for _, action in dropped] == [frozenset(), frozenset()]
    assert dropped[0][0] == pytest.approx(driver.now - 1.0 + LINGER)


def test_the_claim_over_the_hotwire_counts_too():
    driver = offered(witness=True)
    driver.do(PeerReport(ACTIVE_PEER), after=0.01)
    status = driver.node.status(driver.now)
    assert status.phase == "lingering"
    assert [interface.state for interface in status.interfaces] == ["backup", "backup"]
    assert priorities(tuple(action for _, action in driver.run(2.9))) == []


def test_who_has_handed_over_waits_by_the_interval_of_the_one_that_took_over():
    driver = offered(ports=("lan",))
    driver.hear(253, after=0.02, interval=10)
    driver.run(0.5)
    assert driver.node.state is NodeState.ACTIVE


def test_who_lingers_takes_over_again_if_the_other_dies():
    driver = offered()
    for port in driver.ports:
        driver.hear(253, port, after=0.001)
    for port in driver.ports:
        driver.hear(0, port, after=0.05)
    driver.run(0.05)
    assert driver.node.state is NodeState.ACTIVE
    assert driver.node.desired_addresses() == ALL


def test_the_hand_over_is_told_and_remembered_after_it_succeeded():
    driver = offered()
    assert remembered(driver) == []
    driver.hear(253, after=0.02)
    assert results(driver) == [
        HandoverEnded(True, "handed over to 192.0.2.12 on lan, which is active now"),
    ]
    assert remembered(driver) == [Memory(preferred=False, epoch=1)]
    for _ in range(20):
        driver.hear(253, after=1.0)
    assert driver.node.state is NodeState.BACKUP, "preemption does not undo it"


def test_who_gave_way_to_a_healthier_node_says_its_own_priority_when_that_one_dies():
    driver = Driver(ALPHA, witness=True).become_active()
    driver.do(PeerReport(PEER))
    driver.link("wan", carrier=False)
    driver.run(SWITCH_PATIENCE)
    assert driver.node.as_peer().releasing
    driver.hear(253, after=0.02)
    assert driver.node.state is NodeState.BACKUP
    sent = [each for _, each in driver.run(10.0) if isinstance(each, SendAdvertisement)]
    assert driver.node.state is NodeState.ACTIVE
    assert sent[0].advertisement.priority == 254 - 8


# failing


def test_an_offer_that_nobody_takes_ends_where_it_began():
    driver = offered()
    done = driver.run(OFFER_STANDS + 0.01)
    assert [action for _, action in done if isinstance(action, HandoverEnded)] == [
        HandoverEnded(False, "no other node took over: this node stays active")
    ]
    last = [action for at, action in done if at > driver.now - 0.02]
    assert {action.advertisement.priority for action in last if isinstance(action, SendAdvertisement)} == {
        254
    }
    assert {action.port for action in last if isinstance(action, Announce)} == {"lan", "wan"}
    assert not [action for action in last if isinstance(action, (SetAddresses, Remember))]
    assert driver.node.state is NodeState.ACTIVE


def test_a_claim_by_a_less_healthy_node_is_not_accepted():
    driver = offered()
    driver.hear(253 - 8, after=0.02)
    assert driver.node.state is NodeState.ACTIVE
    assert driver.sent() == [254, 254]
    (result,) = results(driver)
    assert not result.succeeded
    assert "less healthy" in result.reason


def test_a_stop_in_the_middle_is_a_failed_switch():
    driver = offered()
    driver.do(Stop("shutdown"))
    assert results(driver) == [HandoverEnded(False, "stopped: shutdown")]
    assert driver.sent() == [0, 0]


def test_a_healthier_peer_is_offered_the_addresses_after_ten_milliseconds():
    driver = Driver(ALPHA, witness=True).become_active()
    driver.do(PeerReport(PEER), after=0.5)
    driver.link("lan", carrier=False)
    driver.run(0.0099)
    assert driver.node.status(driver.now).phase is None
    driver.run(0.0002)
    assert driver.node.status(driver.now).phase == "releasing"


def test_a_healthier_peer_that_does_not_take_is_asked_again_only_after_a_while():
    driver = Driver(ALPHA, witness=True).become_active()
    driver.do(PeerReport(PEER), after=0.5)
    driver.link("lan", carrier=False)
    offers = [at for at, action in driver.run(20.0) if priorities((action,), "wan") == [0]]
    begins = [at for before, at in itertools.pairwise([0.0, *offers]) if at - before > 1.5]
    assert len(begins) == 3
    assert begins[1] - begins[0] == pytest.approx(OFFER_STANDS + RETRY)


# refusing


REFUSALS = {
    "the peer is less healthy": (replace(PEER, links_down=1), False, "less healthy"),
    "… even if forced": (replace(PEER, links_down=1), True, "less healthy"),
    "the peer is in maintenance": (replace(PEER, state=NodeState.MAINTENANCE), False, "in state maintenance"),
    "the peer is not ready": (
        replace(PEER, unready="it has 5 of 100 connections"),
        False,
        "not ready: it has",
    ),
    "the peer is suspended": (replace(PEER, suspended=True), False, "suspended"),
}


@pytest.mark.parametrize("peer, forced, reason", REFUSALS.values(), ids=REFUSALS)
def test_a_switch_is_refused_by_what_the_hotwire_tells(peer, forced, reason):
    driver = Driver(ALPHA, witness=True).become_active()
    driver.do(PeerReport(peer))
    request = SwitchRequested(forced)
    assert reason in driver.node.refusal(request)
    driver.do(request)
    assert results(driver) == [HandoverEnded(False, driver.node.refusal(request))]
    assert driver.sent() == [], "nothing happens"


def test_a_silent_hotwire_refuses_a_switch_unless_forced():
    driver = Driver(ALPHA, witness=True).become_active()
    driver.do(PeerReport(PEER))
    driver.do(PeerReport(None))
    assert "is silent" in driver.node.refusal(SwitchRequested())
    assert driver.node.refusal(SwitchRequested(forced=True)) is None


def test_a_switch_without_any_link_is_refused():
    driver = Driver(ALPHA).become_active()
    for port in driver.ports:
        driver.link(port, carrier=False)
    assert "no HA interface has a link" in driver.node.refusal(SwitchRequested())


def test_one_switch_at_a_time():
    assert "under way" in offered().node.refusal(SwitchRequested())


def test_what_needs_nobody_else_succeeds_at_once():
    for request in (ResumeRequested(), MaintenanceRequested(on=True), MaintenanceRequested(on=False)):
        driver = Driver(ALPHA, memory=Memory(maintenance=request == MaintenanceRequested(on=False)))
        driver.do(request)
        assert [result.succeeded for result in results(driver)] == [True], request


def test_nothing_can_be_asked_of_a_node_that_is_off():
    driver = Driver(ALPHA, start=False)
    for request in (SwitchRequested(), MaintenanceRequested(on=True)):
        assert "takes no part" in driver.node.refusal(request)
    assert driver.node.refusal(ResumeRequested()) is None


# on the backup


def test_a_backup_that_can_win_claims_at_once():
    driver = Driver(ALPHA, preempt=False)
    driver.hear(253, "lan", after=0.1)
    driver.do(SwitchRequested())
    assert driver.node.state is NodeState.ACTIVE
    assert driver.sent() == [254, 254]
    assert remembered(driver) == [Memory(preferred=True, epoch=1)]
    assert results(driver) == [HandoverEnded(True, "the administrator switched to this node")]


def test_a_backup_that_cannot_win_by_its_score_says_where_to_switch():
    driver = Driver(BETA)
    driver.hear(254, "lan", after=0.1)
    assert "run `hactl switch` on the active node" in driver.node.refusal(SwitchRequested())


def test_a_backup_that_has_heard_nobody_does_not_switch():
    assert "being decided" in Driver(BETA).node.refusal(SwitchRequested())


# maintenance


def test_maintenance_of_a_backup_is_at_once_silent_and_remembered():
    driver = Driver(BETA)
    driver.do(MaintenanceRequested(on=True))
    assert driver.node.state is NodeState.MAINTENANCE
    assert remembered(driver) == [Memory(maintenance=True)]
    assert results(driver)[0].succeeded
    assert driver.run(100) == []
    assert "already" in driver.node.refusal(MaintenanceRequested(on=True))


def test_maintenance_of_the_active_hands_over_first():
    driver = offered(MaintenanceRequested(on=True))
    assert driver.node.state is NodeState.ACTIVE
    driver.hear(200, after=0.02)
    assert driver.node.state is NodeState.MAINTENANCE, "to a less healthy node too"
    assert remembered(driver) == [Memory(maintenance=True)]
    assert {action.answering for action in driver.last if isinstance(action, SetAddresses)} == {False}
    driver.run(1)
    assert not any(driver.node.desired_addresses().values())


def test_maintenance_fails_if_nobody_takes_over_unless_forced():
    driver = offered(MaintenanceRequested(on=True))
    driver.run(OFFER_STANDS + 0.01)
    assert driver.node.state is NodeState.ACTIVE
    driver = offered(MaintenanceRequested(on=True, forced=True))
    done = driver.run(OFFER_STANDS + 0.01)
    assert driver.node.state is NodeState.MAINTENANCE
    (ended,) = (action for _, action in done if isinstance(action, HandoverEnded))
    assert ended.succeeded
    driver.do(MaintenanceRequested(on=False))
    driver.become_active()
    assert driver.sent() == [254, 254], "its priority is its own again"


def test_maintenance_survives_a_reboot_and_ends_with_listening():
    driver = Driver(ALPHA, start=False)
    for port in driver.ports:
        driver.link(port)
    driver.do(Start(memory=Memory(maintenance=True)))
    assert driver.node.state is NodeState.MAINTENANCE
    driver.do(MaintenanceRequested(on=False))
    assert driver.node.state is NodeState.BACKUP
    assert remembered(driver) == [Memory()]


# in the world


@pytest.mark.parametrize("witness", [False, True])
@pytest.mark.parametrize("interval", [10, 100])
def test_somebody_answers_at_every_moment_of_a_planned_switch(witness, interval):
    world = World(cluster_config(interval=interval, witness=witness), seed=3)
    for name in NODES:
        world.boot(name)
    world.run(5 * world.interval)
    assert world.answering() == [ALPHA]
    world.ask(ALPHA, SwitchRequested())
    seen = []
    for _ in range(2000):
        world.run(0.0005)
        seen.append(tuple(world.answering()))
    assert () not in seen, "nobody answered"
    assert seen[-1] == (BETA,)
    both = [now for now in seen if len(now) == 2]
    assert len(both) * 0.0005 <= 0.005, "both answer only while the claim is on its way"
    assert [result.succeeded for result in world.machines[ALPHA].results] == [True]


@pytest.mark.parametrize("asked", ["the active", "the backup"])
def test_planned_switches_suspend_neither_node_whoever_is_asked(asked):
    world = World(cluster_config(interval=100, witness=True, flap_switches=3, flap_window=600.0), seed=5)
    for name in NODES:
        world.boot(name)
    world.run(5 * world.interval)
    for number in range(12):
        (active,) = world.answering()
        backup = BETA if active == ALPHA else ALPHA
        world.ask(active if asked == "the active" else backup, SwitchRequested())
        world.run(5 * world.interval)
        assert world.answering() == [backup], f"switch {number}"


def test_the_active_goes_on_by_itself_when_the_peer_is_healthier_over_the_hotwire():
    """At once: not three intervals later."""
    world = World(cluster_config(interval=100, witness=True), seed=5)
    for name in NODES:
        world.boot(name)
    world.run(5 * world.interval)
    world.plug(ALPHA, "lan", carrier=False)
    world.run(0.030)
    assert world.answering() == [BETA]


DEATHS = [
    ("crash", 0.030, "daemon of the other node died"),
    ("stop", 0.030, "said goodbye"),
    ("kill", 1.1, ""),
]


@pytest.mark.parametrize("how, within, reason", DEATHS)
def test_the_hotwire_tells_of_a_death_before_the_silence_does(how, within, reason):
    world = World(cluster_config(interval=100, witness=True), seed=5)
    for name in NODES:
        world.boot(name)
    world.run(5 * world.interval)
    getattr(world, how)(ALPHA)
    world.run(within)
    assert world.state(BETA) is NodeState.ACTIVE
    assert reason in world.machines[BETA].changes[-1][1].reason


# what is said again


def old(driver: Driver, event: PeerReport, after: float = 0.0) -> bool:
    return driver.node.is_old_news(event, driver.now + after)


def test_a_repeated_report_is_old_news_until_something_is_due_or_new():
    driver = Driver(ALPHA, witness=True).become_active()
    driver.do(PeerReport(PEER), after=2.0)
    driver.run(60)
    assert not driver.node.unproven_ports
    due = driver.node.next_deadline - driver.now
    assert old(driver, PeerReport(replace(PEER)), due / 2)
    assert not old(driver, PeerReport(PEER), due)
    assert not old(driver, PeerReport(replace(PEER, failed_groups=1)))
    assert not old(driver, PeerReport(None))
    assert driver.do(PeerReport(PEER), after=due / 2) == ()
    driver.do(SwitchRequested())
    assert not old(driver, PeerReport(PEER)), "it is in the middle of something"


def test_of_two_active_nodes_no_report_is_old_news():
    driver = Driver(ALPHA, witness=True).become_active()
    driver.run(60)
    driver.do(PeerReport(replace(ACTIVE_PEER, links_down=1)))
    assert driver.node.state is NodeState.ACTIVE
    assert not old(driver, PeerReport(replace(ACTIVE_PEER, links_down=1)))


def test_the_address_owner_hands_over_to_a_healthier_node_and_to_no_other():
    driver = Driver(ALPHA, ports=("lan",), witness=True, priorities={ALPHA: 255, BETA: 100}).become_active()
    for _ in range(10):
        driver.do(PeerReport(replace(PEER, claims=True, preferred=True)), after=0.1)
        assert driver.node.status(driver.now).phase is None
    driver.link("lan", carrier=False)
    driver.run(SWITCH_PATIENCE)
    assert driver.node.status(driver.now).phase == "releasing"
