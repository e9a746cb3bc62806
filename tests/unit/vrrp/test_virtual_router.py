"""One virtual router: every state with every event (RFC 9568 §6.4)."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from hadaemon.vrrp import (
    Advertisement,
    Centiseconds,
    DiscardReason,
    Listen,
    Priority,
    Received,
    RouterState,
    Shutdown,
    Standing,
    TimerFired,
    Version,
    VirtualRouter,
    Vrid,
)

NOW = 1000.0
OWN, INTERVAL = 200, 100
SKEW = (256 - OWN) / 256
DOWN = 3 + SKEW

THEIR_INTERVAL = 50
THEIR_DOWN = 0.5 * DOWN

INITIALIZE, BACKUP, ACTIVE = RouterState


def heard(standing, priority=220):
    advertisement = Advertisement(
        Vrid(51), Priority(priority), Centiseconds(THEIR_INTERVAL), (IPv4Address("198.51.100.1"),)
    )
    return Received(advertisement, standing, Centiseconds(THEIR_INTERVAL))


EVENTS = {
    "listen": Listen(),
    "shutdown": Shutdown(),
    "timer": TimerFired(),
    "release": heard(Standing.RELEASE, 0),
    "accepted": heard(Standing.ACCEPTED),
    "refused": heard(Standing.REFUSED),
    "undecided": heard(Standing.UNDECIDED),
}

KEPT = object()

# state, event: new state, priorities sent, timer in seconds from now (KEPT: as it was)
MATRIX = {
    (INITIALIZE, "listen"): (BACKUP, [], DOWN),
    (INITIALIZE, "shutdown"): (INITIALIZE, [], None),
    (INITIALIZE, "timer"): (INITIALIZE, [], None),
    (INITIALIZE, "release"): (INITIALIZE, [], None),
    (INITIALIZE, "accepted"): (INITIALIZE, [], None),
    (INITIALIZE, "refused"): (INITIALIZE, [], None),
    (INITIALIZE, "undecided"): (INITIALIZE, [], None),
    (BACKUP, "listen"): (BACKUP, [], DOWN),
    (BACKUP, "shutdown"): (INITIALIZE, [], None),
    (BACKUP, "timer"): (ACTIVE, [OWN], 1.0),
    (BACKUP, "release"): (BACKUP, [], SKEW),
    (BACKUP, "accepted"): (BACKUP, [], THEIR_DOWN),
    (BACKUP, "refused"): (BACKUP, [], KEPT),
    (BACKUP, "undecided"): (BACKUP, [], KEPT),
    (ACTIVE, "listen"): (BACKUP, [], DOWN),
    (ACTIVE, "shutdown"): (INITIALIZE, [0], None),
    (ACTIVE, "timer"): (ACTIVE, [OWN], 1.4),
    (ACTIVE, "release"): (ACTIVE, [OWN], 1.0),
    (ACTIVE, "accepted"): (BACKUP, [], THEIR_DOWN),
    (ACTIVE, "refused"): (ACTIVE, [OWN], KEPT),
    (ACTIVE, "undecided"): (ACTIVE, [], KEPT),
}


def router_in(state):
    """Its timer was started 0.6 s ago, so the Adver_Timer of an active has 0.4 s to go."""
    router = VirtualRouter(Vrid(51), (IPv4Address("198.51.100.1"),), Centiseconds(INTERVAL), Priority(OWN))
    if state is not INITIALIZE:
        router.handle(Listen(), NOW - 0.6)
    if state is ACTIVE:
        router.handle(TimerFired(), NOW - 0.6)
    return router


def test_the_matrix_has_every_state_and_every_event():
    assert set(MATRIX) == {(state, event) for state in RouterState for event in EVENTS}


@pytest.mark.parametrize("state, event", MATRIX, ids=[f"{state}-{event}" for state, event in MATRIX])
def test_transition(state, event):
    router = router_in(state)
    before = router.next_deadline
    new, priorities, timer = MATRIX[state, event]
    sent = router.handle(EVENTS[event], NOW)
    assert router.state is new
    assert [advertisement.priority for advertisement in sent] == priorities
    if timer is KEPT:
        assert router.next_deadline == before
    elif timer is None:
        assert router.next_deadline is None
    else:
        assert router.next_deadline == pytest.approx(NOW + timer)


def test_what_is_sent():
    router = router_in(ACTIVE)
    (sent,) = router.handle(TimerFired(), NOW)
    assert sent == Advertisement(Vrid(51), Priority(OWN), Centiseconds(INTERVAL), router.addresses)


def test_a_late_round_does_not_bring_a_burst():
    router = router_in(ACTIVE)
    router.handle(TimerFired(), NOW + 5.5)
    assert router.next_deadline == pytest.approx(NOW + 6.5)


def test_release_uses_the_learned_interval_for_skew_time():
    router = router_in(BACKUP)
    router.handle(EVENTS["accepted"], NOW)
    router.handle(EVENTS["release"], NOW)
    assert router.next_deadline == pytest.approx(NOW + SKEW * THEIR_INTERVAL / INTERVAL)


def test_listening_anew_forgets_the_learned_interval():
    router = router_in(BACKUP)
    router.handle(EVENTS["accepted"], NOW)
    router.handle(Listen(), NOW)
    assert router.next_deadline == pytest.approx(NOW + DOWN)


def test_answers_are_limited_so_that_two_stubborn_routers_make_no_storm():
    router = router_in(ACTIVE)
    answers = sum(len(router.handle(EVENTS["refused"], NOW + tick / 1000)) for tick in range(1000))
    assert answers == 10


def test_a_new_priority_counts_from_the_next_advertisement_on():
    router = router_in(ACTIVE)
    router.priority = Priority(100)
    assert [sent.priority for sent in router.handle(TimerFired(), NOW)] == [100]


ADDRESS, ADDRESS6 = IPv4Address("198.51.100.1"), IPv6Address("fe80::48:33")


def advert(vrid=51, interval=100, addresses=(ADDRESS,), version=Version.V3):
    return Advertisement(Vrid(vrid), Priority(100), Centiseconds(interval), addresses, version)


# version and family of the virtual router, an advertisement, why it is not for it
REFUSALS = [
    (Version.V3, ADDRESS, advert(), None),
    (Version.V3, ADDRESS, advert(interval=7), None),
    (Version.V3, ADDRESS, advert(addresses=(IPv4Address("203.0.113.9"), ADDRESS)), None),
    (Version.V3, ADDRESS, advert(addresses=(IPv4Address("203.0.113.9"),)), DiscardReason.ADDRESSES),
    (Version.V3, ADDRESS, advert(vrid=52), DiscardReason.VRID),
    (Version.V3, ADDRESS, advert(addresses=(ADDRESS6,)), DiscardReason.FAMILY),
    (Version.V3, ADDRESS6, advert(), DiscardReason.FAMILY),
    (Version.V3, ADDRESS6, advert(addresses=(ADDRESS6,)), None),
    (Version.V3, ADDRESS, advert(version=Version.V2), DiscardReason.VERSION),
    (Version.V2, ADDRESS, advert(version=Version.V2), None),
    (Version.V2, ADDRESS, advert(version=Version.V3), DiscardReason.VERSION),
    (Version.V2, ADDRESS, advert(interval=200, version=Version.V2), DiscardReason.INTERVAL),
]


@pytest.mark.parametrize("version, address, advertisement, reason", REFUSALS)
def test_the_last_of_the_receive_checks(version, address, advertisement, reason):
    router = VirtualRouter(Vrid(51), (address,), Centiseconds(INTERVAL), Priority(OWN), version)
    assert router.refusal(advertisement) is reason


def test_version_2_has_a_skew_time_in_seconds_and_sends_its_version():
    router = VirtualRouter(Vrid(51), (ADDRESS,), Centiseconds(500), Priority(OWN), Version.V2)
    router.handle(Listen(), NOW)
    assert router.next_deadline == pytest.approx(NOW + 15 + SKEW)
    router.handle(heard(Standing.RELEASE, 0), NOW)
    assert router.next_deadline == pytest.approx(NOW + SKEW)
    (sent,) = router.handle(TimerFired(), NOW)
    assert sent == Advertisement(Vrid(51), Priority(OWN), Centiseconds(500), (ADDRESS,), Version.V2)


def test_the_address_owner_does_not_wait():
    """RFC 9568 §6.4.1: at Startup it becomes Active at once."""
    router = VirtualRouter(Vrid(51), (ADDRESS,), Centiseconds(INTERVAL), Priority(255))
    router.handle(Listen(), NOW)
    assert router.next_deadline == NOW
    assert [sent.priority for sent in router.handle(TimerFired(), NOW)] == [255]
