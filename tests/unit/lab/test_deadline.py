"""Waiting has an end, and one multiplier stretches it."""

import pytest

from firmware.lab.deadline import MULTIPLIER_VARIABLE, Deadline, timeout_multiplier, wait_until
from firmware.lab.errors import DeadlineExceeded, LabError


def test_the_multiplier_stretches_every_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MULTIPLIER_VARIABLE, raising=False)
    assert timeout_multiplier() == 1
    monkeypatch.setenv(MULTIPLIER_VARIABLE, "2.5")
    assert Deadline(10).seconds == 25


@pytest.mark.parametrize("text", ["fast", "0", "-1", "nan", ""])
def test_a_multiplier_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MULTIPLIER_VARIABLE, text)
    with pytest.raises(LabError, match="not a time-out multiplier") as caught:
        timeout_multiplier()
    assert caught.value.where == MULTIPLIER_VARIABLE


def test_waiting_ends_as_soon_as_the_condition_holds() -> None:
    answers = iter([False, False, True])
    wait_until(lambda: next(answers), Deadline(60), "the third answer", interval=0)


def test_waiting_in_vain_says_what_for_and_how_things_stand() -> None:
    with pytest.raises(DeadlineExceeded, match="a miracle did not happen") as caught:
        wait_until(lambda: False, Deadline(0), "a miracle", "here", explain=lambda: "still grey")
    assert caught.value.where == "here"
    assert caught.value.todo == "still grey"
