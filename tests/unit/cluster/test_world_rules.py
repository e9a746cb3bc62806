"""Rules of docs/election.md in the simulated world: what must not happen yet, and what must at once."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.cluster import MaintenanceRequested, NodeState, SwitchRequested
from hadaemon.cluster.election import LINK_PATIENCE
from hadaemon.cluster.phases import ANSWER_PATIENCE
from hadaemon.cluster.proofs import DOUBT
from hadaemon.config import PingGroup
from hadaemon.vrrp import Version
from tests.unit.cluster.pair import ALPHA, BETA, cluster_config
from tests.unit.cluster.world import NODES, UNBOUNDED, Standstill, World

BOTH = pytest.mark.parametrize("witness", [False, True], ids=["vrrp", "witness"])
RESTARTS = ("stop", "crash", "kill")
STRANGER = IPv4Address("192.0.2.77")
GATEWAYS = PingGroup("gateways", (IPv4Address("192.0.2.100"),))
AT_ONCE = 0.03
"""Seconds, with the delay of the world's packets and timers."""
REFRESH = 61.0
"""Seconds in which the addresses are announced at least once."""
seeds = st.integers(0, 1000)


def settle(world: World) -> None:
    world.run(world.busy + 3 * world.longest_silence + 0.2)


def pair(
    witness: bool, seed: int = 1, active: str = ALPHA, version: Version = Version.V3, **options
) -> World:
    """Both run; ALPHA is the master, and `active` is active."""
    config = cluster_config(witness=witness, **{"interval": 100, **options})
    world = World(replace(config, vrrp=replace(config.vrrp, version=version)), seed)
    for name in (active, *NODES):
        world.boot(name)
        settle(world)
    assert world.answering() == [active]
    return world


def became_active(world: World, name: str) -> float:
    """When it last did."""
    return next(at for at, change in reversed(world.machines[name].changes) if change.new is NodeState.ACTIVE)


# at once


DEATHS = [("stop", AT_ONCE), ("crash", AT_ONCE), ("kill", 1.1)]


@pytest.mark.parametrize("how, within", DEATHS)
@settings(max_examples=10)
@given(seed=seeds, phase=st.floats(0, 1))
def test_the_hotwire_tells_of_a_death_before_the_silence_does(how, within, seed, phase):
    world = pair(True, seed)
    world.run(phase)
    for port in world.ports:
        world.switch(port, works=False)  # A release would tell it too.
    getattr(world, how)(ALPHA)
    world.run(within)
    assert world.state(BETA) is NodeState.ACTIVE


@pytest.mark.parametrize("lost", ["wan", "gateways"])
@settings(max_examples=5)
@given(seed=seeds)
def test_over_the_hotwire_a_healthier_node_takes_over_at_once(lost, seed):
    world = pair(True, seed, preempt=False, ping_groups=(GATEWAYS,))
    if lost == "wan":
        world.plug(ALPHA, "wan", carrier=False)
    else:
        world.ping(ALPHA, "gateways", answered=False)
    world.run(AT_ONCE)
    assert world.answering() == [BETA]


@BOTH
def test_a_lost_link_is_worse_than_a_ping_group_that_fails(witness):
    world = pair(witness, ping_groups=(GATEWAYS,))
    world.plug(ALPHA, "wan", carrier=False)
    settle(world)
    assert world.answering() == [BETA]
    world.ping(BETA, "gateways", answered=False)
    settle(world)
    assert world.answering() == [BETA]


@pytest.mark.parametrize("preempt", [True, False])
def test_a_healthier_node_that_is_not_heard_over_the_hotwire_takes_over_unanswered(preempt):
    world = pair(True, preempt=preempt)
    world.hotwire_one_way(BETA)
    world.run(1.0)
    for port in world.ports:
        world.plug(ALPHA, port, carrier=False)
    settle(world)
    assert BETA in world.answering()


@BOTH
def test_who_has_handed_over_drops_the_addresses_soon(witness):
    world = pair(witness)
    world.ask(ALPHA, SwitchRequested())
    world.run(AT_ONCE)
    assert world.answering() == [BETA]
    assert world.machines[ALPHA].holds
    world.run(0.2)
    assert not world.machines[ALPHA].holds


def test_an_offer_that_nobody_takes_is_taken_back_and_its_failure_is_told():
    world = pair(witness=False)
    for port in world.ports:
        world.switch(port, works=False)
    world.ask(ALPHA, MaintenanceRequested(on=True))
    world.run(3 * world.interval + ANSWER_PATIENCE + AT_ONCE)
    assert [result.succeeded for result in world.machines[ALPHA].results] == [False]


@BOTH
def test_a_planned_switch_to_a_less_healthy_node_fails(witness):
    world = pair(witness)
    world.plug(BETA, "wan", carrier=False)
    settle(world)
    world.ask(ALPHA, SwitchRequested(forced=True))
    settle(world)
    assert world.answering() == [ALPHA]
    assert [result.succeeded for result in world.machines[ALPHA].results] == [False]


# not yet


@pytest.mark.parametrize("how", RESTARTS)
@BOTH
@settings(max_examples=5)
@given(seed=seeds, away=st.floats(0, 8))
def test_the_master_waits_for_preempt_delay_after_every_kind_of_restart(witness, how, seed, away):
    world = pair(witness, seed, preempt_delay=20.0)
    world.restart(ALPHA, how, away)
    world.run(away)
    back = world.now
    settle(world)
    if world.answering() == [BETA]:
        world.run(30.0)
        assert became_active(world, ALPHA) - back >= 20.0
    assert world.answering() == [ALPHA]


@BOTH
def test_preempt_delay_goes_on_while_a_backup_reads_its_configuration_again(witness):
    world = pair(witness, preempt_delay=40.0)
    world.restart(ALPHA, "kill", 5.0)
    world.run(5.0)
    back = world.now
    settle(world)
    world.reload(ALPHA)
    world.run(back + 45.0 - world.now)
    assert world.answering() == [ALPHA]
    assert became_active(world, ALPHA) - back >= 40.0


@BOTH
def test_the_master_waits_for_the_connections_of_the_other_node(witness):
    world = pair(witness)
    world.kill(ALPHA)
    settle(world)
    world.lack(ALPHA, "connections are copied")
    world.boot(ALPHA)
    settle(world)
    assert world.answering() == [BETA]
    world.lack(ALPHA, "")
    settle(world)
    assert world.answering() == [ALPHA]


@BOTH
@pytest.mark.parametrize("preempt", [True, False])
def test_a_link_that_was_lost_counts_again_after_link_debounce(witness, preempt):
    world = pair(witness, preempt=preempt, link_debounce=20.0)
    world.plug(ALPHA, "wan", carrier=False)
    settle(world)
    assert world.answering() == [BETA]
    world.plug(ALPHA, "wan", carrier=True)
    back = world.now
    world.plug(BETA, "lan", carrier=preempt)
    settle(world)
    assert world.answering() == [BETA]
    world.run(20.0)
    assert world.answering() == [ALPHA]
    assert became_active(world, ALPHA) - back >= 20.0


@BOTH
def test_a_link_over_which_nothing_comes_in_moves_nothing_for_a_while(witness):
    world = pair(witness)
    world.plug(ALPHA, "wan", carrier=False)
    settle(world)
    world.block(ALPHA, "wan", blocked=True)
    world.plug(ALPHA, "wan", carrier=True)
    settle(world)
    assert world.answering() == [BETA]
    world.run(DOUBT)
    settle(world)
    assert world.answering() == [ALPHA]


@settings(max_examples=10)
@given(seed=seeds, apart=st.floats(0, 0.005), first=st.sampled_from(NODES))
def test_a_switch_that_dies_for_both_nodes_moves_nothing(seed, apart, first):
    world = pair(True, seed)
    quiet_from = world.now
    for name in (first, BETA if first == ALPHA else ALPHA):
        world.plug(name, "wan", carrier=False)
        world.run(apart)
    settle(world)
    assert world.changes_since(quiet_from) == []


@BOTH
@settings(max_examples=5)
@given(seed=seeds, late=st.floats(0, LINK_PATIENCE - 1))
def test_a_node_whose_first_link_is_late_is_not_blind_before(witness, seed, late):
    world = World(cluster_config(witness=witness), seed)
    for port in world.ports:
        world.network.carrier[BETA, port] = False
    world.boot(ALPHA)
    settle(world)
    world.boot(BETA)
    world.run(late)
    assert world.answering() == [ALPHA]
    for port in world.ports:
        world.plug(BETA, port, carrier=True)
    settle(world)
    assert world.answering() == [ALPHA]
    assert [change.new for _, change in world.machines[BETA].changes] == [NodeState.BACKUP]


# preference


@BOTH
@pytest.mark.parametrize("healthier", NODES)
def test_of_two_active_nodes_the_healthier_one_stays_active(witness, healthier):
    world = pair(witness)
    world.hotwire_cable(whole=False)
    for port in world.ports:
        world.switch(port, works=False)
    settle(world)
    assert world.answering() == list(NODES)
    world.plug(BETA if healthier == ALPHA else ALPHA, "wan", carrier=False)
    settle(world)
    quiet_from = world.now
    if witness:
        world.hotwire_cable(whole=True)
    else:
        world.switch("lan", works=True)
    settle(world)
    assert world.answering() == [healthier]
    assert [at for at, _ in world.machines[healthier].changes if at >= quiet_from] == []


def test_of_two_equal_active_nodes_the_hotwire_leaves_the_later_name_active():
    world = World(cluster_config(witness=True, master="neither"))
    for port in world.ports:
        world.switch(port, works=False)
    world.hotwire_cable(whole=False)
    for name in NODES:
        world.boot(name)
    settle(world)
    assert world.answering() == list(NODES)
    world.hotwire_cable(whole=True)
    settle(world)
    assert world.answering() == [max(NODES)]


@pytest.mark.parametrize("how", ["cable", "one way"])
def test_preference_moves_nothing_while_the_hotwire_does_not_pass_both_ways(how):
    world = pair(True)
    world.plug(ALPHA, "wan", carrier=False)
    settle(world)
    if how == "cable":
        world.hotwire_cable(whole=False)
    else:
        world.hotwire_one_way(ALPHA)
    world.run(1.0)
    world.plug(ALPHA, "wan", carrier=True)
    settle(world)
    assert world.answering() == [BETA]
    world.hotwire_cable(whole=True)
    world.hotwire_one_way(None)
    settle(world)
    assert world.answering() == [ALPHA]


@pytest.mark.parametrize("how", RESTARTS)
def test_until_the_hotwire_speaks_for_the_first_time_preference_does_without_it(how):
    world = pair(True, preempt_delay=20.0)
    world.restart(ALPHA, how, 5.0)
    world.hotwire_cable(whole=False)
    settle(world)
    assert world.answering() == [BETA]
    world.run(20.0)
    assert world.answering() == [ALPHA]


@pytest.mark.parametrize("how", RESTARTS)
def test_a_planned_switch_outlives_every_kind_of_restart(how):
    world = pair(True)
    world.ask(ALPHA, SwitchRequested())
    settle(world)
    for name in (BETA, ALPHA):
        world.restart(name, how, 5.0)
        settle(world)
        assert world.answering() == [BETA]


@pytest.mark.parametrize("how", RESTARTS)
@BOTH
def test_maintenance_outlives_every_kind_of_restart(witness, how):
    world = pair(witness)
    world.ask(ALPHA, MaintenanceRequested(on=True))
    settle(world)
    world.restart(ALPHA, how, 5.0)
    settle(world)
    assert world.state(ALPHA) is NodeState.MAINTENANCE
    assert world.answering() == [BETA]


@BOTH
def test_a_pair_that_switches_too_often_rests_until_nothing_has_switched_for_a_while(witness):
    window = 100.0
    world = pair(witness, interval=10, flap_switches=4, flap_window=window)
    for _ in range(4):
        for carrier in (False, True):
            world.plug(ALPHA, "wan", carrier)
            settle(world)
    assert world.answering() == [BETA], "suspended"
    quiet = world.now
    world.run(window)
    settle(world)
    assert world.answering() == [ALPHA]
    assert became_active(world, ALPHA) - quiet > window / 2


@pytest.mark.parametrize("every", [1.0, 5.0], ids="one every {:g} s".format)
@pytest.mark.parametrize(
    "witness, priority",
    [(False, 255), (True, 255), (True, 254)],
    ids=["vrrp-255", "witness-255", "witness-254"],
)
def test_who_forges_advertisements_suspends_nobody_and_moves_nothing_for_longer(witness, priority, every):
    """Where nothing is signed."""
    world = pair(witness, flap_switches=3, flap_window=600.0)
    for _ in range(20):
        world.forge("lan", priority, STRANGER)
        world.run(every)
    for name in NODES:
        node = world.machines[name].node
        assert node is not None
        assert not node.status(world.now).suspended
    settle(world)
    assert world.answering() == [ALPHA]


# what clients learn


@BOTH
def test_a_client_that_sends_to_the_wrong_node_learns_who_answers_after_a_while(witness):
    world = pair(witness)
    world.run(REFRESH)
    world.network.learnt["lan"] = BETA
    world.run(REFRESH)
    assert world.network.learnt["lan"] == ALPHA


@pytest.mark.parametrize("how, within", DEATHS)
def test_what_the_kernel_of_a_dead_node_told_is_put_right_at_once(how, within):
    world = pair(True)
    world.run(REFRESH)
    world.network.learnt["lan"] = BETA
    getattr(world, how)(BETA)
    world.run(within)
    assert world.network.learnt["lan"] == ALPHA


# intervals that differ


@BOTH
@pytest.mark.parametrize("active, backup", [(500, 30), (30, 500)])
def test_a_backup_waits_by_the_interval_of_the_active_node(witness, active, backup):
    world = pair(witness)
    world.reload(ALPHA, active)
    world.reload(BETA, backup)
    world.hotwire_cable(whole=False)
    world.run(30)
    assert [change.new for _, change in world.machines[BETA].changes if change.new is NodeState.ACTIVE] == []
    world.kill(ALPHA)
    world.run(4 * active / 100)
    assert world.answering() == [BETA]


@pytest.mark.parametrize("preempt", [True, False])
def test_in_version_2_the_hotwire_keeps_nodes_whose_intervals_differ_apart(preempt):
    """Each drops the other one's advertisements (RFC 3768 §7.1)."""
    world = pair(True, preempt=preempt, version=Version.V2)
    quiet_from = world.now
    world.reload(BETA, 300)
    world.run(30)
    assert [at for at, _ in world.machines[ALPHA].changes if at >= quiet_from] == []
    assert world.answering() == [ALPHA]
    world.hotwire_cable(whole=False)
    with pytest.raises(AssertionError, match="two answer"):
        world.run(30)


@pytest.mark.parametrize("mute", NODES)
@settings(max_examples=10)
@given(seed=seeds, cut=st.sampled_from(("lan", "wan")))
def test_two_equal_nodes_of_which_one_is_deaf_break_their_tie(mute, seed, cut):
    """On one interface the one has the greater address, on the other one the other."""
    world = World(cluster_config(witness=True, master="neither"), seed)
    world.switch(cut, works=False)
    for name in NODES:
        world.boot(name)
    world.hotwire_one_way(mute)
    settle(world)
    assert len(world.answering()) == 1


# machines that stand still


@BOTH
@pytest.mark.parametrize("room", [0, 3, UNBOUNDED])
@pytest.mark.parametrize("kind", Standstill)
@settings(max_examples=5)
@given(seed=seeds, duration=st.floats(5, 20))
def test_an_active_node_that_stood_still_lets_go_within_an_interval(witness, kind, room, seed, duration):
    world = pair(witness, seed, BETA, preempt=False)
    world.sleep(BETA, duration, kind, room)
    world.run(duration)
    assert ALPHA in world.answering()
    world.run(world.interval + 0.05)
    assert world.answering() == [ALPHA]


@BOTH
@settings(max_examples=5)
@given(seed=seeds, duration=st.floats(2, 4))
def test_a_backup_that_stood_still_listens_by_the_interval_of_the_active_node(witness, seed, duration):
    """Its own is the longer one."""
    world = pair(witness, seed, BETA, preempt=False)
    world.reload(BETA, 30)
    world.reload(ALPHA, 500)
    settle(world)
    world.sleep(ALPHA, duration, Standstill.SUSPENDED, room=0)
    quiet_from = world.now
    settle(world)
    assert world.changes_since(quiet_from) == []


# what happens to the backup alone

HARMLESS = st.one_of(
    st.tuples(st.just("restart"), st.sampled_from(RESTARTS), st.floats(0, 5)),
    st.tuples(st.just("reload"), st.sampled_from((None, 30, 300, 500))),
    st.tuples(st.just("plug"), st.just("lan"), st.booleans()),
    st.tuples(st.just("block"), st.just("lan"), st.booleans()),
    st.tuples(st.just("ask"), st.builds(MaintenanceRequested, on=st.booleans(), forced=st.just(True))),
    st.tuples(
        st.just("sleep"), st.floats(1, 6), st.just(Standstill.PAUSED), st.sampled_from((0, 3, UNBOUNDED))
    ),
)


@BOTH
@pytest.mark.parametrize("active, preempt", [(ALPHA, True), (ALPHA, False), (BETA, False)])
@settings(max_examples=15)
@given(history=st.lists(st.tuples(HARMLESS, st.floats(0, 8)), max_size=8), seed=seeds)
def test_whatever_happens_to_the_backup_alone_moves_nothing(witness, active, preempt, history, seed):
    world = pair(witness, seed, active, preempt=preempt)
    backup = BETA if active == ALPHA else ALPHA
    quiet_from = world.now
    for (step, *arguments), wait in history:
        getattr(world, step)(backup, *arguments)
        world.run(wait)
    settle(world)
    world.run(LINK_PATIENCE)
    assert [at for at, _ in world.machines[active].changes if at >= quiet_from] == []
    assert world.answering() == [active]
