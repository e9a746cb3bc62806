"""Where the power goes, and the disk of that instant."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.power.cuts import SECTOR, Cut, Interval, Kept, choose, intervals
from tests.power.replay import Replay
from tests.power.writes import Entry, Flag, Recording
from tests.unit.power.test_writes import recorded

NONE = Flag(0)
FLUSH = (0, int(Flag.FLUSH), b"")


def entry(flags: Flag = NONE, sectors: int = 1) -> Entry:
    return Entry(0, sectors * SECTOR, flags, 0)


def flushed() -> Entry:
    return Entry(0, 0, Flag.FLUSH, 0)


def test_intervals_lie_between_flushes() -> None:
    entries = [entry(), flushed(), entry(), entry(), flushed(), entry()]
    assert list(intervals(entries)) == [Interval(0, 1), Interval(1, 4), Interval(4, 6)]
    assert list(intervals(entries, 2)) == [Interval(1, 4), Interval(4, 6)]


histories = st.lists(
    st.builds(
        lambda flush, fua, sectors: flushed() if flush else entry(Flag.FUA if fua else NONE, sectors),
        st.booleans(),
        st.booleans(),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=40,
)


@given(histories, st.integers(1, 60), st.integers(0, 9))
def test_a_cut_keeps_what_was_durable_and_never_more_than_was_written(
    entries: Sequence[Entry], count: int, seed: int
) -> None:
    cuts = choose(entries, 0, count, seed)
    assert len(cuts) == count
    assert cuts == choose(entries, 0, count, seed), "the seed decides"
    assert cuts == sorted(cuts, key=lambda cut: cut.interval.before), "a replay goes forward only"
    for cut in cuts:
        indexes = [kept.index for kept in cut.kept]
        assert indexes == sorted(set(indexes))
        assert all(cut.interval.before <= index < cut.interval.end for index in indexes)
        assert not any(
            entries[at].flags & Flag.FLUSH for at in range(cut.interval.before + 1, cut.interval.end)
        )
        for kept in cut.kept:
            assert 0 < kept.size <= entries[kept.index].size
            assert kept.size % SECTOR == 0
            if entries[kept.index].flags & Flag.FUA:
                assert kept.size == entries[kept.index].size


def test_what_a_cut_keeps_is_taken_back_and_the_replay_goes_on(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(b"." * 8 * SECTOR)
    log = recorded(
        tmp_path / "log",
        *(
            (0, 0, b"a" * 2 * SECTOR),
            FLUSH,
            (1, 0, b"b" * 2 * SECTOR),
            (5, Flag.DISCARD, b"-" * SECTOR),
            FLUSH,
        ),
    )
    recording = Recording(log)
    replay = Replay(disk, recording, list(recording.entries()))

    def now() -> str:
        sectors = disk.read_bytes()[::SECTOR]
        return sectors.replace(b"\0", b"0").decode()

    with replay.at(Cut(Interval(0, 1), ())):
        assert now() == "........"
    before = replay.stamp(0, SECTOR)
    with replay.at(Cut(Interval(1, 4), (Kept(2, SECTOR), Kept(3, SECTOR)))):
        assert now() == "ab...0.."
        assert replay.stamp(0, SECTOR) != before
    assert now() == "aa......"
    with replay.at(Cut(Interval(4, 5), ())):
        assert now() == "abb..0.."
    replay.close()
    recording.close()
