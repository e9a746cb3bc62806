"""What flashing shows meanwhile: how far, how fast, how long it will take."""

from firmware.flash.write import Progress


def test_speed_and_time_left_follow_from_what_is_done() -> None:
    progress = Progress("writing", 100_000_000)
    progress._begun = 0.0
    progress.add(25_000_000)
    assert progress._line(5.0).split() == ["writing", "25", "%", "5.0", "MB/s", "15", "s", "left"]
    progress.add(75_000_000)
    assert progress._line(10.0).split() == ["writing", "100", "%", "10.0", "MB/s", "10.0", "s"]


def test_an_empty_step_is_done_at_once() -> None:
    progress = Progress("erasing", 0)
    assert "0 %" in progress._line(1.0)
