"""Which problem each thing is that a node complains of: by this, and not by its words, it has its alarm."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    NodeState,
    PeerReport,
    PingResult,
    SendAdvertisement,
    SetAddresses,
)
from hadaemon.cluster.events import Event
from hadaemon.cluster.memory import Memory
from hadaemon.cluster.silence import LEAST
from hadaemon.cluster.watched_port import ADDRESS_PATIENCE
from hadaemon.config import PingGroup
from hadaemon.vrrp import DiscardReason
from tests.unit.cluster.pair import ALPHA, BETA, Driver, own_address, virtual_address
from tests.unit.cluster.test_transitions import PEER

STRANGER = IPv4Address("192.0.2.77")
HOST = IPv4Address("192.0.2.100")
ACTIVE_ALPHA = replace(PEER, name=ALPHA, state=NodeState.ACTIVE, preferred=True)
OWNED = {ALPHA: 255, BETA: 100}
Course = Callable[[], Driver]


def active(**cluster: object) -> Driver:
    return Driver(ALPHA, **cluster).become_active()


def lost(**link: bool) -> Driver:
    driver = active()
    driver.link("lan", **link)
    return driver


def all_lost() -> Driver:
    driver = active(ports=("lan",))
    driver.link("lan", present=False)
    driver.run(ADDRESS_PATIENCE)
    return driver


def failed(kind: type) -> Driver:
    driver = active(ports=("lan",))
    action = next(action for action in driver.last if isinstance(action, kind))
    driver.do(ActionFailed(action, "no"))
    return driver


def drops(reason: DiscardReason, source: IPv4Address, seconds: int) -> Driver:
    driver = active()
    for _ in range(seconds * 10):
        driver.do(AdvertisementDiscarded("lan", source, reason), after=0.1)
    return driver


def hears_another_group() -> Driver:
    driver = active()
    ours = next(each for each in driver.last if isinstance(each, SendAdvertisement)).advertisement
    foreign = replace(ours, addresses=(virtual_address("dmz").ip,))
    driver.do(AdvertisementReceived("lan", STRANGER, foreign))
    return driver


def unanswered() -> Driver:
    driver = active(ping_groups=(PingGroup("isp", (HOST,)),))
    for _ in range(3):
        driver.do(PingResult("isp", HOST, answered=False))
    return driver


def suspended() -> Driver:
    return Driver(ALPHA, memory=Memory(suspended=True)).become_active()


def silent_hotwire() -> Driver:
    driver = Driver(BETA, witness=True)
    driver.do(PeerReport(ACTIVE_ALPHA))
    driver.hear(254)
    driver.do(PeerReport(None))
    return driver


def silent_on_all_ways() -> Driver:
    driver = silent_hotwire()
    driver.run(10)
    assert driver.node.state is NodeState.ACTIVE
    return driver


def one_way() -> Driver:
    driver = Driver(BETA, witness=True)
    for _ in range(3):
        driver.do(PeerReport(replace(ACTIVE_ALPHA, deaf=True)), after=1.0)
    return driver


def masterless() -> Driver:
    driver = Driver(BETA, witness=True, master="alhpa")
    driver.do(PeerReport(replace(ACTIVE_ALPHA, preferred=False)))
    return driver


def rivals(*events: Event, priority: int = 100) -> Driver:
    """Another router goes on to claim what this node has."""
    driver = Driver(ALPHA, ports=("lan",), witness=True, priorities=OWNED if priority == 255 else {})
    driver.become_active()
    for event in events:
        driver.do(event)
    for _ in range(7):
        driver.hear(priority, after=1.0)
    return driver


def unheard() -> Driver:
    driver = Driver(BETA, witness=True)
    for _ in range(round(10 * LEAST) + 20):
        driver.do(PeerReport(replace(ACTIVE_ALPHA, links=(("lan", True), ("wan", True)))), after=0.1)
    return driver


LOST, OTHER, TWICE = "link-down", "problem", "address-conflict"


@pytest.mark.parametrize(
    "course, expected",
    [
        (active, []),
        (lambda: lost(carrier=False), [(LOST, "lan")]),
        (lambda: lost(present=False), [(LOST, "lan")]),
        (lambda: lost(address=False), [(LOST, "lan")]),
        (all_lost, [("node-fault", ""), (LOST, "lan")]),
        (lambda: failed(SetAddresses), [(OTHER, "lan/addresses")]),
        (lambda: failed(SendAdvertisement), [(OTHER, "lan/sending")]),
        (lambda: drops(DiscardReason.TTL, STRANGER, 1), [(OTHER, "lan/discards")]),
        (lambda: drops(DiscardReason.AUTH_FAILED, STRANGER, 7), [(TWICE, "lan/192.0.2.77")]),
        (
            lambda: drops(DiscardReason.OWN_SOURCE, own_address(ALPHA, "lan"), 1),
            [(TWICE, "lan/192.0.2.11")],
        ),
        (hears_another_group, [(OTHER, "lan/vrid-51/ipv4")]),
        (unanswered, [("ping-failed", "isp")]),
        (suspended, [("suspended", "")]),
        (silent_hotwire, [("hotwire-silent", "")]),
        (silent_on_all_ways, [("peer-dead", "")]),
        (one_way, [("hotwire-one-way", "")]),
        (rivals, [("split", "")]),
        (lambda: rivals(PeerReport(PEER)), [(TWICE, "lan/192.0.2.12")]),
        (lambda: rivals(priority=255), [("split", "")]),
        (masterless, [(OTHER, "master")]),
        (unheard, [(OTHER, "lan/unheard"), (OTHER, "wan/unheard")]),
    ],
)
def test_what_a_node_complains_of_has_its_kind(course: Course, expected: list[tuple[str, str]]):
    driver = course()
    found = [(each.kind.word, each.resource) for each in driver.node.status(driver.now).problems]
    assert found == expected
