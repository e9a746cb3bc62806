"""The daemon's part: a firmware on trial is kept for its health, or given up, and the history says why."""

import asyncio
import itertools
from pathlib import Path

import pytest

from firmware.lab.deadline import stretched
from hadaemon.daemon.health import probation
from hadaemon.daemon.health import watchdog as health
from hadaemon.daemon.health.health import Failing, Health, failing
from hadaemon.daemon.health.probation import Probation
from hadaemon.state.configuration import Configuration
from hadaemon.state.release import Release
from hadaemon.status.states import Condition
from hadaemon.upgrade.trial import Check, Trial, encode

TRIAL = Trial("B", "2.0", "A", "1.0", "an earlier life", ("hotwire",))
HOTWIRE: Failing = {Check.HOTWIRE: "the hotwire is silent"}


class Looks(Health):
    """What the checks say, one look after the other, the last one for ever."""

    good = True

    def __init__(self, *looks: Failing) -> None:
        self._left = itertools.chain(looks[:-1], itertools.repeat(looks[-1] if looks else {}))

    def failing(self) -> Failing:
        return next(self._left)


class Course:
    """What a start of the daemon asked the helper for, and what it noted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.notes: list[str] = []
        self.failures: list[str] = []
        """What the upgrade of the pair was told, before the helper was asked for anything more."""
        self.units: list[str] = []
        """The answers to `failed-units`, one after the other; then none failed."""
        for module, name, value in (
            (health, "STABLE", 0.02),
            (health, "_LOOK", 0.002),
            (health, "_RETRY", 0.002),
            (probation, "STABLE", 0.02),
            (probation, "_LOOK", 0.002),
            (probation, "PATIENCE", 0.1),
            (health, "ask_helper", self._ask),
            (probation, "ask_helper", self._ask),
        ):
            monkeypatch.setattr(module, name, value)

    async def _failed(self, why: str) -> None:
        assert "trial-back" not in self.asked
        assert "trial-over" not in self.asked
        self.failures.append(why)

    async def _ask(self, _: Path, verb: str) -> str:
        self.asked.append(verb)
        return self.units.pop(0) if verb == "failed-units" and self.units else ""

    def run(self, slot: str, trial: Trial | None, *looks: Failing) -> None:
        """`looks` come one after the other, the last one for ever."""
        if trial is not None:
            place = self.folder / "firmware"
            place.mkdir()
            (place / "trial.json").write_text(encode(trial))
        release = Release("2.0" if slot == "B" else "1.0", slot)
        judge = Probation(
            self.folder, Path("/helper"), release, Looks(*looks), self.notes.append, self._failed
        )
        asyncio.run(asyncio.wait_for(judge.run(), stretched(10)))
        assert judge.trial is None or "trial-back" in self.asked


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Course:
    return Course(monkeypatch, tmp_path)


def test_without_a_trial_the_slot_is_marked_as_ever(course: Course):
    course.run("A", None)
    assert (course.asked, course.notes) == (["mark-good"], [])


def test_a_healthy_trial_is_kept(course: Course):
    course.run("B", TRIAL, {Check.VRRP: "a port is missing"}, HOTWIRE)
    assert course.asked == ["failed-units", "mark-good"]
    assert course.notes == ["firmware 2.0 in slot B is good, and is kept"]


def test_health_must_last(course: Course):
    course.run("B", TRIAL, {}, {}, {Check.RULES: "refused"}, {})
    assert course.asked == ["failed-units", "mark-good"]


def test_units_that_failed_for_an_instant_or_still_start_are_looked_at_again(course: Course):
    course.units = ["failed: hotspare-firewall.service", "still starting: hotspare-apply.service"]
    course.run("B", TRIAL, {})
    assert course.asked == ["failed-units"] * 3 + ["mark-good"]


@pytest.mark.parametrize("check", [check for check in Check if check is not Check.HOTWIRE])
def test_a_sick_one_is_given_up_and_the_history_says_why(course: Course, check: Check):
    course.run("B", TRIAL, {check: "not well"})
    assert course.asked == ["trial-back"]
    assert course.notes == [f"firmware 2.0 in slot B is not good ({check}: not well): back to slot A"]
    assert course.failures == course.notes


def test_failed_units_are_named(course: Course):
    course.units = ["failed: hotspare-firewall.service"] * 1000
    course.run("B", TRIAL, {})
    assert course.asked[-1] == "trial-back"
    assert "units: failed: hotspare-firewall.service" in course.notes[0]


def test_the_slot_before_tells_that_the_new_one_did_not_come_up(course: Course):
    course.run("A", TRIAL)
    assert course.asked == ["trial-over", "mark-good"]
    assert course.notes == ["firmware 2.0 in slot B did not prove itself: 1.0 runs from slot A"]
    assert course.failures == course.notes


def test_a_damaged_trial_is_none(course: Course):
    (course.folder / "firmware").mkdir()
    (course.folder / "firmware" / "trial.json").write_bytes(b"\xff\0")
    course.run("B", None)
    assert (course.asked, course.notes) == (["mark-good"], [])


@pytest.mark.parametrize(
    "problems, rules, found",
    [
        ((), (), {Check.CONFIGURATION: "refused"}),
        (("node.toml: name: missing",), (), {Check.CONFIGURATION: "node.toml: name: missing"}),
        (("rules: no such table",), ("rules: no such table",), {Check.RULES: "rules: no such table"}),
    ],
)
def test_rules_that_are_refused_are_not_taken_for_a_wrong_file(
    problems: tuple[str, ...], rules: tuple[str, ...], found: Failing
) -> None:
    refused = Configuration(Condition.REFUSED, problems=problems)
    assert failing(refused, None, rules) == found
