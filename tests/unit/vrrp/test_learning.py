"""Active_Adver_Interval: of whom an interval is believed, and when."""

from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import NodeState
from hadaemon.vrrp import Advertisement, Centiseconds, Priority, Version, Vrid
from hadaemon.vrrp.learning import UNCONFIRMED, ActiveAdverInterval
from tests.unit.cluster.pair import ALPHA, BETA, Driver, own_address

OWN, LONGEST = 10, 4095
ONE, OTHER = IPv4Address("192.0.2.12"), IPv4Address("192.0.2.77")


class Subject:
    """With a clock in its hand."""

    def __init__(self, own: int = OWN) -> None:
        self.learned = ActiveAdverInterval(Centiseconds(own), Version.V3)
        self.now = 1000.0

    def hear(self, named: int, source: IPv4Address = ONE, after: float = 0.1, priority: int = 254) -> int:
        self.now += after
        addresses = (IPv4Address("198.51.100.1"),)
        advertisement = Advertisement(Vrid(51), Priority(priority), Centiseconds(named), addresses)
        return self.learned.note(source, advertisement, self.now)


def test_a_shorter_interval_is_believed_at_once_and_a_longer_one_the_second_time():
    subject = Subject(own=100)
    assert subject.hear(10) == 10
    assert [subject.hear(100) for _ in range(3)] == [50, 100, 100]
    assert subject.hear(10) == 10


@pytest.mark.parametrize("named", [1, LONGEST])
def test_another_sender_teaches_nothing_while_the_one_that_is_followed_speaks(named: int):
    subject = Subject()
    for _ in range(50):
        assert subject.hear(OWN) == OWN
        assert subject.hear(named, OTHER, after=0.0) == OWN


def test_a_sender_that_fell_silent_or_released_is_followed_no_more():
    subject = Subject()
    subject.hear(OWN)
    assert [subject.hear(100, OTHER, after=1.0) for _ in range(2)] == [50, 100]
    subject.hear(100, OTHER, priority=0)
    assert subject.hear(OWN, after=0.0) == OWN, "it may be told in the same moment"


def test_what_is_not_confirmed_is_bounded():
    subject = Subject()
    assert subject.hear(LONGEST) == UNCONFIRMED
    assert subject.hear(LONGEST - 1) == UNCONFIRMED
    assert subject.hear(LONGEST) == UNCONFIRMED
    assert subject.hear(LONGEST, after=200.0) == UNCONFIRMED, "one now and one later confirm nothing"
    assert subject.hear(LONGEST, after=50.0) == LONGEST


def test_what_was_learned_counts_for_a_later_one_and_what_was_not_does_not():
    before, after = Subject(own=100), Subject(own=OWN)
    after.learned.go_on(before.learned)
    assert after.hear(OWN, priority=0) == OWN, "nobody has named 100: it was the former own interval"
    before = Subject()
    for _ in range(2):
        before.hear(100)
    after = Subject()
    after.learned.go_on(before.learned)
    assert after.hear(OWN, OTHER) == 100, "the sender is followed, with its interval"


def test_a_peer_that_is_as_slow_as_four_seconds_is_never_taken_for_silent():
    """A standard router, heard for the first time by a node with a tenth of its interval."""
    for named in (30, 100, 250, 400):
        driver = Driver(BETA, interval=OWN, ports=("lan",))
        for _ in range(5):
            driver.hear(254, interval=named)
            assert driver.run(named / 100) == []
            assert driver.node.state is NodeState.BACKUP


def strays(source: IPv4Address, driver: Driver) -> float:
    """Seconds until a backup takes over whose active node is dead, after one advertisement of 40.95 s."""
    for _ in range(20):
        driver.hear(254, after=0.1)
    driver.hear(255, interval=LONGEST, source=source)
    assert driver.node.next_deadline is not None
    return driver.node.next_deadline - driver.now


def test_one_advertisement_does_not_have_a_dead_node_waited_for():
    driver = Driver(BETA, interval=OWN, ports=("lan",))
    assert strays(OTHER, driver) == pytest.approx(0.3, rel=0.1)
    (problem,) = driver.problems
    assert "192.0.2.77 named an advertisement interval of 40.95 s" in problem
    driver.run(1)
    assert driver.node.state is NodeState.ACTIVE
    assert driver.node.status(driver.now).peer.state == "silent", (
        "nobody is told to be active for two minutes"
    )
    driver.run(60)
    assert driver.problems == ()


def test_nor_does_one_in_the_name_of_the_node_itself():
    driver = Driver(BETA, interval=OWN, ports=("lan",))
    assert strays(own_address(ALPHA, "lan"), driver) < 5


@pytest.mark.parametrize("first,state", [(None, "silent"), (OTHER, "silent"), (ONE, "active")])
def test_an_active_node_too_believes_a_long_interval_that_the_same_router_named_twice(
    first: IPv4Address | None, state: str
):
    """Nothing is learned from a router that does not win."""
    driver = Driver(ALPHA, ports=("lan",)).become_active()
    for source in (first, ONE):
        if source is not None:
            driver.hear(100, interval=LONGEST, source=source, after=0.5)
    driver.run(20)
    assert driver.node.status(driver.now).peer.state == state


def test_a_long_interval_is_a_problem_until_it_is_believed():
    driver = Driver(BETA, ports=("lan",))
    driver.hear(254, interval=400)
    (problem,) = driver.problems
    assert "named an advertisement interval of 4 s" in problem
    driver.hear(254, interval=400, after=4.0)
    assert driver.problems == ()


def test_one_advertisement_does_not_replace_a_node_that_is_well():
    driver = Driver(BETA, interval=100, ports=("lan",))
    for _ in range(5):
        driver.hear(254, after=1.0)
    driver.hear(255, interval=1, source=OTHER)
    driver.run(1)
    assert driver.node.state is NodeState.BACKUP


def test_what_was_learned_goes_on_with_a_configuration_that_is_read_again():
    before = Driver(BETA, interval=OWN, ports=("lan",))
    for _ in range(3):
        before.hear(254, interval=1000, after=1.0)
    after = Driver(BETA, interval=OWN, ports=("lan",), before=before)
    after.run(25)
    assert after.node.state is NodeState.BACKUP
