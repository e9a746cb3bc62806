"""A configuration that is read again takes nothing away that serves, and nothing that a node knows."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.cluster import (
    MaintenanceRequested,
    NodeState,
    PeerReport,
    PingResult,
    SetAddresses,
    Start,
    SwitchRequested,
)
from hadaemon.cluster.election import LINK_PATIENCE
from hadaemon.config import PingGroup
from tests.unit.cluster.pair import ALPHA, BETA, PORTS, Driver
from tests.unit.cluster.test_transitions import PEER

GATEWAY = IPv4Address("192.0.2.100")
GROUP = PingGroup("gateways", (GATEWAY,))
DAMPED = {"flap_switches": 2, "flap_window": 100.0}


def read_again(driver: Driver, links: dict[str, bool] | None = None, **cluster: object) -> Driver:
    """The node goes on with a new configuration; `links`: of the ports that are there, which are up."""
    successor = Driver(driver.name, start=False, before=driver, **cluster)
    for port, carrier in (links or dict.fromkeys(successor.ports, True)).items():
        successor.link(port, carrier)
    successor.do(Start(active=driver.node.state is NodeState.ACTIVE, memory=driver.memory))
    return successor


def kept(driver: Driver) -> set[str]:
    """Ports that have their addresses."""
    return {port for port, addresses in driver.node.desired_addresses().items() if addresses}


@pytest.mark.parametrize("name, state", [(ALPHA, NodeState.ACTIVE), (BETA, NodeState.BACKUP)])
def test_since_when_and_why_outlive_a_reload(name: str, state: NodeState):
    driver = Driver(name)
    if state is NodeState.ACTIVE:
        driver.become_active()
    before = driver.node.status(driver.now)
    driver.now += 100.0
    after = read_again(driver)
    told = after.node.status(after.now)
    assert (told.state, told.since, told.reason) == (state, before.since + 100.0, before.reason)


# what serves


def test_a_new_port_without_an_interface_takes_no_address_away():
    driver = Driver(ALPHA).become_active()
    after = read_again(driver, {"lan": True, "wan": True}, ports=PORTS)
    assert after.node.state is NodeState.ACTIVE
    assert after.sent("lan") == [254], "it is waited for"
    after.run(LINK_PATIENCE + 0.1)
    assert after.node.state is NodeState.ACTIVE
    assert after.node.as_peer().links_down == 1, "then it is a lost link"


def test_a_new_port_whose_interface_is_made_a_moment_later_is_never_a_lost_link():
    driver = Driver(ALPHA).become_active()
    after = read_again(driver, {"lan": True, "wan": True}, ports=PORTS)
    after.link("dmz", after=2.0)
    assert [order.port for order in after.last if isinstance(order, SetAddresses)] == ["dmz"]
    assert after.node.as_peer().links_down == 0
    after.link("dmz", carrier=False, after=0.1)
    assert after.node.as_peer().links_down == 1, "from then on it counts"


def test_an_active_node_with_a_dead_card_goes_on_serving_the_rest():
    driver = Driver(ALPHA).become_active()
    driver.link("wan", present=False)
    after = read_again(driver, {"lan": True}, preempt=False)
    assert after.node.state is NodeState.ACTIVE
    assert after.node.as_peer().links_down == 1
    assert "the network card is gone" in after.problems[0]


def test_a_backup_with_a_dead_card_is_still_a_backup():
    driver = Driver(BETA)
    driver.link("wan", present=False)
    assert read_again(driver, {"lan": True}).node.state is NodeState.BACKUP


def test_a_port_bound_to_another_card_begins_anew():
    driver = Driver(ALPHA).become_active()
    driver.link("wan", present=False)
    successor = Driver(ALPHA, start=False, before=driver, macs={"wan": "52:54:00:00:00:99"})
    successor.link("lan")
    successor.do(Start(active=True))
    assert successor.node.as_peer().links_down == 0, "the other card is waited for"


# what is known: each row is something that a reload forgot


def _heard(driver: Driver) -> object:
    return driver.node.status(driver.now).peer


def _hear(driver: Driver) -> None:
    driver.hear(254)


def _fail_ping(driver: Driver) -> None:
    for _ in range(GROUP.failures):
        driver.do(PingResult(GROUP.name, GATEWAY, False))


def _lose_link(driver: Driver) -> None:
    driver.link("wan", carrier=False)
    driver.link("wan", after=0.1)


def _lose_card(driver: Driver) -> None:
    driver.link("wan", present=False)


def _wait(driver: Driver) -> None:
    driver.run(2)


KNOWN: dict[str, tuple[Callable[[Driver], None], Callable[[Driver], object]]] = {
    "whether a port was ever there": (
        _lose_card,
        lambda driver: driver.problems,
    ),
    "who was heard": (_hear, _heard),
    "hosts that do not answer": (_fail_ping, lambda driver: driver.node.as_peer().failed_groups),
    "when a link that came back counts again": (
        _lose_link,
        lambda driver: driver.node.as_peer().links_down,
    ),
    "links that are not proven": (
        _lose_link,
        lambda driver: driver.node.unproven_ports,
    ),
    "what was received": (_hear, lambda driver: driver.node.status(driver.now).interfaces[0].received),
    "since when it is what it is": (
        _wait,
        lambda driver: driver.node.status(driver.now).since,
    ),
}
"""What happens to a backup, and what it knows then."""


@pytest.mark.parametrize("what", KNOWN)
def test_what_a_node_knows_outlives_a_reload(what):
    happen, known = KNOWN[what]
    options = {"ping_groups": (GROUP,), "link_debounce": 30.0, "witness": False}
    driver, forgetful = Driver(BETA, **options), Driver(BETA, **options)
    happen(driver)
    links = {port: facts.carrier for port, facts in driver.facts.items() if facts.present}
    after = read_again(driver, links, **options)
    assert known(after) == known(driver)
    assert known(after) != known(forgetful), "the test shows something"


def test_the_switches_that_were_counted_outlive_a_reload():
    driver = Driver(BETA, **DAMPED).become_active()
    driver.hear(254, after=0.5)
    assert driver.memory.suspended
    for _ in range(60):
        driver.hear(254, after=1.0)
    after = read_again(driver, **DAMPED)
    for _ in range(39):
        after.hear(254, after=1.0)
    assert after.node.as_peer().suspended
    for _ in range(2):
        after.hear(254, after=1.0)
    assert not after.memory.suspended, "the suspension ends when it would have ended"


def test_the_delay_of_preference_is_not_begun_anew_by_a_reload():
    driver = Driver(ALPHA, preempt_delay=5.0)
    for _ in range(4):
        driver.hear(253, after=1.0)
    after = read_again(driver, preempt_delay=5.0)
    for _ in range(5):
        after.hear(253, after=1.0)
    assert after.node.state is NodeState.ACTIVE


def test_a_longer_interval_of_the_active_node_is_remembered():
    """It has not read the new configuration yet, in which the interval is shorter."""
    driver = Driver(BETA, interval=100)
    driver.hear(254)
    after = read_again(driver, interval=10)
    after.run(1.5)
    assert after.node.state is NodeState.BACKUP


# any configuration after any other

CONFIGURATIONS = st.fixed_dictionaries(
    {
        "ports": st.sampled_from((PORTS[:1], PORTS[:2], PORTS, PORTS[1:])),
        "families": st.sampled_from(((4,), (6,), (4, 6))),
        "interval": st.sampled_from((10, 100)),
        "preempt": st.booleans(),
        "witness": st.booleans(),
        "master": st.sampled_from((ALPHA, BETA)),
        "enabled": st.sampled_from((True, True, True, False)),
        "ping_groups": st.sampled_from(((), (GROUP,))),
        "flap_switches": st.sampled_from((0, 2)),
    }
)
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), st.sampled_from(PORTS), st.sampled_from((0, 1, 253, 254, 255))),
        st.tuples(st.just("link"), st.sampled_from(PORTS), st.booleans()),
        st.tuples(st.just("peer"), st.sampled_from(tuple(NodeState)), st.booleans()),
        st.tuples(st.just("ping"), st.booleans()),
        st.tuples(st.just("ask"), st.sampled_from((SwitchRequested(), MaintenanceRequested(on=True)))),
        st.tuples(st.just("run"), st.sampled_from((0.05, 0.4, 4.0))),
    ),
    max_size=12,
)


def happen(driver: Driver, happenings: list[tuple]) -> None:
    for what, *more in happenings:
        match what, *more:
            case ("hear", port, priority) if port in driver.ports:
                for family in (4, 6):
                    if any(one.version == family for one in addresses_of(driver, port)):
                        driver.hear(priority, port, after=0.01, family=family)
            case ("link", port, carrier) if port in driver.ports:
                driver.link(port, carrier)
            case ("peer", state, deaf):
                driver.do(PeerReport(replace(PEER, name=driver.rival, state=state, deaf=deaf)))
            case ("ping", answered):
                driver.do(PingResult(GROUP.name, GATEWAY, answered))
            case ("ask", request):
                driver.do(request)
            case ("run", seconds):
                driver.run(seconds)


def addresses_of(driver: Driver, port: str) -> tuple[object, ...]:
    interface = next(one for one in driver.config.ha_interfaces if one.port == port)
    return interface.virtual_addresses


@settings(max_examples=800)
@given(
    name=st.sampled_from((ALPHA, BETA)),
    configurations=st.lists(CONFIGURATIONS, min_size=2, max_size=4),
    happenings=st.lists(HAPPENINGS, min_size=4, max_size=4),
)
def test_any_configuration_may_follow_any_other(name, configurations, happenings):
    """And an active node that still has a port goes on, as long as the cluster is enabled."""
    driver = Driver(name, **configurations[0])
    for configuration, what in zip(configurations[1:], happenings, strict=False):
        happen(driver, what)
        state = driver.node.state
        there = {port: facts.carrier for port, facts in driver.facts.items() if facts.present}
        links = {port: up for port, up in there.items() if port in configuration["ports"]}
        driver = read_again(driver, links or dict.fromkeys(configuration["ports"], True), **configuration)
        if state is NodeState.ACTIVE and configuration["enabled"]:
            assert driver.node.state in (NodeState.ACTIVE, NodeState.MAINTENANCE)
    happen(driver, happenings[-1])
