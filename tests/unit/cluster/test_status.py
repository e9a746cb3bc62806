"""What a node tells of itself."""

import dataclasses
import json
from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    Link,
    NodeState,
    PeerState,
    SendAdvertisement,
    SetAddresses,
    Tick,
    outside_status,
)
from hadaemon.cluster.score import Health, Score
from hadaemon.cluster.watched_port import ADDRESS_PATIENCE
from hadaemon.problems import other
from hadaemon.vrrp import DiscardReason
from tests.unit.cluster.pair import ALPHA, BETA, Driver, own_address, virtual_address

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


def test_a_fault_is_the_first_problem():
    driver = Driver(ALPHA, start=True, ports=("lan",))
    driver.link("lan", present=False)
    told = status(driver)
    assert told.state is NodeState.FAULT
    assert told.problems[0].text == told.reason


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
    driver.do(ActionFailed(failed, "Network is down"))
    assert driver.problems == ("port lan: sending failed: Network is down",)
    driver.run(1)
    assert driver.problems == ()


def test_a_node_outside_any_cluster_has_a_status_too():
    wrong = other("node.toml", "node.toml: name: …")
    told = outside_status("alpha", NodeState.FAULT, "its configuration was refused", (wrong,))
    assert told.problems == (wrong,)
    assert json.dumps(dataclasses.asdict(dataclasses.replace(told, problems=())))


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
