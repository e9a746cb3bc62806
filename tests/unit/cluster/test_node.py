"""One node: the group of HA interfaces moves as one."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import (
    AdvertisementReceived,
    Announce,
    HandoverEnded,
    NodeState,
    Peer,
    PeerDied,
    PeerGoodbye,
    PeerReport,
    Role,
    SendAdvertisement,
    SetAddresses,
    Start,
    StateChanged,
    Stop,
    SwitchRequested,
    Tick,
)
from hadaemon.cluster.election import LINK_PATIENCE
from hadaemon.vrrp import Advertisement, Centiseconds, Priority, Vrid
from tests.unit.cluster.pair import ALPHA, BETA, Driver, own_address, virtual_address
from tests.unit.cluster.test_transitions import PEER

MASTER, SPARE = 254, 253
NOTHING = {"lan": frozenset(), "wan": frozenset()}
ALL = {port: frozenset({virtual_address(port)}) for port in ("lan", "wan")}
DOWN_OF_MASTER, DOWN_OF_SPARE = 3 + 2 / 256, 3 + 3 / 256


def order(actions):
    """Kinds of the actions, in order."""
    return [type(action) for action in actions]


# becoming active


def test_a_node_listens_for_a_whole_active_down_interval_before_it_becomes_active():
    driver = Driver(ALPHA)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.next_deadline == pytest.approx(driver.now + DOWN_OF_MASTER)
    assert driver.run(DOWN_OF_MASTER - 0.001) == []
    driver.run(0.002)
    assert driver.node.state is NodeState.ACTIVE


def test_taking_over_claims_then_sets_addresses_then_announces():
    driver = Driver(ALPHA)
    driver.do(Tick(), after=DOWN_OF_MASTER)
    kinds = [SendAdvertisement, SetAddresses, Announce]
    assert order(driver.last) == [kind for kind in kinds for _ in driver.ports] + [StateChanged]
    assert driver.sent() == [MASTER, MASTER]
    assert driver.addresses() == ALL
    assert driver.node.desired_addresses() == ALL


def test_one_interface_that_hears_the_active_keeps_the_whole_group_backup():
    driver = Driver(BETA)
    for _ in range(20):
        driver.hear(MASTER, "wan", after=1.0)
    assert driver.node.state is NodeState.BACKUP
    driver.run(DOWN_OF_SPARE)
    assert driver.node.state is NodeState.ACTIVE


def test_an_interface_without_link_is_not_waited_for():
    driver = Driver(BETA)
    driver.hear(MASTER, "wan", after=1.0)
    driver.hear(MASTER, "lan", after=1.5)
    driver.link("lan", carrier=False, after=0.1)
    driver.run(DOWN_OF_SPARE - 1.6 + 0.1)
    assert driver.node.state is NodeState.ACTIVE, "wan has been silent for its interval"


def test_a_release_on_every_interface_is_followed_within_skew_time():
    driver = Driver(BETA)
    for port in driver.ports:
        driver.hear(MASTER, port)
    driver.hear(0, "lan", after=0.5)
    assert driver.node.next_deadline == pytest.approx(driver.now - 0.5 + DOWN_OF_SPARE), (
        "wan has not released"
    )
    driver.hear(0, "wan")
    assert driver.node.next_deadline == pytest.approx(driver.now + 3 / 256)


@pytest.mark.parametrize(
    "event",
    [PeerReport(replace(PEER, name=ALPHA, state=NodeState.OFF)), PeerGoodbye("shutdown"), PeerDied()],
    ids=["it is off", "goodbye", "it died"],
)
def test_over_the_hotwire_the_end_of_the_active_is_as_good_as_its_release(event):
    driver = Driver(BETA, witness=True)
    for port in driver.ports:
        driver.hear(MASTER, port)
    driver.do(PeerReport(replace(PEER, name=ALPHA, state=NodeState.ACTIVE, preferred=True)))
    driver.do(event, after=0.5)
    assert driver.node.next_deadline == pytest.approx(driver.now + 3 / 256)


def test_the_interval_of_the_active_is_learned():
    driver = Driver(BETA)
    for port in driver.ports:
        driver.hear(MASTER, port, interval=10)
    assert driver.node.next_deadline == pytest.approx(driver.now + 0.1 * DOWN_OF_SPARE)


def test_who_gives_way_learns_the_interval_of_the_one_it_gives_way_to():
    driver = Driver(BETA, ports=("lan",)).become_active()
    driver.hear(MASTER, after=0.5, interval=10)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.next_deadline - driver.now == pytest.approx(0.3, rel=0.02)


def test_a_link_that_comes_up_is_listened_to_first():
    driver = Driver(BETA)
    driver.link("lan", carrier=False)
    driver.link("lan", after=3.0)
    assert driver.node.next_deadline == pytest.approx(driver.now + 3 + 3 / 256)


def test_without_any_link_a_node_becomes_active_after_its_interval():
    driver = Driver(BETA)
    for port in driver.ports:
        driver.link(port, carrier=False)
    driver.run(4.0)
    assert driver.node.state is NodeState.ACTIVE
    assert driver.node.desired_addresses() == ALL


def test_a_node_whose_ports_have_not_come_up_yet_is_not_blind():
    driver = Driver(BETA, start=False)
    for port in driver.ports:
        driver.link(port, carrier=False)
    driver.do(Start())
    driver.run(LINK_PATIENCE - 0.1)
    assert driver.node.state is NodeState.BACKUP
    driver.link("lan", after=0.05)
    driver.hear(MASTER, "lan")
    driver.run(1.0)
    assert driver.node.state is NodeState.BACKUP


def test_a_node_that_never_gets_a_link_becomes_active_in_the_end():
    driver = Driver(BETA, start=False)
    for port in driver.ports:
        driver.link(port, carrier=False)
    driver.do(Start())
    driver.run(10.1)
    assert driver.node.state is NodeState.ACTIVE


# being active


def test_the_active_advertises_every_interval_on_every_interface_without_drift():
    driver = Driver(ALPHA)
    driver.do(Tick(), after=DOWN_OF_MASTER)
    start = driver.now
    for number in range(1, 50):
        driver.now = start + number + 0.01
        driver.do(Tick())
        assert driver.sent("lan") == driver.sent("wan") == [MASTER]


def test_a_lost_link_is_told_at_once_on_the_links_that_are_left():
    driver = Driver(ALPHA).become_active()
    driver.link("lan", carrier=False)
    assert driver.sent("lan") == []
    assert driver.sent("wan") == [MASTER - 8]
    driver.link("lan")
    assert driver.sent("lan") == driver.sent("wan") == [MASTER]


def test_addresses_stay_on_an_interface_that_lost_its_link():
    driver = Driver(ALPHA).become_active()
    driver.link("lan", carrier=False)
    assert driver.addresses() == {}
    assert driver.node.desired_addresses() == ALL


@pytest.mark.parametrize("port", ["lan", "wan"])
def test_a_superior_advertisement_on_one_interface_makes_all_yield_at_once(port):
    driver = Driver(BETA).become_active()
    driver.hear(MASTER, port)
    assert driver.node.state is NodeState.BACKUP
    assert driver.addresses() == NOTHING


def test_a_losing_advertisement_is_answered_at_once_and_all_addresses_are_announced_again():
    driver = Driver(ALPHA).become_active()
    driver.run(30)
    driver.hear(SPARE, "wan", after=0.2)
    assert driver.sent("wan") == [MASTER]
    assert {action.port for action in driver.last if isinstance(action, Announce)} == {"lan", "wan"}
    assert driver.node.state is NodeState.ACTIVE


def test_a_release_is_answered_with_a_claim():
    driver = Driver(ALPHA).become_active()
    driver.hear(0, "wan", after=0.2)
    assert driver.sent("wan") == [MASTER]


# preference and health


def test_the_master_takes_over_from_the_spare():
    driver = Driver(ALPHA)
    for _ in range(3):
        driver.hear(SPARE, "lan", after=1.0)
    driver.run(0.1)
    assert driver.node.state is NodeState.ACTIVE


def test_without_preemption_the_master_leaves_an_equally_healthy_spare_active():
    driver = Driver(ALPHA, preempt=False)
    for _ in range(20):
        driver.hear(SPARE, "lan", after=1.0)
    assert driver.node.state is NodeState.BACKUP


@pytest.mark.parametrize("preempt", [True, False])
@pytest.mark.parametrize("name, theirs", [(ALPHA, SPARE - 8), (BETA, MASTER - 8)])
def test_better_health_always_takes_over(preempt, name, theirs):
    driver = Driver(name, preempt=preempt)
    for _ in range(4):
        driver.hear(theirs, "wan", after=1.0)
    assert driver.node.state is NodeState.ACTIVE


@pytest.mark.parametrize("preempt", [True, False])
def test_worse_health_never_takes_over_even_if_preferred(preempt):
    driver = Driver(ALPHA, preempt=preempt)
    driver.link("lan", carrier=False)
    for _ in range(20):
        driver.hear(SPARE, "wan", after=1.0)
    assert driver.node.state is NodeState.BACKUP


# ties


def test_a_tie_is_decided_by_the_interface_with_the_lowest_vrid():
    """alpha has the smaller address on lan and the greater on wan."""
    driver = Driver(ALPHA, master="neither").become_active()
    driver.hear(SPARE, "wan")
    assert driver.node.state is NodeState.ACTIVE
    assert driver.sent() == [], "undecided: lan has not been heard yet"
    driver.hear(SPARE, "lan", after=0.005)
    assert driver.node.state is NodeState.BACKUP


def test_who_speaks_from_our_own_address_wins_no_tie():
    """Only a greater address does (RFC 9568 §6.4.3): else two with the same one would both let go."""
    driver = Driver(ALPHA, ports=("lan",), master="neither").become_active()
    driver.hear(SPARE, "lan", source=own_address(ALPHA, "lan"))
    assert driver.node.state is NodeState.ACTIVE


def test_a_tie_waits_for_half_an_interval_where_that_is_short():
    driver = Driver(ALPHA, master="neither", interval=4).become_active()
    driver.hear(SPARE, "wan")
    assert driver.run(0.015) == [], "lan may still come"
    driver.run(0.01)
    assert driver.sent("wan") == [253], "it wins there, and says so at once"


def test_a_tie_is_decided_elsewhere_when_the_lowest_cannot_be_heard():
    driver = Driver(ALPHA, master="neither").become_active()
    driver.hear(SPARE, "wan")
    assert driver.run(0.029) == []
    done = [action for _, action in driver.run(0.002)]
    assert driver.node.state is NodeState.ACTIVE, "alpha has the greater address on wan"
    assert SendAdvertisement in order(done)


def test_a_tie_is_decided_elsewhere_at_once_when_the_lowest_has_no_link():
    driver = Driver(ALPHA, master="neither").become_active()
    driver.link("lan", carrier=False)
    driver.hear(SPARE - 8, "wan", after=0.5)
    assert driver.sent("wan") == [SPARE - 8], "alpha has the greater address on wan, and says so"


def test_an_undecidable_tie_does_not_keep_the_loop_spinning():
    """The rival is heard on an interface that has no link any more: nothing can be compared."""
    driver = Driver(ALPHA, master="neither").become_active()
    driver.link("wan", carrier=False)
    driver.hear(SPARE - 8, "wan", after=0.001)
    driver.run(0.5)
    assert driver.node.next_deadline > driver.now


def test_a_tie_is_forgotten_when_the_node_leaves():
    driver = Driver(BETA, master="neither").become_active()
    driver.hear(SPARE, "wan")
    driver.do(Stop("shutdown"), after=0.001)
    driver.do(Tick(), after=1.0)
    assert driver.node.state is NodeState.OFF


# leaving


def test_a_stop_removes_the_addresses_before_it_releases():
    driver = Driver(ALPHA).become_active()
    driver.do(Stop("shutdown"), after=0.1)
    assert order(driver.last) == [SetAddresses] * 2 + [SendAdvertisement] * 2 + [StateChanged]
    assert driver.sent() == [0, 0]
    assert driver.addresses() == NOTHING
    assert driver.node.state is NodeState.OFF
    assert driver.node.next_deadline is None


def test_a_second_start_changes_nothing():
    driver = Driver(ALPHA).become_active()
    assert driver.do(Start()) == ()
    assert driver.node.state is NodeState.ACTIVE


def test_a_stopped_backup_says_nothing():
    driver = Driver(BETA)
    driver.do(Stop("shutdown"))
    assert driver.sent() == []


def test_after_a_stop_nothing_moves_the_node_but_a_start():
    driver = Driver(ALPHA).become_active()
    driver.do(Stop("shutdown"))
    driver.hear(SPARE)
    driver.link("lan", carrier=False)
    driver.link("lan")
    driver.do(Tick(), after=100)
    assert driver.node.state is NodeState.OFF
    driver.do(Start())
    assert driver.node.state is NodeState.BACKUP


# taking part at all


def test_an_owner_never_yields_to_another_one():
    driver = Driver(ALPHA, priorities={ALPHA: 255, BETA: 100}, ports=("lan",))
    driver.run(0.1)
    for _ in range(60):
        driver.hear(255, after=0.1)
        assert driver.node.state is NodeState.ACTIVE
    (problem,) = driver.problems
    assert "is active too, with priority 255" in problem


def test_a_group_with_other_addresses_moves_nothing_and_is_told():
    driver = Driver(ALPHA).become_active()
    foreign = Advertisement(Vrid(51), Priority(255), Centiseconds(100), (IPv4Address("203.0.113.9"),))
    source = IPv4Address("192.0.2.77")
    for _ in range(5):
        driver.do(AdvertisementReceived("lan", source, foreign), after=0.5)
        assert driver.node.state is NodeState.ACTIVE
    told = driver.node.status(driver.now)
    assert told.interfaces[0].discards == {"addresses": 5}
    (problem,) = driver.problems
    assert "192.0.2.77 advertises VRID 51 with other virtual addresses (203.0.113.9)" in problem


def test_a_switch_that_was_asked_for_is_answered_although_the_daemon_overslept():
    driver = Driver(BETA, preempt=False, witness=True)
    driver.do(PeerReport(Peer(ALPHA, NodeState.ACTIVE, False, 0, 0, True, 0, False, False, False)))
    driver.hear(254)
    driver.do(SwitchRequested())
    assert driver.node.status(driver.now).phase == "claiming"
    driver.do(Tick(), after=60)
    assert any(isinstance(action, HandoverEnded) and not action.succeeded for action in driver.last)


def test_a_disabled_cluster_keeps_the_node_off():
    driver = Driver(ALPHA, enabled=False)
    driver.run(10)
    assert driver.node.state is NodeState.OFF
    assert "not enabled" in driver.node.status(driver.now).reason


def test_a_start_cleans_the_ports_of_what_a_crash_left_and_nothing_is_ordered_before_it():
    driver = Driver(ALPHA, start=False)
    assert driver.link("lan") == driver.link("wan") == ()
    driver.do(Start())
    assert driver.addresses() == NOTHING


def test_a_start_cleans_the_ports_of_a_disabled_cluster_too():
    driver = Driver(ALPHA, enabled=False)
    assert driver.addresses() == NOTHING


def test_an_active_that_read_its_configuration_again_goes_on_without_a_pause():
    driver = Driver(ALPHA, start=False)
    driver.link("lan")
    driver.link("wan")
    driver.do(Start(active=True))
    reason = "was active before the configuration was read again"
    assert driver.last[-1] == StateChanged(NodeState.OFF, NodeState.ACTIVE, reason)
    assert driver.addresses() == ALL
    assert driver.sent() == [MASTER, MASTER]


@pytest.mark.parametrize("enabled, ports", [(False, ("lan", "wan")), (True, ())])
def test_a_configuration_that_cannot_run_does_not_go_on_as_active(enabled, ports):
    driver = Driver(ALPHA, start=False, enabled=enabled)
    for port in ports:
        driver.link(port)
    driver.do(Start(active=True))
    assert driver.node.state in (NodeState.OFF, NodeState.FAULT)
    assert driver.node.desired_addresses() == NOTHING


def test_ports_outside_the_cluster_do_not_matter():
    driver = Driver(ALPHA).become_active()
    assert driver.link("dmz", carrier=False) == ()


@pytest.mark.parametrize("name, role", [(ALPHA, Role.MASTER), (BETA, Role.SPARE)])
def test_the_role_follows_the_name_of_the_master(name, role):
    assert Driver(name).node.role is role


# what is not for us


def test_our_own_advertisements_do_not_count():
    driver = Driver(ALPHA).become_active()
    driver.hear(MASTER, "lan", source=own_address(ALPHA, "lan"))
    assert driver.last == ()


def test_advertisements_of_other_virtual_routers_do_not_count():
    driver = Driver(ALPHA).become_active()
    foreign = Advertisement(Vrid(99), Priority(255), Centiseconds(100), (IPv4Address("203.0.113.1"),))
    driver.do(AdvertisementReceived("lan", IPv4Address("192.0.2.99"), foreign))
    assert driver.node.state is NodeState.ACTIVE
    assert driver.node.status(driver.now).interfaces[0].discards == {"vrid": 1}
    assert driver.problems == (), "other groups may share the network"
