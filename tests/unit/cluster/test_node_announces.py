"""One node: what it tells the network, and what it does when it could not set its addresses."""

from dataclasses import replace

import pytest

from hadaemon.cluster import (
    ActionFailed,
    Announce,
    NodeState,
    PeerDied,
    PeerGoodbye,
    PeerReport,
    SendAdvertisement,
    SetAddresses,
    StateChanged,
    Tick,
)
from hadaemon.cluster.announcer import Announcer
from tests.unit.cluster.pair import ALPHA, BETA, GAMMA, Driver, own_address
from tests.unit.cluster.test_node import ALL, DOWN_OF_MASTER, DOWN_OF_SPARE, MASTER, order
from tests.unit.cluster.test_transitions import PEER


def announcements(done):
    return [at for at, action in done if isinstance(action, Announce) and action.port == "lan"]


def test_addresses_are_announced_often_in_the_first_minute_and_every_minute_from_then_on():
    driver = Driver(ALPHA)
    start = driver.now + DOWN_OF_MASTER
    times = [at - start for at in announcements(driver.run(200))]
    assert times == pytest.approx([0, 0.2, 1, 2, 5, 10, 20, 30, 40, 60, 120, 180])


def test_nothing_is_announced_on_an_interface_without_link():
    driver = Driver(ALPHA).become_active()
    driver.link("lan", carrier=False)
    assert announcements(driver.run(120)) == []


def test_a_link_that_comes_back_has_everything_announced_at_once():
    """A switch that started anew has forgotten where the addresses are."""
    alpha = long_active(ALPHA)
    alpha.link("lan", carrier=False)
    alpha.run(20.0)
    alpha.link("lan")
    assert announced(alpha) == {"lan", "wan"}


def test_nothing_is_announced_after_yielding():
    driver = Driver(BETA).become_active()
    driver.hear(MASTER)
    assert announcements(driver.run(2)) == []


def test_addresses_that_could_not_be_set_are_tried_again_with_growing_delay_and_not_announced():
    driver = Driver(ALPHA)
    driver.do(Tick(), after=DOWN_OF_MASTER)
    attempts = []
    for _ in range(9):
        (failed,) = [a for a in driver.last if isinstance(a, SetAddresses) and a.port == "lan"]
        driver.do(ActionFailed(failed, "busy"))
        begin = driver.now
        while driver.now < begin + 10.0:
            driver.now = driver.node.next_deadline
            driver.do(Tick())
            if "lan" in driver.addresses():
                break
            assert announcements([(0, action) for action in driver.last]) == []
        attempts.append(driver.now - begin)
    assert attempts == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5])
    assert Announce in order(driver.last), "it may have worked: the network has to know"
    assert "lan" not in driver.addresses() or driver.problems == ()


def test_addresses_that_could_not_be_set_are_not_tried_on_a_card_that_is_gone():
    driver = Driver(ALPHA).become_active()
    driver.do(ActionFailed(SetAddresses("lan", ALL["lan"]), "busy"))
    driver.link("lan", present=False)
    assert not [problem for problem in driver.problems if "busy" in problem]
    assert not [action for _, action in driver.run(10) if isinstance(action, SetAddresses)]


def test_addresses_that_could_not_be_set_are_no_problem_once_others_are_to_be_set():
    driver = Driver(BETA).become_active()
    driver.do(ActionFailed(SetAddresses("lan", ALL["lan"]), "busy"))
    driver.hear(MASTER)
    assert SetAddresses("lan", frozenset()) in driver.last
    assert driver.problems == ()
    assert driver.run(2.5) == []


def test_a_failure_that_a_newer_order_overtook_does_not_matter():
    driver = Driver(BETA).become_active()
    wanted = SetAddresses("lan", ALL["lan"])
    driver.hear(MASTER)
    driver.do(ActionFailed(wanted, "too late"))
    assert driver.problems == ()
    assert driver.run(2.5) == []


def test_the_reasons_are_told():
    driver = Driver(BETA)
    driver.do(Tick(), after=DOWN_OF_SPARE)
    assert driver.last[-1] == StateChanged(NodeState.BACKUP, NodeState.ACTIVE, "no active node was heard")
    driver.hear(MASTER, "wan")
    (yielded,) = [action for action in driver.last if isinstance(action, StateChanged)]
    assert yielded.reason == "192.0.2.22 on wan is active with a better score (254 against 253)"
    driver.hear(0, "wan", after=1.0)
    driver.hear(0, "lan", after=0.001)
    driver.run(0.5)
    assert driver.node.status(driver.now).reason == "192.0.2.11 on lan released the virtual addresses"


def test_taking_over_from_a_worse_node_is_told_as_that():
    driver = Driver(BETA)
    for _ in range(4):
        driver.hear(MASTER - 8, "wan", after=1.0)
    reason = driver.node.status(driver.now).reason
    assert reason == "192.0.2.22 on wan is active with a worse score (246 against 253)"


# two active nodes


def announced(driver: Driver) -> set[str]:
    """By the last answer, on these ports."""
    return {action.port for action in driver.last if isinstance(action, Announce)}


def long_active(name: str, **options) -> Driver:
    """Its first announcements are long over, its next round is not due."""
    driver = Driver(name, **options).become_active()
    driver.run(10.3)
    return driver


def test_who_yields_says_so_because_the_winner_may_never_have_heard_it():
    beta = long_active(BETA)
    beta.hear(254)
    assert beta.node.state is NodeState.BACKUP
    assert order(beta.last)[:4] == [SetAddresses, SetAddresses, SendAdvertisement, SendAdvertisement]
    assert beta.sent() == [253, 253]
    alpha = long_active(ALPHA)
    alpha.hear(253)
    assert announced(alpha) == {"lan", "wan"}, "after two have answered for the addresses"


def test_who_lets_the_addresses_go_had_them_until_then():
    alpha = long_active(ALPHA)
    alpha.hear(0)
    assert announced(alpha) == {"lan", "wan"}


def test_who_yields_by_the_hotwires_word_says_so_too():
    beta = long_active(BETA, witness=True)
    beta.do(PeerReport(replace(PEER, name=ALPHA, state=NodeState.ACTIVE, preferred=True)))
    assert beta.node.state is NodeState.BACKUP
    assert beta.sent() == [253, 253], "a farewell: the better node announces after it"


def test_what_the_hotwire_says_right_after_a_takeover_is_older_than_that():
    beta = Driver(BETA, witness=True).become_active()
    beta.do(PeerReport(replace(PEER, name=ALPHA, state=NodeState.ACTIVE, preferred=True)), after=0.2)
    beta.run(0.29)
    assert beta.node.state is NodeState.ACTIVE
    beta.run(0.02)
    assert beta.node.state is NodeState.BACKUP


def test_after_a_conflict_that_only_the_hotwire_told_of_the_winner_announces_too():
    alpha = long_active(ALPHA, witness=True)
    rival = replace(PEER, state=NodeState.ACTIVE)
    alpha.do(PeerReport(rival))
    assert not announced(alpha)
    alpha.do(PeerReport(PEER), after=0.1)
    assert announced(alpha) == {"lan", "wan"}


@pytest.mark.parametrize(
    "before, event",
    [
        (None, PeerReport(PEER)),
        (PeerReport(PEER), PeerReport(None)),
        (PeerReport(PEER), PeerGoodbye("shutdown")),
        (PeerReport(PEER), PeerDied()),
        (PeerReport(replace(PEER, state=NodeState.ACTIVE, links_down=1)), PeerDied()),
    ],
    ids=["comes back to life", "falls silent", "says goodbye", "dies", "dies while it was active"],
)
def test_whoever_is_active_announces_when_the_other_one(before, event):
    """Its kernel may have answered for the addresses up to now, and clients have learnt that."""
    alpha = Driver(ALPHA, witness=True).become_active()
    if before is not None:
        alpha.do(before)
    alpha.run(30.5)
    alpha.do(event)
    assert announced(alpha) == {"lan", "wan"}


def test_a_foreign_router_of_lower_priority_does_not_make_a_node_announce_all_the_time():
    alpha = long_active(ALPHA)
    times = 0
    for _ in range(300):
        alpha.hear(100, after=0.1, source=own_address(GAMMA, "lan"))
        times += bool(announced(alpha))
    assert times <= 25, "in thirty seconds"


def test_the_takeover_and_two_conflicts_after_it_are_announced_at_once_and_a_third_one_later():
    alpha = Driver(ALPHA).become_active()
    at_once = [announced(alpha) == {"lan", "wan"}]
    for _ in range(3):
        alpha.run(0.5)
        alpha.hear(100)
        at_once.append(announced(alpha) == {"lan", "wan"})
    assert at_once == [True, True, True, False]


def test_what_waits_for_its_turn_comes_ten_seconds_after_the_first_of_three():
    announcer = Announcer()
    for now in (0.0, 0.5, 1.0):
        announcer.restart(now)
        announcer.announced(now)
    for now in (1.2, 2.0, 3.0, 6.0):
        announcer.announced(now)
    assert announcer.next_deadline == 11.0
    announcer.restart(6.5)
    assert announcer.next_deadline == 10.0


@pytest.mark.parametrize("quiet, expected", [(8.4, set()), (9.1, {"lan", "wan"})])
def test_ten_seconds_after_the_first_of_three_there_is_room_for_another(quiet: float, expected: set[str]):
    alpha = Driver(ALPHA).become_active()
    for _ in range(2):
        alpha.run(0.5)
        alpha.hear(100)
    alpha.run(quiet)
    alpha.hear(100)
    assert announced(alpha) == expected


def test_a_conflict_after_a_quiet_time_is_announced_at_once():
    alpha = long_active(ALPHA)
    for _ in range(100):
        alpha.hear(100, after=0.1)
    alpha.run(20)
    alpha.hear(100)
    assert announced(alpha) == {"lan", "wan"}
