"""What a node tells of itself."""

import dataclasses
import json
from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    Announce,
    Link,
    NodeState,
    PeerGoodbye,
    PeerReport,
    PeerState,
    PortChanged,
    SendAdvertisement,
    SetAddresses,
    Stop,
    Tick,
    outside_status,
)
from hadaemon.cluster.report import is_peer_dead
from hadaemon.cluster.score import Health, Score
from hadaemon.cluster.watched_port import ADDRESS_PATIENCE
from hadaemon.cluster.witness import WitnessState
from hadaemon.problems import other
from hadaemon.status.node import PeerStatus
from hadaemon.vrrp import DiscardReason, Priority
from tests.unit.cluster.pair import ALPHA, BETA, Driver, own_address, virtual_address
from tests.unit.cluster.test_transitions import ACTIVE_PEER, PEER

STRANGER = IPv4Address("192.0.2.77")


def status(driver):
    return driver.node.status(driver.now)


def test_a_healthy_active():
    driver = Driver(ALPHA).become_active()
    driver.now += 0.5
    told = status(driver)
    assert (told.node, told.cluster, told.role, told.state) == ("alpha", "office", "master", "active")
    assert told.reason == "no active node was heard"
    assert told.since == pytest.approx(0.5)
    assert dataclasses.astuple(told.score) == (254, 0, 0, True, 0, 0, 0, 0)
    assert told.peer is None
    assert told.problems == ()
    lan = told.interfaces[0]
    assert (lan.port, lan.vrid, lan.state, lan.link, lan.held) == ("lan", 51, "active", Link.UP, True)
    assert (lan.address, lan.virtual_addresses) == ("192.0.2.11", ("198.51.100.1/24",))
    assert (lan.sent, lan.received, lan.last_heard) == (1, 0, None)


def test_a_backup_tells_who_is_active():
    driver = Driver(BETA)
    driver.hear(254, "wan")
    driver.now += 0.25
    told = status(driver)
    assert (told.role, told.state) == ("spare", "backup")
    assert told.reason == "192.0.2.22 on wan is active (254 against our 253)"
    assert told.peer.state is PeerState.ACTIVE
    assert told.peer.last_heard == pytest.approx(0.25)
    assert not any(interface.held for interface in told.interfaces)
    assert told.interfaces[1].heard_from == "192.0.2.22"
    assert told.interfaces[1].heard_priority == 254


def test_the_peer_falls_silent_and_is_told_so():
    driver = Driver(BETA)
    driver.hear(254)
    driver.run(10)
    assert status(driver).peer.state is PeerState.SILENT
    assert "192.0.2.11 on lan has been silent for 3.01 s" in status(driver).reason


def test_a_release_is_told():
    driver = Driver(BETA)
    driver.hear(0)
    assert status(driver).peer.state is PeerState.RELEASED


@pytest.mark.parametrize("make", [lambda: Driver(ALPHA).become_active(), lambda: Driver(BETA)])
def test_it_is_plain_json(make):
    driver = make()
    driver.hear(200)
    driver.do(AdvertisementDiscarded("lan", STRANGER, DiscardReason.TTL))
    told = json.loads(json.dumps(dataclasses.asdict(status(driver))))
    assert told["interfaces"][0]["discards"] == {"ttl": 1}


def test_links_are_told_with_what_to_do():
    driver = Driver(ALPHA).become_active()
    driver.link("lan", carrier=False)
    driver.link("wan", address=False)
    assert driver.problems == (
        "port lan: no carrier: check the cable and the switch port",
        "port wan: no own address is on it, so nothing can be sent: check ports.wan.addresses in node.toml",
    )
    driver.run(ADDRESS_PATIENCE)
    assert status(driver).score.links_down == 2
    driver.link("wan", present=False)
    assert status(driver).interfaces[1].link is Link.ABSENT
    assert driver.problems[1].startswith("port wan: the network card is gone")


def test_the_link_of_the_port_with_the_addresses_is_told_beside_the_one_that_advertises():
    driver = Driver(ALPHA, ports=("lan",), addresses_on="dmz")
    for facts in (PortChanged("dmz", True, False, None), PortChanged("dmz", False, False, None)):
        driver.do(facts)
        assert driver.problems == ("port dmz: no carrier, and the virtual addresses are on it",)
    driver.link("lan", carrier=False)
    assert [problem[:8] for problem in driver.problems] == ["port lan", "port dmz"]
    driver.do(PortChanged("dmz", True, True, None))
    assert [problem[:8] for problem in driver.problems] == ["port lan"]


@pytest.mark.parametrize(
    "event, told",
    [
        (None, ("never", None, None, None, None, "")),
        (PeerReport(PEER), ("alive", "beta", "backup", 253, True, "")),
        (
            PeerReport(dataclasses.replace(PEER, unready="why")),
            ("alive", "beta", "backup", 253, False, "why"),
        ),
        (PeerReport(ACTIVE_PEER), ("alive", "beta", "active", 253, False, "")),
        (PeerGoodbye("shutdown"), ("left", None, None, None, None, "")),
    ],
)
def test_what_the_hotwire_says_of_the_other_node(event, told):
    driver = Driver(ALPHA, witness=True)
    if event is not None:
        driver.do(event)
    assert dataclasses.astuple(status(driver).hotwire) == told
    assert status(Driver(ALPHA)).hotwire is None, "it does not count"


@pytest.mark.parametrize(
    "state, peer, witness, expected",
    [
        ("active", "silent", WitnessState.SILENT, True),
        ("active", "silent", None, True),
        ("active", "active", WitnessState.SILENT, False),
        ("active", "released", WitnessState.SILENT, False),
        ("active", None, WitnessState.SILENT, False),
        ("backup", "silent", WitnessState.SILENT, False),
        ("backup", "active", WitnessState.DEAD, True),
        ("backup", None, WitnessState.DEAD, True),
        ("backup", None, WitnessState.LEFT, False),
    ],
)
def test_when_the_other_node_counts_as_dead(state, peer, witness, expected):
    heard = None if peer is None else PeerStatus(PeerState(peer), "lan", "192.0.2.12", 253, 1.0)
    assert is_peer_dead(NodeState(state), heard, witness) is expected


def test_what_is_sent_is_counted_the_farewell_too():
    driver = Driver(ALPHA).become_active()
    before = [interface.sent for interface in status(driver).interfaces]
    driver.do(Stop("shutdown"))
    assert [interface.sent for interface in status(driver).interfaces] == [count + 1 for count in before]


def test_a_fault_is_the_first_problem():
    driver = Driver(ALPHA, start=True, ports=("lan",))
    driver.link("lan", present=False)
    told = status(driver)
    assert told.state is NodeState.FAULT
    assert told.problems[0].text == told.reason


def test_a_fault_comes_before_addresses_that_could_not_be_taken_away():
    driver = Driver(ALPHA, ports=("lan",), addresses_on="dmz")
    driver.do(PortChanged("dmz", True, True, None))
    driver.become_active()
    driver.link("lan", present=False)
    assert driver.addresses() == {"dmz": frozenset()}
    driver.do(ActionFailed(SetAddresses("dmz", frozenset()), "busy"))
    kinds = [problem.kind.word for problem in status(driver).problems]
    assert kinds == ["node-fault", "problem", "link-down"]


def test_discards_are_counted_by_reason_and_a_problem_for_a_minute():
    driver = Driver(ALPHA).become_active()
    for reason in (DiscardReason.TTL, DiscardReason.CHECKSUM, DiscardReason.CHECKSUM):
        driver.do(AdvertisementDiscarded("wan", STRANGER, reason))
    assert status(driver).interfaces[1].discards == {"checksum": 2, "ttl": 1}
    assert driver.problems == (
        "port wan: unacceptable VRRP packets are dropped (checksum 2, ttl 1), the last of 192.0.2.77: "
        "look for a foreign router",
    )
    driver.run(61)
    assert driver.problems == ()


def test_our_own_address_on_the_network_is_a_problem():
    driver = Driver(ALPHA).become_active()
    driver.hear(254, source=own_address(ALPHA, "lan"))
    assert driver.problems == (
        "port lan: VRRP packets from our own address 192.0.2.11 come in: "
        "the address is used twice, or the network has a loop",
    )


def test_other_virtual_addresses_under_our_vrid_are_a_problem():
    driver = Driver(BETA)
    driver.hear(254)
    ours = next(iter(Driver(ALPHA).become_active().last)).advertisement
    other = dataclasses.replace(ours, addresses=(virtual_address("dmz").ip,))
    driver.do(AdvertisementReceived("lan", own_address(ALPHA, "lan"), other))
    (problem,) = driver.problems
    assert "192.0.2.11 advertises VRID 51 with other virtual addresses (198.51.100.3)" in problem


def test_addresses_that_could_not_be_set_are_not_called_held():
    driver = Driver(ALPHA).become_active()
    failed = next(action for action in driver.last if isinstance(action, SetAddresses))
    driver.do(ActionFailed(failed, "Operation not permitted"))
    assert [interface.held for interface in status(driver).interfaces] == [False, True]
    assert driver.problems == (
        "port lan: the virtual addresses could not be set: Operation not permitted; trying again",
    )
    driver.now = driver.node.next_deadline
    driver.do(Tick())
    assert driver.problems == ()


def test_a_failure_to_send_is_told_until_the_next_try():
    driver = Driver(ALPHA).become_active()
    failed = next(action for action in driver.last if isinstance(action, SendAdvertisement))
    driver.run(65)  # The next announcement is a minute away.
    driver.do(ActionFailed(failed, "Network is down"))
    assert driver.problems == ("port lan: sending failed: Network is down",)
    driver.run(1)
    assert driver.problems == ()


def test_a_failure_to_send_is_no_problem_of_a_node_that_sends_nothing_any_more():
    driver = Driver(BETA).become_active()
    failed = next(action for action in driver.last if isinstance(action, SendAdvertisement))
    driver.do(ActionFailed(failed, "Network is down"))
    driver.hear(254)
    assert status(driver).state is NodeState.BACKUP
    driver.do(ActionFailed(failed, "Network is down"))
    assert driver.problems == ()


def test_a_failure_to_announce_is_told_until_the_next_try():
    driver = Driver(ALPHA, ports=("lan",), addresses_on="dmz")
    driver.do(PortChanged("dmz", True, True, None))
    driver.become_active()
    driver.do(ActionFailed(Announce("dmz", ()), "Network is down"))
    assert driver.problems == ("port dmz: sending failed: Network is down",)
    driver.run(1)
    assert driver.problems == ()


def test_a_node_outside_any_cluster_has_a_status_too():
    wrong = other("node.toml", "node.toml: name: …")
    told = outside_status("alpha", NodeState.FAULT, "its configuration was refused", (wrong,))
    assert told.problems == (wrong,)
    assert json.dumps(dataclasses.asdict(dataclasses.replace(told, problems=())))


def test_the_floor_falls_with_our_own_health_where_the_rivals_priority_is_configured():
    """As good as the other one would be with what we have lost, and never above our own."""
    score = Score(Health(1), False, Priority(200), Priority(150))
    assert (score.priority, score.health_floor) == (192, 142)


@pytest.mark.parametrize(
    "links_down, preferred, priority, floor",
    [
        (0, True, 254, 253),
        (0, False, 253, 253),
        (1, True, 246, 245),
        (1, False, 245, 245),
        (29, False, 21, 21),
        (99, True, 22, 21),
    ],
)
def test_the_score_as_a_priority(links_down, preferred, priority, floor):
    score = Score(Health(links_down), preferred)
    assert (score.priority, score.health_floor) == (priority, floor)
