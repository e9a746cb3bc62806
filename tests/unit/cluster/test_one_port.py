"""HA interfaces that advertise over one port, each with its addresses on another, and with its interval."""

from dataclasses import replace
from ipaddress import IPv4Address
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.cluster import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    FrameReceived,
    HotwireChanged,
    Node,
    PeerReport,
    PortChanged,
    SendAdvertisement,
    SetAddresses,
    Start,
    SwitchRequested,
    Tick,
)
from hadaemon.config.model import ClusterConfig, HaInterface, Hotwire, NodeConfig, Port, VrrpConfig
from hadaemon.status.states import NodeState
from hadaemon.vrrp import Advertisement, Centiseconds, DiscardReason, Priority, Vrid
from tests.unit.cluster.pair import ALPHA, BETA, virtual_address
from tests.unit.cluster.test_transitions import ACTIVE_PEER

PORTS = ("sync", "lan", "wan")
OWN, THEIRS = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")


def cluster(*intervals: int, hotwire: bool = False) -> ClusterConfig:
    """One HA interface for each interval: over `sync`, with addresses on `lan` and `wan`."""
    return ClusterConfig(
        name="office",
        master=ALPHA,
        vrrp=VrrpConfig(advertisement_interval=Centiseconds(100)),
        ha_interfaces=tuple(
            HaInterface(
                "sync",
                number,
                Vrid(50 + number),
                (virtual_address(port),),
                addresses_on=port,
                own_interval=Centiseconds(interval),
            )
            for number, (port, interval) in enumerate(zip(PORTS[1:], intervals, strict=False), start=1)
        ),
        hotwire=Hotwire("hotwire") if hotwire else None,
    )


class Driver:
    """One node, its clock, and what it orders."""

    def __init__(
        self, name: str = ALPHA, *intervals: int, before: "Driver | None" = None, hotwire: bool = False
    ) -> None:
        self.now = 1000.0 if before is None else before.now
        self.config = cluster(*(intervals or (100, 100)), hotwire=hotwire)
        cards = {port: Port(port, f"52:54:00:00:00:{at:02x}") for at, port in enumerate(PORTS)}
        predecessor = None if before is None else before.node
        self.node = Node(NodeConfig(name, cards), self.config, self.now, predecessor)
        self.actions: list[tuple[float, object]] = []
        for port in PORTS:
            self.do(PortChanged(port, True, True, OWN))
            self.do(FrameReceived(port))
        self.do(Start(active=before is not None and before.node.state is NodeState.ACTIVE))

    def do(self, event: object, after: float = 0.0) -> None:
        self.now += after
        self.actions += [(self.now, action) for action in self.node.handle(event, self.now)]  # type: ignore[arg-type]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.node.next_deadline) is not None and due <= end:
            self.now = max(self.now, due)
            self.do(Tick())
        self.now = end

    def hear(self, priority: int, which: int = 0, vrid: int | None = None) -> None:
        interface = self.config.ha_interfaces[which]
        advertisement = Advertisement(
            Vrid(vrid or interface.vrid),
            Priority(priority),
            self.config.interval_of(interface),
            tuple(address.ip for address in interface.virtual_addresses),
        )
        self.do(AdvertisementReceived("sync", THEIRS, advertisement))

    def sent(self, vrid: int, since: float = 0.0) -> list[float]:
        return [
            at
            for at, each in self.actions
            if isinstance(each, SendAdvertisement) and each.advertisement.vrid == vrid and at >= since
        ]

    def set(self) -> dict[str, frozenset[object]]:
        return {each.port: each.addresses for _, each in self.actions if isinstance(each, SetAddresses)}


def active(*intervals: int) -> Driver:
    driver = Driver(ALPHA, *intervals)
    driver.run(200)
    assert driver.node.state is NodeState.ACTIVE
    return driver


def test_each_is_advertised_over_the_port_with_its_own_vrid_and_has_its_addresses_elsewhere():
    driver = active()
    assert driver.sent(51)
    assert driver.sent(52)
    assert {each.port for _, each in driver.actions if isinstance(each, SendAdvertisement)} == {"sync"}
    held = {port: frozenset({virtual_address(port)}) for port in ("lan", "wan")}
    assert driver.set() == held == dict(driver.node.desired_addresses())


def test_each_has_counters_of_its_own_and_the_status_says_where_its_addresses_are():
    driver = active()
    driver.hear(1, which=1)
    lan, wan = driver.node.status(driver.now).interfaces
    assert (lan.port, lan.addresses_on, wan.port, wan.addresses_on) == ("sync", "lan", "sync", "wan")
    assert (lan.received, wan.received) == (0, 1)
    assert (lan.sent, wan.sent) == (len(driver.sent(51)), len(driver.sent(52)))
    assert lan.held
    assert wan.held
    last = [each for _, each in driver.actions if isinstance(each, SetAddresses)][-1]
    driver.do(ActionFailed(last, "no"))
    assert [each.held for each in driver.node.status(driver.now).interfaces].count(False) == 1


def test_a_foreign_vrid_and_what_cannot_be_read_are_counted_once():
    driver = active()
    driver.hear(200, vrid=77)
    driver.do(AdvertisementDiscarded("sync", THEIRS, DiscardReason.CHECKSUM))
    lan, wan = driver.node.status(driver.now).interfaces
    assert lan.discards == {DiscardReason.VRID.value: 1, DiscardReason.CHECKSUM.value: 1}
    assert wan.discards == {}


def test_a_lost_link_of_the_port_is_told_once_and_counts_for_each():
    driver = active()
    driver.do(PortChanged("sync", True, False, OWN))
    status = driver.node.status(driver.now)
    assert status.score is not None
    assert status.score.links_down == 2
    assert len([each for each in status.problems if each.resource == "sync"]) == 1
    driver.do(PortChanged("sync", True, True, OWN))
    driver.do(PortChanged("wan", True, False, OWN))
    status = driver.node.status(driver.now)
    assert status.score is not None
    assert status.score.links_down == 1


def test_the_other_node_is_told_of_the_port_once():
    driver = active()
    assert driver.node.as_peer().links == (("sync", True),)
    driver.do(PortChanged("sync", True, False, OWN))
    assert driver.node.as_peer().links == (("sync", False),)


def test_a_better_one_on_either_is_followed_on_both():
    driver = active()
    driver.hear(255, which=1)
    assert driver.node.state is NodeState.BACKUP
    assert driver.node.desired_addresses() == {"lan": frozenset(), "wan": frozenset()}


def test_each_keeps_its_own_interval():
    driver = active(500, 100)
    began = driver.now
    driver.run(30)
    slow, quick = driver.sent(51, began), driver.sent(52, began)
    assert [later - at for at, later in pairwise(slow)] == pytest.approx([5.0] * (len(slow) - 1))
    assert [later - at for at, later in pairwise(quick)] == pytest.approx([1.0] * (len(quick) - 1))


@given(st.integers(1, 4095), st.integers(1, 4095), st.integers(0, 1))
def test_a_backup_takes_over_when_the_port_has_been_silent_and_not_before(slow: int, quick: int, last: int):
    """By the shortest interval, whichever is heard last: one node says all that comes over one port."""
    driver = Driver(BETA, slow, quick)
    heard = [0.0, 0.0]
    for turn in range(8):
        which = (turn + last) % 2
        driver.hear(254, which)
        heard[which] = driver.now
        driver.now += min(slow, quick) / 100
    shortest = min(slow, quick) / 100
    silent = max(heard) + 3 * shortest
    driver.run(0)
    while driver.node.state is NodeState.BACKUP:
        due = driver.node.next_deadline
        assert due is not None
        driver.now = max(driver.now, due)
        driver.do(Tick())
    assert silent - 0.001 <= driver.now <= silent + shortest + 0.001


@given(st.integers(1, 4095), st.integers(1, 4095))
def test_whoever_hears_the_quickest_never_misses_an_active_node(slow: int, quick: int):
    """Its guard takes the addresses away before the first Active_Down_Interval of any is over."""
    driver = active(slow, quick)
    silent_at = driver.node.silent_at
    assert silent_at is not None
    shortest = min(slow, quick) / 100
    last = min(max(driver.sent(vrid)) + 3 * interval / 100 for vrid, interval in ((51, slow), (52, quick)))
    assert silent_at <= last + 0.001
    assert silent_at >= driver.now + shortest


def test_an_offer_stands_until_the_slowest_could_take_it():
    driver = active(500, 100)
    driver.do(SwitchRequested())
    driver.run(15.0)
    assert driver.node.status(driver.now).phase == "releasing"
    driver.run(0.2)
    assert driver.node.status(driver.now).phase is None


def test_silence_is_told_when_the_slowest_should_have_been_heard():
    driver = Driver(BETA, 500, 100, hotwire=True)
    peer = replace(ACTIVE_PEER, name=ALPHA, links=(("sync", True),))
    told = []
    for _ in range(25):
        driver.do(PeerReport(peer), after=1.0)
        told.append(any(each.resource == "sync/unheard" for each in driver.node.status(driver.now).problems))
    assert told.index(True) in range(19, 22), "four times five seconds"


def test_a_reload_keeps_what_was_heard_on_each():
    before = active(500, 100)
    before.hear(1, which=1)
    after = Driver(ALPHA, 500, 100, before=before)
    assert after.node.state is NodeState.ACTIVE
    lan, wan = after.node.status(after.now).interfaces
    assert (lan.received, wan.received) == (0, 1)
    assert wan.sent >= len(before.sent(52))


def test_a_longer_interval_of_one_is_told_at_once():
    before = active(100, 100)
    after = Driver(ALPHA, 500, 100, before=before)
    assert after.sent(51, after.now), "a backup believes an interval that was named twice"
    unchanged = Driver(ALPHA, 100, 100, before=before)
    assert len(unchanged.sent(51, unchanged.now)) < len(after.sent(51, after.now))


def test_the_hotwire_itself_may_be_the_port():
    driver = active()
    driver.do(HotwireChanged(False))
    assert driver.node.state is NodeState.ACTIVE
