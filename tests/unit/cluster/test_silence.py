"""A backup whose hotwire says that the other node is active, and that hears nothing of it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hadaemon.cluster import NodeState, PeerReport
from hadaemon.cluster.silence import LEAST, Silence
from hadaemon.cluster.watched_port import WatchedPort
from tests.unit.cluster.pair import ALPHA, BETA, Driver
from tests.unit.cluster.test_transitions import PEER

ACTIVE_ALPHA = replace(
    PEER, name=ALPHA, state=NodeState.ACTIVE, preferred=True, links=(("lan", True), ("wan", True))
)


def listen(driver: Driver, seconds: float, ports: tuple[str, ...] = (), peer=ACTIVE_ALPHA) -> None:
    """The hotwire speaks all the time, these ports bring advertisements."""
    for _ in range(round(seconds * 10)):
        driver.do(PeerReport(peer), after=0.1)
        for port in ports:
            driver.hear(254, port)
        assert driver.node.state is NodeState.BACKUP


def told(driver: Driver) -> tuple[list[str], str]:
    problems = [line for line in driver.problems if "no advertisement of" in line]
    return [line.partition(":")[0] for line in problems], driver.node.as_peer().unready


@pytest.mark.parametrize("ports, deaf", [((), ["port lan", "port wan"]), (("wan",), ["port lan"])])
def test_it_says_where_and_is_ready_only_if_it_hears_something(ports, deaf):
    driver = Driver(BETA, witness=True)
    listen(driver, LEAST - 1, ports)
    assert told(driver) == ([], "")
    listen(driver, 3, ports)
    assert told(driver) == (deaf, "" if ports else "it hears no advertisement of the active node")
    listen(driver, 1, ("lan", "wan"))
    assert told(driver) == ([], "")


def test_it_looks_twice_a_second_however_often_it_is_asked():
    """With many HA interfaces a look costs more than an advertisement."""
    silence, looks = Silence(1.0), []

    def ports(now: float) -> Iterator[WatchedPort]:
        looks.append(now)
        yield from ()

    for eighth in range(20):
        silence.note(ports(eighth / 8), ACTIVE_ALPHA, eighth / 8)
    assert looks == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_link_that_is_lost_at_either_end_is_told_as_that():
    driver = Driver(BETA, witness=True)
    driver.link("lan", carrier=False)
    listen(driver, 10, peer=replace(ACTIVE_ALPHA, links=(("lan", True), ("wan", False))))
    assert told(driver) == ([], "")


def test_it_ends_with_the_hotwire_and_with_the_peers_part():
    driver = Driver(BETA, witness=True)
    listen(driver, 10)
    assert told(driver)[1]
    driver.do(PeerReport(replace(PEER, name=ALPHA, state=NodeState.MAINTENANCE)))
    assert told(driver) == ([], "")
