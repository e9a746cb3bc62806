"""What a node's score is made of: links, families, ping groups, preference; and what damps its flapping."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import (
    Announce,
    FrameReceived,
    NodeState,
    PeerReport,
    PingResult,
    PortChanged,
    Remember,
    SendAdvertisement,
    SetAddresses,
    Start,
)
from hadaemon.cluster.memory import Memory
from hadaemon.cluster.score import Health, Score
from hadaemon.cluster.watched_port import ADDRESS_PATIENCE
from hadaemon.config import PingGroup
from hadaemon.status.node import PingGroupStatus
from tests.unit.cluster.pair import (
    ALPHA,
    BETA,
    Driver,
    own_address,
    priorities,
    virtual_address,
    virtual_addresses6,
)
from tests.unit.cluster.test_transitions import PEER

HOSTS = (IPv4Address("192.0.2.100"), IPv4Address("192.0.2.101"))
GATEWAYS = PingGroup("gateways", HOSTS, failures=3, recoveries=2)


def priority(driver):
    return driver.node.status(driver.now).score.priority


# the score


def test_a_link_weighs_more_than_any_number_of_lesser_faults_and_those_more_than_preference():
    scores = [
        Score(Health(links, groups), preferred).priority
        for links in range(3)
        for groups in range(4)
        for preferred in (True, False)
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert scores[0] == 254


def test_what_is_too_much_for_the_priority_still_leaves_a_node_electable():
    assert Score(Health(100, 100), preferred=False).priority == 254 - 8 * 29 - 2 * 3 - 1


@pytest.mark.parametrize("links, expected", [(0, 200), (1, 192), (30, 1)])
def test_a_configured_priority_loses_by_health_alone_and_never_is_the_release(links, expected):
    assert Score(Health(links), preferred=True, base=200, rival=100).priority == max(expected, 1)
    assert Score(Health(links), preferred=False, base=200, rival=100).priority == max(expected, 1)


def test_the_owner_is_never_lowered_and_never_hands_over():
    driver = Driver(ALPHA, ports=("lan",), priorities={ALPHA: 255, BETA: 100})
    driver.run(0.001)
    assert driver.node.state is NodeState.ACTIVE, "it does not wait (RFC 9568 §6.4.1)"
    driver.link("lan", carrier=False)
    driver.link("lan", after=1.0)
    assert set(driver.sent()) == {255}


@pytest.mark.parametrize("preempt, expected", [(True, NodeState.ACTIVE), (False, NodeState.BACKUP)])
def test_configured_priorities_are_the_preference(preempt, expected):
    driver = Driver(ALPHA, preempt=preempt, priorities={ALPHA: 200, BETA: 100})
    for _ in range(5):
        driver.hear(100, after=1.0)
    assert driver.node.state is expected


@pytest.mark.parametrize("base, expected", [(104, NodeState.ACTIVE), (200, NodeState.BACKUP)])
def test_configured_priorities_let_health_win_if_they_are_closer_than_what_a_link_costs(base, expected):
    """Else the claim would lose, again and again."""
    driver = Driver(BETA, preempt=False, priorities={ALPHA: base, BETA: 100})
    for _ in range(5):
        driver.hear(base - 8, after=1.0)
    assert driver.node.state is expected


@pytest.mark.parametrize(
    "alpha, beta, preferred", [(100, 200, BETA), (200, 100, ALPHA), (100, 100, None)], ids=str
)
def test_the_greater_priority_is_preferred_whoever_the_master_is(
    alpha: int, beta: int, preferred: str | None
):
    given = {ALPHA: alpha, BETA: beta}
    nodes = [Driver(name, priorities=given, master=ALPHA).node.as_peer() for name in (ALPHA, BETA)]
    assert [peer.name for peer in nodes if peer.preferred] == ([preferred] if preferred else [])


@pytest.mark.parametrize("name, preferred", [(ALPHA, True), (BETA, False)])
def test_beside_a_foreign_peer_of_unknown_priority_the_master_is_the_preferred_one(name, preferred):
    assert Driver(name, priorities={name: 200}).node.as_peer().preferred is preferred


# links


def test_the_other_node_is_told_which_links_can_be_used():
    driver = Driver(ALPHA)
    driver.link("wan", carrier=False)
    assert driver.node.as_peer().links == (("lan", True), ("wan", False))


def test_a_link_that_was_lost_counts_again_only_after_a_while():
    driver = Driver(ALPHA, link_debounce=2.0).become_active()
    driver.link("lan", carrier=False)
    assert priority(driver) == 246, "a loss counts at once"
    driver.link("lan", after=1.0)
    driver.run(1.9)
    assert priority(driver) == 246
    driver.link("lan", carrier=False)
    driver.link("lan", after=0.1)
    driver.run(1.9)
    assert priority(driver) == 246, "it begins anew"
    driver.run(0.2)
    assert priority(driver) == 254


def test_the_first_link_of_a_port_counts_at_once():
    assert priority(Driver(ALPHA, link_debounce=2.0)) == 254


def test_the_interface_whose_addresses_are_on_another_port_needs_both():
    driver = Driver(ALPHA, ports=("lan",), addresses_on="dmz")
    driver.do(PortChanged("dmz", True, True, None))
    driver.become_active()
    assert driver.addresses() == {"dmz": frozenset({virtual_address("lan")})}
    assert [action.port for action in driver.last if isinstance(action, Announce)] == ["dmz"]
    assert driver.sent("lan") == [254]
    driver.do(PortChanged("dmz", True, False, None), after=0.1)
    assert driver.sent("lan") == [246]
    driver.do(PortChanged("dmz", False, False, None), after=0.1)
    driver.do(PortChanged("dmz", True, True, None), after=0.1)
    assert SetAddresses("dmz", frozenset({virtual_address("lan")})) in driver.last, "the card was away"


# two families


def both(name=ALPHA, **options) -> Driver:
    return Driver(name, families=(4, 6), **options)


def test_one_interface_has_a_virtual_router_for_each_family():
    driver = both().become_active()
    sent = {
        (action.port, action.advertisement.family, action.advertisement.vrid)
        for action in driver.last
        if hasattr(action, "advertisement")
    }
    assert sent == {("lan", 4, 51), ("lan", 6, 51), ("wan", 4, 52), ("wan", 6, 52)}
    assert driver.addresses()["lan"] == {virtual_address("lan"), *virtual_addresses6("lan")}


@pytest.mark.parametrize("family", [4, 6])
def test_a_better_node_heard_in_one_family_makes_both_yield(family):
    driver = both(BETA).become_active()
    driver.hear(254, "wan", family=family)
    assert driver.node.state is NodeState.BACKUP
    assert set(driver.addresses().values()) == {frozenset()}


@pytest.mark.parametrize("family", [4, 6])
def test_one_family_that_hears_the_active_keeps_both_backup(family):
    driver = both(BETA)
    for _ in range(10):
        driver.hear(254, "lan", family=family, after=1.0)
    assert driver.node.state is NodeState.BACKUP


def test_a_port_that_lost_its_ipv6_source_is_worth_a_lost_link_and_still_speaks_ipv4():
    driver = both().become_active()
    driver.link("lan", address6=False)
    done = [action for _, action in driver.run(ADDRESS_PATIENCE)]
    assert priority(driver) == 246
    assert priorities(tuple(done), "lan")[-1] == 246, "IPv4 alone"
    assert priorities(tuple(done), "wan")[-2:] == [246, 246]
    assert driver.node.state is NodeState.ACTIVE
    (problem,) = driver.problems
    assert "no link-local address" in problem


def test_a_tie_is_broken_by_ipv6_sources_where_there_is_only_ipv6():
    driver = Driver(BETA, ports=("lan",), families=(6,), master="neither").become_active()
    driver.hear(253, family=6)
    assert driver.node.state is NodeState.ACTIVE, "beta has the greater link-local address"
    driver = Driver(ALPHA, ports=("lan",), families=(6,), master="neither").become_active()
    driver.hear(253, family=6)
    assert driver.node.state is NodeState.BACKUP


# ping groups


def pings(driver, *hosts, answered, rounds):
    for _ in range(rounds):
        for host in hosts:
            driver.do(PingResult("gateways", host, answered))


def test_a_group_fails_when_all_of_its_hosts_have_failed():
    driver = Driver(ALPHA, ping_groups=(GATEWAYS,)).become_active()
    pings(driver, HOSTS[0], answered=False, rounds=10)
    assert priority(driver) == 254
    assert driver.node.status(driver.now).ping_groups == (
        PingGroupStatus("gateways", False, (str(HOSTS[0]),)),
    )
    pings(driver, HOSTS[1], answered=False, rounds=2)
    assert priority(driver) == 254
    pings(driver, HOSTS[1], answered=False, rounds=1)
    assert priority(driver) == 252
    assert driver.sent() == [252, 252], "told at once"
    (problem,) = driver.problems
    assert problem == "ping group gateways: 192.0.2.100, 192.0.2.101 do not answer"
    pings(driver, HOSTS[0], answered=True, rounds=1)
    assert priority(driver) == 252
    pings(driver, HOSTS[0], answered=True, rounds=1)
    assert priority(driver) == 254


def test_one_answer_between_begins_the_count_anew():
    driver = Driver(ALPHA, ping_groups=(GATEWAYS,))
    for _ in range(5):
        pings(driver, *HOSTS, answered=False, rounds=2)
        pings(driver, *HOSTS, answered=True, rounds=1)
    assert priority(driver) == 254


def test_results_of_unknown_groups_and_hosts_do_not_matter():
    driver = Driver(ALPHA, ping_groups=(GATEWAYS,))
    for _ in range(10):
        driver.do(PingResult("other", HOSTS[0], answered=False))
        driver.do(PingResult("gateways", IPv4Address("203.0.113.9"), answered=False))
    assert priority(driver) == 254


# preference


def states_while_hearing(driver: Driver, seconds: int) -> set[NodeState]:
    """The node's, while the other one advertises once a second."""
    states = set()
    for _ in range(seconds):
        driver.hear(253, after=1.0)
        states.add(driver.node.state)
    return states


def test_preempt_delay_is_how_long_a_preferred_backup_waits():
    driver = Driver(ALPHA, preempt_delay=30.0)
    assert states_while_hearing(driver, 30) == {NodeState.BACKUP}
    states_while_hearing(driver, 4)
    assert driver.node.state is NodeState.ACTIVE


def test_preempt_delay_begins_anew_when_a_lost_link_comes_back():
    driver = Driver(ALPHA, preempt_delay=30.0)
    driver.link("wan", carrier=False)
    states_while_hearing(driver, 60)
    driver.link("wan")
    driver.do(FrameReceived("wan"))
    assert states_while_hearing(driver, 29) == {NodeState.BACKUP}
    states_while_hearing(driver, 5)
    assert driver.node.state is NodeState.ACTIVE


def test_preempt_delay_does_not_begin_anew_with_a_planned_switch_that_the_peer_tells_of():
    driver = Driver(ALPHA, master=BETA, witness=True, preempt_delay=30.0)
    active = replace(PEER, state=NodeState.ACTIVE, preferred=True)
    for _ in range(40):
        driver.do(PeerReport(active), after=1.0)
        driver.hear(254)
    driver.do(PeerReport(replace(active, preferred=False, switched=True, epoch=1)))
    driver.hear(253, after=1.0)
    driver.run(4.0)
    assert driver.node.as_peer().claims or driver.node.state is NodeState.ACTIVE


def test_preempt_delay_does_not_delay_health_nor_a_takeover():
    driver = Driver(ALPHA, preempt_delay=30.0)
    for _ in range(4):
        driver.hear(245, after=1.0)
    assert driver.node.state is NodeState.ACTIVE
    assert Driver(ALPHA, preempt_delay=30.0).become_active()


def test_the_preference_of_the_last_switch_is_remembered_over_a_reboot():
    driver = Driver(ALPHA, start=False)
    for port in driver.ports:
        driver.link(port)
    driver.do(Start(memory=Memory(preferred=False, epoch=3)))
    assert priority(driver) == 253
    assert driver.node.as_peer().epoch == 3


def test_a_later_switch_that_only_the_peer_has_seen_is_learned():
    driver = Driver(ALPHA, witness=True)
    driver.do(PeerReport(_switched(epoch=2)))
    assert [action for action in driver.last if isinstance(action, Remember)] == [
        Remember(Memory(preferred=False, epoch=2))
    ]
    assert priority(driver) == 253
    driver.do(PeerReport(_switched(epoch=1)))
    assert not [action for action in driver.last if isinstance(action, Remember)], "an older one is not"


@pytest.mark.parametrize(
    "name, preferred, learns",
    [(ALPHA, True, True), (BETA, True, False), (ALPHA, False, False), (BETA, False, False)],
)
def test_of_two_switches_that_contradict_each_other_that_of_the_later_name_counts(name, preferred, learns):
    driver = Driver(name, witness=True, memory=Memory(preferred=preferred, epoch=2))
    driver.do(PeerReport(replace(_switched(epoch=2), name=driver.rival)))
    remembered = [action for action in driver.last if isinstance(action, Remember)]
    assert remembered == ([Remember(Memory(preferred=False, epoch=2))] if learns else [])


def test_preference_is_frozen_while_the_hotwire_is_silent():
    driver = Driver(ALPHA, witness=True)
    driver.do(PeerReport(replace(PEER, state=NodeState.ACTIVE)))
    driver.do(PeerReport(None))
    for _ in range(10):
        driver.hear(253, after=1.0)
    assert driver.node.state is NodeState.BACKUP
    assert any("hotwire is silent" in problem for problem in driver.problems)
    for _ in range(5):
        driver.hear(245, after=1.0)
    assert driver.node.state is NodeState.ACTIVE, "health is not"


def _switched(epoch):
    return replace(PEER, preferred=True, switched=True, epoch=epoch)


def test_our_own_ipv6_source_is_not_another_router():
    driver = both().become_active()
    driver.hear(254, "lan", source=own_address(ALPHA, "lan"))
    assert driver.node.status(driver.now).interfaces[0].discards == {"own-source": 1}


# links that are not proven


def unproven(driver):
    return driver.node.status(driver.now).score.unproven


def came_back(preempt: bool = True) -> Driver:
    """The master was backup when its link on wan came back; the spare is active, and heard on lan only."""
    driver = Driver(ALPHA, preempt=preempt)
    driver.hear(253, after=0.1)
    driver.link("wan", carrier=False)
    driver.hear(253, after=0.1)
    driver.link("wan")
    driver.hear(253, after=0.1)
    return driver


def hear_for(driver: Driver, seconds: int) -> None:
    for _ in range(seconds):
        driver.run(1.0)
        driver.hear(253)


def test_before_anything_is_known_nothing_is_unproven():
    driver = Driver(ALPHA, start=False)
    assert driver.node.as_peer().unproven == 0
    assert driver.node.unproven_ports == set()


def test_a_link_that_is_lost_before_it_was_proven_is_not_waited_for():
    driver = came_back()
    assert driver.node.unproven_ports == {"wan"}
    driver.link("wan", carrier=False)
    assert driver.node.unproven_ports == set()


def test_an_unproven_link_keeps_a_backup_from_taking_over_for_a_bounded_time():
    driver = came_back()
    assert (priority(driver), unproven(driver)) == (252, 1)
    hear_for(driver, 38)
    assert driver.node.state is NodeState.BACKUP
    hear_for(driver, 6)
    assert driver.node.state is NodeState.ACTIVE, "a silent network proves nothing"


@pytest.mark.parametrize(
    "proof", [lambda driver: driver.do(FrameReceived("wan")), lambda driver: driver.hear(253, "wan")]
)
def test_a_frame_proves_the_link(proof):
    driver = came_back()
    assert driver.node.unproven_ports == {"wan"}
    proof(driver)
    assert (priority(driver), unproven(driver)) == (254, 0)
    assert not driver.node.unproven_ports


def test_our_own_advertisement_that_comes_back_proves_nothing():
    driver = came_back()
    driver.hear(253, "wan", source=own_address(ALPHA, "wan"))
    assert unproven(driver) == 1


def test_a_link_that_was_lost_again_is_to_be_proven_again():
    driver = came_back()
    driver.do(FrameReceived("wan"))
    driver.link("wan", carrier=False)
    assert not driver.node.unproven_ports
    driver.link("wan")
    assert unproven(driver) == 1
    driver.link("wan", address=False)
    driver.link("wan")
    assert driver.node.unproven_ports == {"wan"}, "its address changed, not its link"


def test_nobody_waits_for_proof_where_nobody_is_active():
    driver = Driver(ALPHA, start=False)
    for port in driver.ports:
        driver.link(port)
    started = driver.now
    driver.do(Start())
    assert unproven(driver) == 0
    driver.become_active()
    assert driver.now - started < 3.01


def test_the_first_word_of_a_node_that_takes_over_no_longer_doubts_its_link():
    driver = came_back()
    took_over = [action for _, action in driver.run(5.0) if isinstance(action, SendAdvertisement)]
    assert took_over[0].advertisement.priority == 254
    assert driver.node.state is NodeState.ACTIVE


def test_the_first_word_of_an_active_node_counts_with_what_is_doubted():
    """That somebody is active makes an unproven link count, before that very advertisement is judged."""
    driver = Driver(BETA, preempt=False)
    driver.link("wan", carrier=False)
    driver.link("wan")
    driver.hear(252, "lan", after=2.9)
    driver.run(2.0)
    assert driver.node.state is NodeState.BACKUP


def test_an_unproven_backup_takes_over_from_a_dead_node_without_delay():
    driver = came_back()
    driver.become_active()
    assert driver.sent("lan")[-1] == 254, "nobody else is active any more"
    assert unproven(driver) == 0


def test_an_active_node_is_not_moved_by_an_unproven_link_of_its_own():
    driver = Driver(ALPHA).become_active()
    driver.link("wan", carrier=False)
    driver.link("wan")
    driver.hear(253)
    assert (driver.node.state, priority(driver)) == (NodeState.ACTIVE, 254)


def test_over_the_hotwire_an_unproven_node_says_so_and_neither_claims_nor_is_handed_to():
    driver = Driver(ALPHA, witness=True)
    driver.do(PeerReport(replace(PEER, state=NodeState.ACTIVE)))
    driver.link("wan", carrier=False)
    driver.link("wan")
    driver.run(3.5)
    assert driver.node.as_peer().unproven == 1
    assert not driver.node.as_peer().claims
    active = Driver(ALPHA, witness=True).become_active()
    active.do(PeerReport(replace(PEER, preferred=True, claims=True, unproven=1)))
    assert not active.node.as_peer().releasing


def test_both_ports_of_an_interface_with_its_addresses_elsewhere_are_to_be_proven():
    driver = Driver(ALPHA, ports=("lan",), addresses_on="dmz")
    driver.do(PortChanged("dmz", True, True, None))
    driver.hear(253, after=0.1)
    assert driver.node.unproven_ports == {"dmz"}
    assert unproven(driver) == 1
