"""Roles that change at any time, with two kernels as a model: no connection vanishes from both."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.conntrack.course import Counts, Course, CourseStep

CONNECTIONS = frozenset(range(1000))
TICK = 0.1


@dataclass
class Node:
    """A kernel, its conntrackd, and the steps that it is told."""

    course: Course
    kernel: set[int] = field(default_factory=set)
    cache: set[int] = field(default_factory=set)
    """conntrackd's internal one: what ends here and is in it is told to the other node."""
    flushing: list[tuple[float, int]] = field(default_factory=list)
    """What a flush of the kernel's table has still to take, and when."""
    counted: int = 0
    """What the other node was told last."""

    def turn(self, peer: "Node", flush_seconds: float, now: float) -> None:
        while self.flushing and self.flushing[0][0] <= now:
            _, entry = self.flushing.pop(0)
            self.kernel.discard(entry)
            if entry in self.cache:
                self.cache.discard(entry)
                peer.kernel.discard(entry)
        step = self.course.due(now)
        counts = Counts(len(self.kernel), peer.counted)
        match step:
            case CourseStep.LEARN:
                self.cache = set(self.kernel)
            case CourseStep.SEND:
                peer.kernel |= self.cache
            case CourseStep.ASK:
                self.kernel |= peer.cache
            case CourseStep.EMPTY:
                self.cache = set()
                each = flush_seconds / len(
                    CONNECTIONS
                )  # By conntrackd's taking in one event after the other.
                self.flushing = [(now + number * each, entry) for number, entry in enumerate(self.kernel)]
            case CourseStep.HOLD:
                return self.course.held(peer.course.active and peer.course.complete, now)
            case CourseStep.DRAIN:
                return self.course.drained(counts, now)
            case CourseStep.COMPARE:
                return self.course.compared(counts, now)
            case None:
                return None
        return self.course.done(now)

    def restart(self, now: float) -> None:
        """A new conntrackd learns the kernel's table; nobody listens any more to what was being emptied."""
        self.kernel -= {entry for _, entry in self.flushing}
        self.flushing, self.cache = [], set(self.kernel)
        self.course.restarted(now)


def play(events: list[tuple[float, str]], flush_seconds: float) -> tuple[Node, Node]:
    """The first is active and has all. Then, each so many seconds after the one before: "roles" change, or
    conntrackd starts anew on the "active" or the "spare"."""
    active = Node(Course(True, 0.0), set(CONNECTIONS), set(CONNECTIONS))
    spare = Node(Course(False, 0.0))
    now, end = 0.0, 60.0
    for pause, event in [(0.0, "roles"), *events, (120.0, "end")]:
        end += pause
        while now < end:
            now += TICK
            for node, peer in ((active, spare), (spare, active)):
                node.turn(peer, flush_seconds, now)
                if int(now) != int(now - TICK):
                    node.counted = len(node.kernel)
        match event:
            case "roles":
                active, spare = spare, active
                for node in (active, spare):
                    node.course.became(node is active, now)
            case "active":
                active.restart(now)
            case "spare":
                spare.restart(now)
    return active, spare


def flips(*pauses: float) -> list[tuple[float, str]]:
    """The roles change after each of these times."""
    return [(pause, "roles") for pause in pauses]


PAUSES = st.floats(0.1, 3.0) | st.floats(0.1, 40.0)
EVENTS = st.tuples(PAUSES, st.sampled_from(["roles", "roles", "active", "spare"]))


@given(st.lists(EVENTS, max_size=8), st.floats(0.1, 8.0))
def test_whatever_happens_both_have_all_in_the_end(
    events: list[tuple[float, str]], flush_seconds: float
) -> None:
    active, spare = play(events, flush_seconds)
    assert len(active.kernel) == len(spare.kernel) == len(CONNECTIONS)
    assert spare.course.complete


def test_three_changes_while_the_table_is_emptied() -> None:
    """The second one makes a new course, and the table is still being emptied when the third comes."""
    active, spare = play(flips(2.0, 1.0, 1.0), 8.0)
    assert active.kernel == spare.kernel == CONNECTIONS


def test_conntrackd_starts_anew_on_a_node_that_lacks_connections() -> None:
    """The other one, which has them, may not empty its table for that."""
    active, spare = play([*flips(2.0), (1.0, "active")], 1.0)
    assert active.kernel == spare.kernel == CONNECTIONS


@pytest.mark.parametrize("pause", [1.2, 1.7, 2.5, 4.0])
def test_back_while_the_table_is_emptied(pause: float) -> None:
    """As a busy machine did it: 200,000 connections were gone from both."""
    active, spare = play(flips(pause), 4.0)
    assert active.kernel == spare.kernel == CONNECTIONS
