"""The history: durable lines, torn ones, rotation, and what the recorder makes of changes."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from hadaemon.cli.main import main
from hadaemon.cluster import NodeState, StateChanged
from hadaemon.daemon.background import Background
from hadaemon.daemon.health.recorder import ENDED_SILENTLY, Recorder
from hadaemon.errors import HadaemonError
from hadaemon.io.errors import FileError
from hadaemon.io.store.history import FILE, MAX_SIZE, OLDER_FILE, Entry, History, parse

OFF, BACKUP, ACTIVE = NodeState.OFF, NodeState.BACKUP, NodeState.ACTIVE


def entry(number: int, after: str = "active") -> Entry:
    return Entry("2026-11-22T07:52:42.123+00:00", "backup", after, f"reason {number}", float(number))


def test_what_was_written_is_read_back_in_order(tmp_path: Path):
    entries = [entry(number) for number in range(3)]
    for one in entries:
        History(tmp_path).append(one)
    assert History(tmp_path).read() == entries
    assert History(tmp_path).last() == entries[-1]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o640, "the administrator's group may read it"


def test_no_history_is_an_empty_one(tmp_path: Path):
    assert History(tmp_path / "nowhere").read() == []
    assert History(tmp_path / "nowhere").last() is None


@pytest.mark.parametrize(
    "torn", [b'{"time": "2026-11-2', b"\0" * 300, b'{"time": "x\xff', b"[]", b"\0" * 300 + b"\n"]
)
def test_a_torn_last_line_is_dropped_and_costs_nothing_else(tmp_path: Path, torn: bytes):
    History(tmp_path).append(entry(1))
    with (tmp_path / FILE).open("ab") as file:
        file.write(torn)
    assert History(tmp_path).read() == [entry(1)]
    assert History(tmp_path).last() == entry(1)
    History(tmp_path).append(entry(2))
    assert History(tmp_path).read() == [entry(1), entry(2)]


def test_it_is_bounded_and_keeps_the_newest(tmp_path: Path):
    history = History(tmp_path)
    long = "because " * 100
    total = 3 * MAX_SIZE // len(long)
    for number in range(total):
        history.append(Entry("now", "backup", "active", f"{number} {long}", None))
    numbers = [int(one.reason.split()[0]) for one in history.read()]
    assert numbers == list(range(numbers[0], total))
    assert numbers[0] > 0, "the oldest are gone"
    assert len(numbers) * len(long) > MAX_SIZE
    for file in (FILE, OLDER_FILE):
        assert (tmp_path / file).stat().st_size <= MAX_SIZE


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"1",
        b"{}",
        b'{"time": 1, "before": "a", "after": "b", "reason": "c", "seconds": 1}',
        b'{"time": "t", "before": "a", "after": "b", "reason": "c", "seconds": true}',
        b'{"time": "t", "before": "a", "after": "b", "reason": "c", "seconds": "1"}',
    ],
)
def test_a_line_that_is_none_of_ours_is_no_entry(line: bytes):
    assert parse(line) is None


def test_a_newer_versions_field_does_no_harm():
    line = b'{"time": "t", "before": "a", "after": "b", "reason": "c", "seconds": 1, "moon": "full"}'
    assert parse(line) == Entry("t", "a", "b", "c", 1)


def recorded(folder: Path, changes: list[tuple[float, StateChanged]]) -> list[Entry]:
    """What a daemon leaves that saw these changes at these monotonic seconds."""
    now = 100.0

    async def scenario() -> None:
        nonlocal now
        background = Background(asyncio.get_running_loop())
        recorder = Recorder(History(folder), background, lambda: now)
        for at, change in changes:
            now = 100.0 + at
            recorder.record(change)
        await background.close()

    asyncio.run(scenario())
    return History(folder).read()


def test_each_change_has_the_time_in_the_state_before(tmp_path: Path):
    changes = [(1.5, StateChanged(OFF, BACKUP, "started")), (5.0, StateChanged(BACKUP, ACTIVE, "silence"))]
    entries = recorded(tmp_path, changes)
    assert [(one.before, one.after, one.reason, one.seconds) for one in entries] == [
        ("off", "backup", "started", 1.5),
        ("backup", "active", "silence", 3.5),
    ]


def test_a_reload_that_goes_on_is_no_change(tmp_path: Path):
    changes = [
        (1, StateChanged(OFF, ACTIVE, "first")),
        (2, StateChanged(OFF, ACTIVE, "was active before the configuration was read again")),
        (3, StateChanged(ACTIVE, OFF, "stopped")),
    ]
    assert [(one.before, one.after, one.seconds) for one in recorded(tmp_path, changes)] == [
        ("off", "active", 1.0),
        ("active", "off", 2.0),
    ]


def test_an_end_without_a_word_is_noticed_at_the_next_start(tmp_path: Path):
    recorded(tmp_path, [(1, StateChanged(OFF, ACTIVE, "first"))])
    entries = recorded(tmp_path, [])
    assert (entries[-1].before, entries[-1].after, entries[-1].seconds) == ("active", "off", None)
    assert entries[-1].reason == ENDED_SILENTLY
    assert len(recorded(tmp_path, [])) == len(entries), "told once"


def background_of(*work: Any) -> tuple[Background, list[object]]:
    """Runs pieces of work to their end; the answer has what the loop was told of."""
    told: list[object] = []

    async def scenario() -> Background:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        background = Background(loop)
        for kind, one in work:
            background.do(kind, one)
        await background.close()
        await asyncio.sleep(0)
        return background

    return asyncio.run(scenario()), told


def fail(error: Exception) -> Any:
    def work() -> None:
        raise error

    return work


def test_a_failure_is_a_problem_until_the_same_work_succeeds():
    failing = ("history", fail(FileError("disk full")))
    background, told = background_of(failing, ("memory", lambda: None))
    assert (tuple(each.text for each in background.problems), told) == (("disk full",), [])
    background, _ = background_of(failing, ("history", lambda: None))
    assert background.problems == ()


def test_a_defect_in_the_thread_reaches_the_loop():
    defect = ValueError("a defect")
    _, told = background_of(("history", fail(defect)))
    assert told == [defect]
    assert not isinstance(defect, HadaemonError)


def test_a_disk_that_does_not_answer_does_not_fill_the_memory():
    async def scenario() -> None:
        background, answers, done = Background(asyncio.get_running_loop()), threading.Event(), []
        background.do("history", answers.wait)
        for number in range(200):
            background.do("history", lambda number=number: done.append(number))
        assert any("does not answer" in problem.text for problem in background.problems)
        answers.set()
        await background.close()
        assert done == list(range(len(done)))
        assert 0 < len(done) < 100

    asyncio.run(scenario())


def test_hactl_shows_the_newest_changes_without_a_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for number in range(30):
        History(tmp_path).append(entry(number))
    assert main(["history", "--folder", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 21
    assert lines[0].split() == ["time", "change", "after", "reason"]
    assert lines[-1] == "2026-11-22 07:52:42.123 UTC  backup -> active  29 s   reason 29"
    assert main(["history", "--json", "--last", "0", "--folder", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    assert len(told["changes"]) == 30
    assert told["changes"][-1]["seconds"] == 29


def test_hactl_with_an_empty_history_and_with_nonsense(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["history", "--folder", str(tmp_path)]) == 0
    assert "no change" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["history", "--last", "-3"])
    assert ended.value.code == 2
