"""The address owner (priority 255) in the simulated world, with one HA interface: whatever happens."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cluster.pair import ALPHA, BETA, cluster_config
from tests.unit.cluster.test_world import ALL_STEPS, come_to_rest, histories, play
from tests.unit.cluster.world import NODES, World


@given(history=histories(ALL_STEPS), seed=st.integers(0, 1000), witness=st.booleans(), preempt=st.booleans())
def test_one_is_active_and_it_is_the_healthier_or_the_owner(history, seed, witness, preempt):
    owner = {ALPHA: 255, BETA: 100}
    world = World(
        cluster_config(("lan",), interval=10, witness=witness, preempt=preempt, priorities=owner), seed
    )
    for name in NODES:
        world.boot(name)
    play(world, history)
    come_to_rest(world)
    alive = [name for name in NODES if world.machines[name].takes_part]
    if not world.connected or len(alive) < 2:
        return
    (active,) = world.answering()
    alpha, beta = world.as_peer(ALPHA), world.as_peer(BETA)
    frozen = witness and (not world.hotwire or not world.hotwire.passes_both_ways)
    if frozen or alpha.suspended or beta.suspended or world.has_doubts:
        return
    assert active == (BETA if witness and beta.links_down < alpha.links_down else ALPHA)
