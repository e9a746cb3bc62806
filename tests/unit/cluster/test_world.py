"""The pair in a simulated world: whatever happens, the invariants hold and the world comes to rest."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.cluster import MaintenanceRequested, NodeState, ResumeRequested, SwitchRequested, proofs
from hadaemon.cluster.offers import RETRY
from hadaemon.config import Check, CountsOn, PingGroup, TrackedRoute
from hadaemon.config.check_model import Present
from hadaemon.config.follow_model import Service
from hadaemon.status.peer import Peer
from tests.unit.cluster.pair import ALPHA, BETA, GAMMA, PORTS, cluster_config
from tests.unit.cluster.world import NODES, UNBOUNDED, Standstill, World
from tests.unit.cluster.world.nodes import SERVICE_FAILS

DOUBT = 2.0
"""Seconds for which links are in doubt here: tens of them would be most of what these worlds do."""


@pytest.fixture(autouse=True, scope="module")
def _doubts_are_short():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proofs, "DOUBT", DOUBT)
        yield


GATEWAYS = PingGroup("gateways", (IPv4Address("192.0.2.100"),))
INTERNET = replace(GATEWAYS, interval=0.2, timeout=0.1, counts_on=CountsOn.ACTIVE)
DEFAULT_ROUTE = TrackedRoute(IPv4Network("0.0.0.0/0"), None, patience=1.0)

MAIL = Check("mail", Present("/run/mail"))
QUEUE = replace(MAIL, interval=0.2, timeout=0.1, counts_on=CountsOn.ACTIVE)
WEB = Service("web.service", counts=True)

names = st.sampled_from(NODES)
ports = st.sampled_from(PORTS)

STEPS = st.one_of(
    st.tuples(st.just("boot"), names),
    st.tuples(st.just("kill"), names),
    st.tuples(st.just("crash"), names),
    st.tuples(st.just("stop"), names),
    st.tuples(st.just("plug"), names, ports, st.booleans()),
    st.tuples(st.just("switch"), ports, st.booleans()),
    st.tuples(st.just("block"), names, ports, st.booleans()),
    st.tuples(st.just("restart"), names, st.sampled_from(("stop", "crash", "kill")), st.floats(0, 5)),
    st.tuples(
        st.just("sleep"),
        names,
        st.sampled_from((0.5, 1.5, 2.5, 3.005, 3.5, 6.0)),
        st.sampled_from(Standstill),
        st.sampled_from((0, 3, UNBOUNDED)),
    ),
    st.tuples(st.just("jump"), names, st.sampled_from((0.5, 2.0, 5.0, 1000.0))),
    st.tuples(st.just("rest")),
)
"""What may happen to any pair."""

REQUESTS = st.one_of(
    st.builds(SwitchRequested, forced=st.booleans()),
    st.builds(MaintenanceRequested, on=st.booleans(), forced=st.booleans()),
    st.just(ResumeRequested()),
)

ALL_STEPS = st.one_of(
    STEPS,
    st.tuples(st.just("ask"), names, REQUESTS),
    st.tuples(st.just("hotwire_cable"), st.booleans()),
    st.tuples(st.just("hotwire_one_way"), st.sampled_from((None, *NODES))),
    st.tuples(st.just("reload"), names, st.sampled_from((1, 1, 0.3, 3, 5))),
    st.tuples(st.just("ping"), names, st.just(GATEWAYS.name), st.booleans()),
    st.tuples(st.just("route"), names, st.booleans()),
    st.tuples(st.just("check"), names, st.booleans()),
    st.tuples(st.just("service"), names, st.booleans()),
)
"""And what its administrator does, and what may happen to the hotwire. Times are in intervals; a
configuration that is read again has so many times the first one."""


def histories(steps):
    """Steps, each followed by so many advertisement intervals of time."""
    return st.lists(st.tuples(steps, st.floats(0, 6)), max_size=12)


def play(world: World, history: list[tuple[tuple, float]]) -> None:
    interval = world.interval
    for (step, *arguments), wait in history:
        match step, *arguments:
            case ("rest",):
                pass
            case ("ping", *_) if not world.config.ping_groups:
                pass
            case ("route", *_) if not world.config.tracked_routes:
                pass
            case ("check", *_) if not world.config.checks:
                pass
            case ("service", *_) if not world.config.follow.services:
                pass
            case ("client_asks", port) if port not in world.ports:
                pass
            case ("plug" | "block", _, port, _) | ("switch", port, _) if port not in world.ports:
                pass
            case ("sleep" | "jump") as step, name, intervals, *how:
                getattr(world, step)(name, intervals * interval, *how)
            case "restart", name, how, intervals:
                world.restart(name, how, intervals * interval)
            case "reload", name, times:
                world.reload(name, max(round(times * interval * 100), shortest_interval(world)))
            case _:
                getattr(world, step)(*arguments)
        world.run(wait * interval)


def shortest_interval(world: World) -> int:
    """In centiseconds: the heartbeats of a faster world take all the time of the test."""
    return 1 if world.hotwire is None else 10


def come_to_rest(world: World) -> None:
    """Long enough for all that is under way, late links and doubtful ones, two rounds of election, every
    delay of the configuration and an offer that nobody takes."""
    world.run(world.busy)
    world.run(max(world.patience_left, DOUBT if world.has_doubts else 0.0))
    world.run(9 * world.interval + 2 * world.longest_silence + 0.6)
    election = world.config.election
    if election.flap_switches:
        world.run(election.flap_window + world.longest_silence)
    world.run(world.config.vrrp.preempt_delay + election.link_debounce)
    patiences = [route.patience for route in world.config.tracked_routes]
    patiences += [
        group.failures * group.interval
        for group in world.config.ping_groups
        if group.counts_on is CountsOn.ACTIVE
    ]
    patiences += [
        check.fall * check.interval for check in world.config.checks if check.counts_on is CountsOn.ACTIVE
    ]
    patiences += [SERVICE_FAILS for _ in world.config.follow.services]
    for patience in patiences:
        world.run(4 * (patience + world.longest_silence))  # Each node tries, and once more after a resume.
    if world.hotwire is not None:
        world.run(RETRY + 4 * world.interval)


def assert_right_ones_answer(world: World) -> None:
    """Who takes part and is best: by health, then by preference where that may move anything.

    Nobody else keeps the addresses, and who is kept out stays out.
    """
    for name in world.names:
        machine = world.machines[name]
        assert machine.holds == machine.answers, "it does not answer for the addresses, and keeps them"
        assert not (machine.memory.maintenance and machine.takes_part), "it is in maintenance"
    alive = [name for name in world.names if world.machines[name].takes_part]
    one_way = world.hotwire is not None and world.hotwire.whole and world.hotwire.mute is not None
    if one_way and not world.network.sees_advertisements and len(alive) == 2:
        assert_one_hears(world)
        return
    if not world.connected or len(alive) < 2:
        assert world.answering() == alive
        return
    assert len(world.answering()) == 1, "exactly one is active"
    (active,) = world.answering()
    other = BETA if active == ALPHA else ALPHA
    own, theirs = world.as_peer(active), world.as_peer(other)
    assert _health(own) <= _health(theirs), "better health always wins"
    frozen = world.hotwire is not None and not world.hotwire.passes_both_ways
    assert not own.suspended, "nothing has switched for so long"
    assert not theirs.suspended
    if world.config.vrrp.preempt and not frozen and _health(own) == _health(theirs):
        assert own.preferred >= theirs.preferred, "preference decides"


def _health(peer: Peer) -> tuple[int, int]:
    return peer.links_down, peer.failed_groups


def assert_one_hears(world: World) -> None:
    """One is deaf on all ways, and the other hears it over the hotwire: somebody answers, and nobody who is
    less healthy alone."""
    answering = world.answering()
    assert answering
    if len(answering) == 1:
        own, theirs = (world.as_peer(name) for name in (answering[0], _other(answering[0])))
        assert own.links_down <= theirs.links_down


def _other(name: str) -> str:
    return BETA if name == ALPHA else ALPHA


def build(interval: int, preempt: bool, count: int, master: str, seed: int, **options) -> World:
    """With the hotwire 100 ms at least, as in `shortest_interval`."""
    interval = max(interval, 10) if options.get("witness") else interval
    worldly = {key: options.pop(key) for key in ("loss", "doubling", "names") if key in options}
    config = cluster_config(PORTS[:count], interval=interval, preempt=preempt, master=master, **options)
    world = World(config, seed, **worldly)
    for name in world.names:
        world.boot(name)
    return world


worlds = {
    "interval": st.sampled_from((1, 10, 100)),
    "preempt": st.booleans(),
    "count": st.integers(1, 3),
    "master": st.sampled_from((ALPHA, BETA, "neither")),
    "seed": st.integers(0, 1000),
}


def check_history(world: World, history) -> None:
    """The world itself watches who answers meanwhile."""
    play(world, history)
    come_to_rest(world)
    assert_right_ones_answer(world)
    quiet_from = world.now
    world.run(10 * world.interval)
    assert world.changes_since(quiet_from) == [], "flapping"


MODES = {
    "vrrp": {},
    "vrrp, both families": {"families": (4, 6)},
    "witness": {"witness": True},
    "witness, damped": {"witness": True, "flap_switches": 3, "flap_window": 10.0},
    "witness, patient": {"witness": True, "preempt_delay": 6.0, "link_debounce": 1.0},
    "witness, pinging": {"witness": True, "ping_groups": (GATEWAYS,)},
    "witness, pinging when active": {"witness": True, "ping_groups": (INTERNET,)},
    "vrrp, pinging when active": {"ping_groups": (INTERNET,)},
    "witness, tracking": {"witness": True, "tracked_routes": (DEFAULT_ROUTE,)},
    "vrrp, tracking": {"tracked_routes": (DEFAULT_ROUTE,)},
    "witness, checking": {"witness": True, "checks": (MAIL,)},
    "witness, checking when active": {"witness": True, "checks": (QUEUE,)},
    "witness, serving": {"witness": True, "services": (WEB,)},
    "vrrp, serving": {"services": (WEB,)},
    "vrrp, checking when active": {"checks": (QUEUE,), "ping_groups": (GATEWAYS,)},
}


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=40)
@given(history=histories(ALL_STEPS), **worlds)
def test_invariants_hold_in_every_history_and_the_world_comes_to_rest(mode, history, **world_options):
    check_history(build(**world_options, **MODES[mode]), history)


@pytest.mark.nightly
@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=4_000)
@given(history=histories(ALL_STEPS), **worlds)
def test_invariants_hold_in_a_great_many_histories(mode, history, **world_options):
    check_history(build(**world_options, **MODES[mode]), history)


CLIENTS = st.one_of(ALL_STEPS, st.tuples(st.just("client_asks"), ports))


@pytest.mark.parametrize("mode", ["vrrp", "witness"])
@settings(max_examples=25)
@given(history=histories(CLIENTS), **worlds | {"interval": st.just(100)})
def test_clients_learn_who_answers_whatever_a_hanging_node_told_them(mode, history, **world_options):
    check_clients(build(**world_options, **MODES[mode]), history)


@pytest.mark.nightly
@pytest.mark.parametrize("mode", ["vrrp", "witness"])
@settings(max_examples=1_500)
@given(history=histories(CLIENTS), **worlds | {"interval": st.sampled_from((10, 100))})
def test_clients_learn_who_answers_in_a_great_many_histories(mode, history, **world_options):
    check_clients(build(**world_options, **MODES[mode]), history)


def check_clients(world: World, history) -> None:
    """Within twenty seconds, where anybody who answers can be reached."""
    play(world, history)
    come_to_rest(world)
    world.run(20)
    answering = world.answering()
    for port, name in world.network.learnt.items():
        reachable = [
            one
            for one in answering
            if world.network.carrier[one, port] and (one, port) not in world.network.blocked
        ]
        if reachable and port not in world.network.cut:
            assert name in answering, "clients send to a node that does not answer"


@pytest.mark.parametrize("mode", ["vrrp", "witness"])
@settings(max_examples=15)
@given(
    history=histories(STEPS),
    loss=st.sampled_from((0.05, 0.3)),
    doubling=st.sampled_from((0.0, 0.3)),
    **worlds,
)
def test_with_lossy_links_someone_is_always_active_and_order_returns_with_the_packets(
    mode, history, loss, doubling, **world_options
):
    check_lossy(mode, history, loss, doubling, world_options)


@pytest.mark.nightly
@pytest.mark.parametrize("mode", ["vrrp", "witness"])
@settings(max_examples=1_000)
@given(
    history=histories(STEPS),
    loss=st.sampled_from((0.05, 0.3)),
    doubling=st.sampled_from((0.0, 0.3)),
    **worlds,
)
def test_with_lossy_links_in_a_great_many_histories(mode, history, loss, doubling, **world_options):
    check_lossy(mode, history, loss, doubling, world_options)


def check_lossy(mode, history, loss, doubling, world_options) -> None:
    world = build(**world_options, loss=loss, doubling=doubling, **MODES[mode])
    play(world, history)
    world.stop_losing()
    come_to_rest(world)
    assert_right_ones_answer(world)


def check_three(history, **world_options) -> None:
    world = build(**world_options, names=(ALPHA, BETA, GAMMA))
    play(world, history)
    for port in world.ports:
        world.switch(port, works=True)
        for name in world.names:
            world.block(name, port, blocked=False)
            world.plug(name, port, carrier=True)
    come_to_rest(world)
    assert len(world.answering()) == 1


@settings(max_examples=12)
@given(history=histories(STEPS), **worlds | {"interval": st.sampled_from((10, 100))})
def test_three_nodes_are_one_active_too(history, **world_options):
    """VRRP knows no limit: a third node is one more backup."""
    check_three(history, **world_options)


@pytest.mark.nightly
@settings(max_examples=1_000)
@given(history=histories(STEPS), **worlds)
def test_three_nodes_are_one_active_in_a_great_many_histories(history, **world_options):
    check_three(history, **world_options)


def test_the_fastest_interval_works_too():
    world = build(interval=1, preempt=True, count=2, master=ALPHA, seed=3)
    come_to_rest(world)
    assert world.answering() == [ALPHA]
    world.kill(ALPHA)
    come_to_rest(world)
    assert world.answering() == [BETA]


def test_equal_scores_settle_on_one_node_although_addresses_are_ordered_differently_on_each_interface():
    for seed in range(4):
        world = build(interval=100, preempt=True, count=2, master="neither", seed=seed)
        for port in world.ports:
            world.switch(port, works=False)
        come_to_rest(world)
        assert world.answering() == list(NODES), "blind to each other, both are active"
        for port in world.ports:
            world.switch(port, works=True)
        come_to_rest(world)
        assert world.answering() == [BETA], "greater address on the lowest VRID"


def test_a_planned_stop_hands_over_within_skew_time():
    world = build(interval=100, preempt=True, count=2, master=ALPHA, seed=1)
    come_to_rest(world)
    world.stop(ALPHA)
    assert world.answering() == []
    world.run(0.012 + 0.010)  # Skew_Time of priority 253 at 1 s, plus delay and jitter
    assert world.answering() == [BETA]


def test_a_dead_active_is_replaced_within_active_down_interval():
    world = build(interval=100, preempt=True, count=2, master=ALPHA, seed=1)
    come_to_rest(world)
    world.kill(ALPHA)
    world.run(3.012 + 0.010)
    assert world.answering() == [BETA]
    assert world.state(BETA) is NodeState.ACTIVE


def test_a_sleeper_that_was_replaced_lets_go_as_soon_as_it_wakes():
    world = build(interval=100, preempt=False, count=2, master=ALPHA, seed=1)
    come_to_rest(world)
    world.sleep(ALPHA, 5.0)
    world.run(4.9)
    assert world.state(BETA) is NodeState.ACTIVE
    world.run(0.1)
    assert world.answering() == [BETA]
    come_to_rest(world)
    assert world.answering() == [BETA]
