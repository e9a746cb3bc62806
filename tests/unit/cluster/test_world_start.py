"""Two nodes that start together, in the simulated world: docs/election.md."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.cluster.pair import ALPHA, BETA, cluster_config
from tests.unit.cluster.world import NODES, World

AT_ONCE = 0.1
"""Seconds in which both have heard each other over the hotwire, and one has begun."""


def booted(witness: bool, gap: float, seed: int, first: str = BETA, **options) -> World:
    """The second node has just started; `gap` seconds ago the first one."""
    world = World(cluster_config(witness=witness, interval=100, **options), seed)
    world.boot(first)
    world.run(gap)
    world.boot(next(name for name in NODES if name != first))
    return world


@pytest.mark.parametrize("preempt", [True, False])
@pytest.mark.parametrize("first", NODES)
@settings(max_examples=20)
@given(gap=st.floats(0.0, 2.9), seed=st.integers(0, 1000))
def test_the_preferred_one_begins_at_once_and_nothing_moves_after_it(first, preempt, gap, seed):
    world = booted(True, gap, seed, first, preempt=preempt)
    world.run(AT_ONCE)
    assert world.answering() == [ALPHA]
    began = world.now
    world.run(30.0)
    assert world.changes_since(began) == []


def test_without_a_hotwire_each_listens_first():
    world = booted(False, 0.0, seed=1)
    world.run(2.9)
    assert world.answering() == []
    world.run(2.0)
    assert world.answering() == [ALPHA]


def test_one_that_started_long_before_has_begun_alone():
    world = booted(True, 4.0, seed=1)
    assert world.answering() == [BETA]


@pytest.mark.parametrize("preempt", [True, False])
def test_where_the_preferred_one_lacks_a_link_the_other_one_listens_as_ever(preempt):
    world = World(cluster_config(witness=True, interval=100, preempt=preempt))
    world.plug(ALPHA, "wan", carrier=False)
    for name in NODES:
        world.boot(name)
    world.run(2.9)
    assert world.answering() == []
    world.run(2.0)
    assert world.answering() == [BETA]
