"""Plans, held against a small world: whatever breaks off, a whole and right configuration is there."""

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.sync.head import Head, SyncState, sync_status
from hadaemon.sync.plan import (
    Check,
    Commit,
    End,
    ReadBack,
    Side,
    may_follow,
    next_head,
    nothing_to_do,
    plan,
    refusal,
    roles_change,
)

OFFICE, OTHER = "1" * 32, "2" * 32
NEW = "f" * 32
A, B, C = "a" * 64, "b" * 64, "c" * 64

ids = st.sampled_from(["", OFFICE, OTHER])
digests = st.sampled_from(["", A, B, C])


@st.composite
def sides(draw: st.DrawFn, name: str) -> Side:
    found = draw(digests)
    if not found:
        return Side(name, Head())
    cluster_id = draw(ids)
    generation = draw(st.integers(min_value=1 if cluster_id else 0, max_value=5))
    return Side(name, Head(cluster_id, generation, found), draw(st.sampled_from(["alpha", "beta"])))


@dataclass
class World:
    """What is on the two disks."""

    heads: dict[End, Head]
    checked: set[End]

    def do(self, step: Check | Commit | ReadBack) -> None:
        match step:
            case Check(end):
                self.checked.add(end)
            case Commit(end, head):
                assert end in self.checked, "committed without a check"
                self.heads[end] = head
            case ReadBack(end, digest):
                assert self.heads[end].digest == digest


@given(sides("alpha"), sides("beta"), st.booleans())
def test_a_plan_makes_both_equal_and_a_kill_at_any_step_leaves_the_old_or_the_new(
    source: Side, target: Side, overwrite: bool
):
    if refusal(source, target, overwrite) or nothing_to_do(source, target):
        return
    steps = plan(source, target, NEW)
    for done in range(len(steps) + 1):
        world = World({End.SOURCE: source.head, End.TARGET: target.head}, set())
        for step in steps[:done]:
            world.do(step)
        assert world.heads[End.SOURCE].digest == source.head.digest, (
            "a sync never changes the source's content"
        )
        assert world.heads[End.TARGET].digest in (source.head.digest, target.head.digest)
        # Whoever tries again after the kill is not refused, and ends where the first attempt would have.
        again = replace(source, head=world.heads[End.SOURCE]), replace(target, head=world.heads[End.TARGET])
        if not nothing_to_do(*again):
            assert refusal(*again, overwrite) is None
            for step in plan(*again, NEW):
                world.do(step)
        assert world.heads[End.SOURCE] == world.heads[End.TARGET]
        assert world.heads[End.SOURCE].cluster_id
    first_commit = next(position for position, step in enumerate(steps) if isinstance(step, Commit))
    assert not any(isinstance(step, Check) for step in steps[first_commit:]), "checked too late"
    assert isinstance(steps[-1], ReadBack)


@given(sides("alpha"), sides("beta"), st.booleans())
def test_a_fresh_node_never_overwrites_a_cluster(source: Side, target: Side, overwrite: bool):
    if source.head.fresh and not target.head.fresh:
        assert refusal(source, target, overwrite)


@given(sides("alpha"), sides("beta"))
def test_a_number_never_goes_back_nor_means_two_configurations(source: Side, target: Side):
    if refusal(source, target) or nothing_to_do(source, target):
        return
    commits = [step for step in plan(source, target, NEW) if isinstance(step, Commit)]
    for step in commits:
        assert step.head.generation >= source.head.generation
        if source.head.digest != target.head.digest and target.head.cluster_id == step.head.cluster_id:
            assert step.head.generation > target.head.generation


def test_the_initialised_spare_that_overwrote_its_master():
    """The third source's disaster, whatever the fresh box believes about who is the master."""
    fresh = Head("", 0, B)
    for theirs, ours in itertools.product((Head(OFFICE, 42, A), Head("", 0, A)), ("alpha", "beta")):
        spare, master = Side("beta", fresh, ours), Side("alpha", theirs, "alpha")
        assert refusal(spare, master, overwrite_newer=True)
    founded_its_own = Side("beta", Head(OTHER, 1, B), "beta")
    for theirs in (Head(OFFICE, 42, A), Head("", 0, A)):
        assert refusal(founded_its_own, Side("alpha", theirs, "alpha"), overwrite_newer=True)


@pytest.mark.parametrize(
    "source,target,words",
    [
        (Side("alpha", Head(OFFICE, 3, A), "alpha"), Side("beta", Head(OFFICE, 4, B), "alpha"), "newer"),
        (Side("alpha", Head(OFFICE, 3, A), "alpha"), Side("alpha", Head()), "both nodes are called alpha"),
        (Side("alpha", Head()), Side("beta", Head()), "no cluster configuration"),
        (Side("alpha", Head(OFFICE, 3, A), "alpha"), Side("beta", Head(OTHER, 1, B), "alpha"), "different"),
        (Side("beta", Head("", 0, A), "alpha"), Side("alpha", Head()), "never been master"),
    ],
)
def test_a_refusal_says_why(source: Side, target: Side, words: str):
    assert words in (refusal(source, target) or "")


def test_the_older_one_can_be_made_right_deliberately():
    old, new = Side("alpha", Head(OFFICE, 3, A), "alpha"), Side("beta", Head(OFFICE, 7, B), "alpha")
    assert refusal(old, new, overwrite_newer=True) is None
    last = plan(old, new, NEW)[-2]
    assert last == Commit(End.TARGET, Head(OFFICE, 8, A))


def test_only_a_master_founds():
    assert next_head(Head("", 0, A), B, True, NEW) == Head(NEW, 1, B)
    assert next_head(Head("", 3, A), B, False, NEW) == Head("", 4, B)
    assert next_head(Head(OFFICE, 3, A), B, False, NEW) == Head(OFFICE, 4, B)


def test_what_this_node_never_had_is_not_replaced_by_itself():
    assert may_follow(Head(OFFICE, 3, A), {A, B}, OFFICE) is None
    assert may_follow(Head(), set(), OFFICE) is None
    assert "never had" in (may_follow(Head(OFFICE, 4, C), {A, B}, OFFICE) or "")
    assert "another cluster" in (may_follow(Head(OTHER, 4, A), {A, B}, OFFICE) or "")


def test_roles_that_change_are_told():
    source = Side("beta", Head(OFFICE, 3, A), "beta")
    assert roles_change(source, Side("alpha", Head(OFFICE, 2, B), "alpha")) == (
        "the roles change over: beta becomes the master, alpha the spare"
    )
    assert roles_change(source, Side("alpha", Head(OFFICE, 2, B), "beta")) is None
    assert roles_change(source, Side("alpha", Head())) is None


@pytest.mark.parametrize(
    "paired,own,peer,state,words",
    [
        (False, Head(), None, SyncState.ERROR, "keys"),
        (True, Head(OFFICE, 2, A), None, SyncState.ERROR, "cannot be reached"),
        (True, Head(OFFICE, 2, A), Head(OFFICE, 2, A), SyncState.SYNCHRONIZED, "generation 2"),
        (True, Head(OFFICE, 2, A), Head(), SyncState.PENDING, "this node is newer"),
        (True, Head(OFFICE, 2, A), Head(OFFICE, 4, B), SyncState.PENDING, "the peer is newer"),
        (True, Head("", 0, A), Head("", 0, B), SyncState.PENDING, "they were never the same"),
        (True, Head(OFFICE, 1, A), Head("", 1, B), SyncState.PENDING, "they were never the same"),
        (True, Head(OFFICE, 1, A), Head(OFFICE, 1, B), SyncState.PENDING, "they were never the same"),
        (True, Head(OFFICE, 2, A), Head(OFFICE, 2, B), SyncState.PENDING, "have changed since generation 1"),
        (True, Head(OFFICE, 4, A), Head(OFFICE, 4, B), SyncState.PENDING, "both nodes have changed"),
        (True, Head(OFFICE, 4, A), Head(OTHER, 4, B), SyncState.PENDING, "different clusters"),
    ],
)
def test_the_state(paired: bool, own: Head, peer: Head | None, state: SyncState, words: str):
    found = sync_status(paired, own, peer)
    assert found.state is state
    assert words in found.reason
