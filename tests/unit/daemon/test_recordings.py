"""What was accepted is never accepted again, whatever happens to the node that heard it; and whoever goes on
is heard again."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.daemon.ports.sequences import Sequences
from hadaemon.io.store import mark_file
from hadaemon.io.store.mark_file import MarkFile
from hadaemon.io.store.sequence_file import SequenceFile
from hadaemon.vrrp import (
    IPV4_GROUP,
    TTL,
    Advertisement,
    Centiseconds,
    Discard,
    Epoch,
    Priority,
    SignatureMode,
    Signatures,
    Signer,
    Verifier,
    Vrid,
    decode,
    encode,
)
from hadaemon.vrrp.bounds import STEP, Bounds, BoundStep, step_of

SIGNATURES = Signatures(SignatureMode.ENFORCE, 1, {1: bytes(32)})
VRID = Vrid(51)
SOURCES = [IPv4Address("192.0.2.2"), IPv4Address("192.0.2.3")]
SAID = Advertisement(VRID, Priority(254), Centiseconds(100), (IPv4Address("192.0.2.1"),))
STEP_HERE = step_of(routers=1, interval=1.0)


@dataclass
class Sender:
    """Somebody who goes on, and all that was ever recorded of him."""

    source: IPv4Address
    epoch: int = 1
    recorded: list[bytes] = field(default_factory=list)
    accepted: int = 0
    """So many of the recordings are no newer than one that was accepted."""
    uncovered_from: int = 0
    """The same, as it was when the write that is under way was asked for."""

    def __post_init__(self) -> None:
        self.signer = Signer(SIGNATURES, Epoch(self.epoch))

    def begin_anew(self) -> None:
        self.epoch += 3
        self.signer = Signer(SIGNATURES, Epoch(self.epoch))

    def speak(self) -> bytes:
        self.recorded.append(encode(SAID, self.source, IPV4_GROUP, authentication=self.signer))
        return self.recorded[-1]


class Receiver:
    """A node whose daemon crashes and whose power is cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boot = 0
        self.waiting: list[Callable[[], None]] = []
        self.senders = [Sender(source) for source in SOURCES]
        self.now = 0.0
        self.begin()

    def begin(self) -> None:
        (self.folder / "boot_id").write_text(str(UUID(int=self.boot + 1)))
        self.sequences = Sequences(
            SequenceFile(self.folder / "disk"),
            MarkFile(self.folder),
            lambda _, work: self.waiting.append(work),
        )
        self.verifier = Verifier(SIGNATURES, [VRID], self.sequences.heard(STEP_HERE))
        self.sequences.signer(SIGNATURES)
        for sender in self.senders:
            sender.uncovered_from = sender.accepted

    def write(self) -> None:
        """The disk has done what it was asked for."""
        for work in self.waiting:
            work()
        self.waiting.clear()
        for sender in self.senders:
            sender.uncovered_from = sender.accepted

    def takes(self, sender: Sender, packet: bytes) -> bool:
        """Whether it is accepted."""
        try:
            decode(packet, sender.source, IPV4_GROUP, TTL, authentication=self.verifier)
        except Discard:
            return False
        assert self.verifier.latest is not None
        covered = not self.waiting
        self.sequences.note(*self.verifier.latest, self.now)
        sender.accepted = sender.recorded.index(packet) + 1
        if covered and not self.waiting:
            sender.uncovered_from = sender.accepted
        return True

    def hear(self, sender: Sender) -> bool:
        self.now += 1
        return self.takes(sender, sender.speak())

    def replay(self, sender: Sender) -> None:
        """All that is no newer than what was accepted."""
        for packet in sender.recorded[: sender.accepted]:
            assert not self.takes(sender, packet)

    def crash(self) -> None:
        """What the disk did not yet do is lost."""
        self.waiting.clear()
        self.sequences._mark_file.close()
        self.begin()

    def end(self) -> None:
        asyncio.run(self.sequences.close())
        self.write()
        self.begin()

    def cut(self) -> None:
        """What the disk was not yet asked for or did not do is lost."""
        self.waiting.clear()
        self.sequences._mark_file.close()
        self.boot += 1
        for sender in self.senders:
            sender.accepted = sender.uncovered_from
        self.begin()


@contextmanager
def receiver() -> Iterator[Receiver]:
    with tempfile.TemporaryDirectory() as folder, patch("os.fsync"):
        place = Path(folder)
        (place / "disk").mkdir()
        with patch.object(mark_file, "_BOOT_ID", place / "boot_id"):
            subject = Receiver(place)
            yield subject
            subject.sequences._mark_file.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hear", "hear", "hear", "write", "write", "crash", "end", "cut", "anew", "replay"]),
        st.sampled_from([0, 1]),
        st.integers(1, 12),
    ),
    max_size=40,
)


@settings(max_examples=150)
@given(STEPS)
def test_nothing_that_was_accepted_is_accepted_again(steps: list[tuple[str, int, int]]) -> None:
    """A write that is under way when the power is cut takes with it what it was to cover, and no more."""
    with receiver() as node:
        for what, which, count in steps:
            sender = node.senders[which]
            match what:
                case "hear":
                    for _ in range(count):
                        node.hear(sender)
                case "anew":
                    sender.begin_anew()
                case "replay":
                    node.replay(sender)
                case _:
                    getattr(node, what)()
        for sender in node.senders:
            node.replay(sender)


@pytest.mark.parametrize("way", ["crash", "end"])
def test_who_goes_on_is_heard_at_once_by_a_daemon_that_begins_anew(way: str) -> None:
    with receiver() as node:
        assert all(node.hear(node.senders[0]) for _ in range(25))
        getattr(node, way)()
        node.replay(node.senders[0])
        assert node.hear(node.senders[0])


@settings(max_examples=50)
@given(st.integers(1, 60))
def test_a_power_cut_in_a_write_costs_nothing_of_who_goes_on(heard: int) -> None:
    with receiver() as node:
        sender = node.senders[0]
        for _ in range(heard):
            node.hear(sender)
            node.write()
        node.hear(sender)
        node.cut()
        assert not any(node.takes(sender, packet) for packet in sender.recorded)


@settings(max_examples=50)
@given(st.integers(1, 60))
def test_who_goes_on_is_heard_within_a_step_after_a_power_cut(heard: int) -> None:
    with receiver() as node:
        sender = node.senders[0]
        for _ in range(heard):
            assert node.hear(sender)
            node.write()
        node.cut()
        node.replay(sender)
        missed = next(number for number in range(1000) if node.hear(sender))
        assert missed <= STEP_HERE.ahead == STEP


def test_a_whole_hour_of_recordings_is_of_no_use_after_a_crash_and_after_a_power_cut() -> None:
    with receiver() as node:
        sender = node.senders[0]
        for _ in range(3600):
            assert node.hear(sender)
            node.write()
        for way in (node.crash, node.cut):
            way()
            node.replay(sender)


def test_a_step_is_ten_seconds_or_two_rounds() -> None:
    assert step_of(routers=3, interval=1.0) == BoundStep(ahead=30, round=3)
    assert step_of(routers=2, interval=0.01) == BoundStep(ahead=2000, round=2)
    assert step_of(routers=2, interval=40.95) == BoundStep(ahead=4, round=2)


def by_clock(seconds: float) -> int:
    """As keepalived makes a sequence: seconds, fraction, counter."""
    return 1_700_000_000 + int(seconds) << 32 | int(seconds % 1 * 65536) << 16 | 7


PEER = (51, SOURCES[0])


@pytest.mark.parametrize("running", [0, 10_000_000])
def test_a_sender_with_a_clock_is_known_by_it_and_costs_one_write_a_step(running: int) -> None:
    """However long the machine has been running, in seconds."""
    bounds = Bounds(STEP_HERE)
    writes = []
    for tick in range(10, 6000):
        now = running + tick / 10 + 0.037
        if bounds.advance(PEER, by_clock(now), now):
            bound = bounds.reserve()[PEER]
            writes.append(now)
            assert by_clock(now) < bound <= by_clock(now + STEP)
    assert len([moment for moment in writes if moment > running + 3]) <= 600 / STEP * 1.5


def test_who_counts_is_never_taken_for_a_clock() -> None:
    """Not at a reload each second, and not after a long silence."""
    bounds = Bounds(STEP_HERE)
    now = 0.0
    for epoch in range(100):
        for count in range(1, 50):
            now += 0.01 + epoch
            bounds.advance(PEER, 1000 + epoch << 32 | count, now)
            assert bounds.reserve()[PEER] == 1000 + epoch << 32 | count + STEP_HERE.ahead


def test_a_sender_that_counts_in_place_of_one_with_a_clock_gets_its_near_bound_back() -> None:
    bounds = Bounds(STEP_HERE)
    for now in (0.5, 1.5, 2.5):
        bounds.advance(PEER, by_clock(now), now)
        bounds.reserve()
    epoch = 1_700_000_500
    for count in range(1, 6):
        if bounds.advance(PEER, epoch << 32 | count, 400.0 + count):
            stored = bounds.reserve()[PEER]
    assert stored - (epoch << 32) <= 5 + STEP_HERE.ahead


def test_a_sender_counts_after_all_if_its_epoch_stays_for_longer_than_two_seconds() -> None:
    """It has counted further than any of ours in a moment: it was taken for one with a clock."""
    bounds = Bounds(STEP_HERE)
    bounds.advance(PEER, 1000 << 32, 0.0)
    last = 1001 << 32 | 20_000
    bounds.advance(PEER, last, 0.0)
    assert bounds.reserve()[PEER] == last + (int(STEP) << 32)
    bounds.advance(PEER, last + 1, 2.1)
    assert bounds.reserve()[PEER] == last + 1 + STEP_HERE.ahead


def test_the_disk_is_written_when_three_quarters_of_a_step_are_over() -> None:
    bounds = Bounds(BoundStep(ahead=40, round=1))
    writes = []
    for count in range(1, 100):
        if bounds.advance(PEER, 1000 << 32 | count, count):
            bounds.reserve()
            writes.append(count)
    assert writes == [1, 32, 63, 94]


def test_a_bound_goes_round_with_the_sequences() -> None:
    bounds = Bounds(BoundStep(ahead=40, round=1))
    bounds.advance(PEER, (1 << 64) - 3, 0.0)
    assert bounds.reserve()[PEER] == 37
