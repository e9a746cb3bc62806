"""The pair in a simulated world: whatever happens, the invariants hold and the world comes to rest."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.cluster import NodeState

from .pair import ALPHA, BETA, PORTS, cluster_config
from .world import NODES, World

names = st.sampled_from(NODES)
ports = st.sampled_from(PORTS)

STEPS = st.one_of(
    st.tuples(st.just("boot"), names),
    st.tuples(st.just("kill"), names),
    st.tuples(st.just("stop"), names),
    st.tuples(st.just("plug"), names, ports, st.booleans()),
    st.tuples(st.just("switch"), ports, st.booleans()),
    st.tuples(st.just("sleep"), names, st.sampled_from((0.5, 1.5, 2.5, 3.005, 3.5, 6.0))),
    st.tuples(st.just("rest")),
)

HISTORIES = st.lists(st.tuples(STEPS, st.floats(0, 6)), max_size=12)
"""Steps, each followed by so many advertisement intervals of time."""


def play(world: World, history: list[tuple[tuple, float]]) -> None:
    for (step, *arguments), wait in history:
        match step, *arguments:
            case ("rest",):
                pass
            case ("plug", _, port, _) | ("switch", port, _) if port not in world.ports:
                pass
            case "sleep", name, intervals:
                world.sleep(name, intervals * world.interval)
            case _:
                getattr(world, step)(*arguments)
        world.run(wait * world.interval)


def come_to_rest(world: World) -> None:
    """Long enough for the longest sleep and two rounds of election."""
    world.run(6 * world.interval + 2 * world.longest_silence + 0.2)


def assert_right_ones_answer(world: World) -> None:
    alive = [name for name in NODES if world.machines[name].takes_part]
    if not world.connected or len(alive) < 2:
        assert world.answering() == alive
        return
    assert len(world.answering()) == 1, "exactly one is active"
    (active,) = world.answering()
    other = BETA if active == ALPHA else ALPHA
    assert world.links_down(active) <= world.links_down(other), "better health always wins"
    if world.config.vrrp.preempt and world.links_down(active) == world.links_down(other):
        assert active == world.config.master or world.config.master not in NODES


def build(interval: int, preempt: bool, count: int, master: str, seed: int, loss: float = 0.0) -> World:
    config = cluster_config(PORTS[:count], interval=interval, preempt=preempt, master=master)
    world = World(config, seed, loss=loss)
    for name in NODES:
        world.boot(name)
    return world


worlds = {
    "interval": st.sampled_from((1, 10, 100)),
    "preempt": st.booleans(),
    "count": st.integers(1, 3),
    "master": st.sampled_from((ALPHA, BETA, "neither")),
    "seed": st.integers(0, 1000),
}


@settings(max_examples=250)
@given(history=HISTORIES, **worlds)
def test_invariants_hold_in_every_history_and_the_world_comes_to_rest(history, **world_options):
    world = build(**world_options)
    play(world, history)
    come_to_rest(world)
    assert_right_ones_answer(world)
    quiet_from = world.now
    world.run(10 * world.interval)
    assert world.changes_since(quiet_from) == [], "flapping"


@settings(max_examples=60)
@given(history=HISTORIES, loss=st.sampled_from((0.05, 0.3)), **worlds)
def test_with_lossy_links_someone_is_always_active_and_order_returns_with_the_packets(
    history, loss, **world_options
):
    world = build(**world_options, loss=loss)
    play(world, history)
    world.stop_losing()
    come_to_rest(world)
    assert_right_ones_answer(world)


def test_the_fastest_interval_works_too():
    world = build(interval=1, preempt=True, count=2, master=ALPHA, seed=3)
    come_to_rest(world)
    assert world.answering() == [ALPHA]
    world.kill(ALPHA)
    come_to_rest(world)
    assert world.answering() == [BETA]


def test_equal_scores_settle_on_one_node_although_addresses_are_ordered_differently_on_each_interface():
    for seed in range(20):
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
