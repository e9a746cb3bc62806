"""What a node says of packets that it drops: of whom, why, and what to do."""

from ipaddress import IPv4Address

import pytest

from hadaemon.cluster import AdvertisementDiscarded
from hadaemon.cluster.discards import PAUSE, Discards
from hadaemon.vrrp import DiscardReason
from tests.unit.cluster.pair import ALPHA, BETA, Driver, own_address

RIVAL, STRANGER = own_address(BETA, "lan"), IPv4Address("192.0.2.77")


def drop(driver: Driver, reason: DiscardReason, seconds: float, source: IPv4Address = RIVAL) -> None:
    """Ten a second."""
    for _ in range(round(seconds * 10)):
        driver.do(AdvertisementDiscarded("lan", source, reason), after=0.1)


def problem(driver: Driver) -> str:
    (found,) = driver.problems
    return found


@pytest.mark.parametrize(
    "reason, advice",
    [
        (DiscardReason.AUTH_MISSING, "it does not sign, and [vrrp.authentication] is to be the same on both"),
        (DiscardReason.AUTH_FAILED, "it has another key"),
        (DiscardReason.REPLAY, "the network doubles or delays packets, or somebody sends recordings"),
    ],
)
def test_an_active_node_that_drops_all_of_one_sender_says_that_two_are_active(reason, advice):
    driver = Driver(ALPHA).become_active()
    drop(driver, reason, 4)
    assert problem(driver).startswith(
        f"port lan: unacceptable VRRP packets are dropped ({reason} 40), the last"
    )
    drop(driver, reason, 2)
    assert problem(driver).startswith(
        "port lan: 192.0.2.12 is active too, and answers for the virtual addresses, but its advertisements "
        f"are dropped ({reason} 60): "
    )
    assert advice in problem(driver)
    driver.run(PAUSE + 1)
    assert "active too" not in problem(driver), "it has fallen silent"


def test_a_sender_of_which_something_is_taken_in_is_heard():
    """The network doubles what the other node signed: each packet comes once rightly and once too often."""
    driver = Driver(BETA)
    for _ in range(10):
        driver.hear(254)
        drop(driver, DiscardReason.REPLAY, 1, own_address(ALPHA, "lan"))
    assert "foreign router" not in problem(driver)
    assert "active too" not in problem(driver)


def test_it_counts_anew_from_an_advertisement_that_is_taken_in():
    driver = Driver(ALPHA).become_active()
    drop(driver, DiscardReason.REPLAY, 4)
    driver.hear(0)
    drop(driver, DiscardReason.REPLAY, 4)
    assert "active too" not in problem(driver)
    driver.hear(0, source=STRANGER)
    drop(driver, DiscardReason.REPLAY, 2)
    assert "192.0.2.12 is active too" in problem(driver), "another sender's does not count for it"


@pytest.mark.parametrize("apart, kind", [(4.9, "problem"), (5.0, "address-conflict")])
def test_two_packets_five_seconds_apart_are_a_claim(apart, kind):
    discards = Discards(pause=10.0)
    for now in (100.0, 100.0 + apart):
        discards.note(RIVAL, DiscardReason.REPLAY, now)
    (found,) = discards.problems("lan", True, 106.0)
    assert found.kind.word == kind


def test_after_a_pause_a_claim_begins_anew():
    driver = Driver(ALPHA).become_active()
    drop(driver, DiscardReason.REPLAY, 3)
    driver.run(PAUSE + 0.1)
    drop(driver, DiscardReason.REPLAY, 3)
    assert "active too" not in problem(driver)


def test_what_a_stranger_sends_between_does_not_hide_it():
    driver = Driver(ALPHA).become_active()
    for _ in range(10):
        drop(driver, DiscardReason.AUTH_MISSING, 0.6)
        drop(driver, DiscardReason.CHECKSUM, 0.1, STRANGER)
    assert "192.0.2.12 is active too" in problem(driver)


def test_a_rival_that_speaks_now_and_then_is_active_too():
    """keepalived waits anew with each packet that it drops, and so hardly advertises."""
    driver = Driver(ALPHA, interval=10, ports=("lan",)).become_active()
    for pause in (0.0, 2.0, 4.0):
        assert driver.problems == ()
        driver.run(pause)
        driver.hear(100)
    assert problem(driver).startswith("port lan: 192.0.2.12 is active too, with priority 100")
    driver.run(PAUSE + 1)
    assert driver.problems == ()


def test_a_rival_goes_on_for_as_long_as_a_pause_and_no_longer():
    driver = Driver(ALPHA, ports=("lan",)).become_active()
    driver.hear(100)
    driver.run(PAUSE)
    driver.hear(100)
    assert "is active too" in problem(driver)
    driver.run(PAUSE)
    assert "is active too" in problem(driver)
    driver.run(0.1)
    assert driver.problems == ()


def test_one_that_wakes_and_gives_way_is_none():
    driver = Driver(ALPHA, interval=10, ports=("lan",)).become_active()
    driver.run(6)
    driver.hear(100)
    assert driver.problems == ()
