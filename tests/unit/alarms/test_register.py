"""Problems that come and go, over simulated time: raised once, kept while they flap, cleared when over."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hadaemon.alarms.model import Alarm, State, as_json, as_text, from_json
from hadaemon.alarms.register import FLAP_PATIENCE, MAX_ACTIVE, MAX_RECENT, MAX_TEXT, AlarmRegister, restored
from hadaemon.problems import Problem, Severity, kinds

LAN = Problem(kinds.LINK_DOWN, "lan", "port lan: no carrier")
"""Raised after 1 s, cleared after 30 s."""
PEER = Problem(kinds.PEER_DEAD, "", "gone")


def time(now: float) -> str:
    return f"2026-01-01T00:00:{now:09.3f}+00:00"


def feed(register: AlarmRegister, now: float, *present: Problem) -> list[tuple[str, State]]:
    return [(alarm.kind, alarm.state) for alarm in register.update(present, now, time(now))]


def test_raised_once_and_cleared_once():
    register = AlarmRegister()
    assert feed(register, 0.0, LAN) == []
    assert feed(register, 0.5, LAN) == []
    assert feed(register, 1.0, LAN) == [("link-down", State.RAISED)]
    assert feed(register, 2.0, LAN) == []
    assert [alarm.raised_at for alarm in register.active] == [time(1.0)]
    assert feed(register, 31.9) == []
    assert feed(register, 32.0) == [("link-down", State.CLEARED)]
    assert register.active == ()
    (over,) = register.recent
    assert (over.raised_at, over.cleared_at) == (time(1.0), time(32.0))


def test_what_is_shorter_than_its_time_was_nothing():
    register = AlarmRegister()
    for at in range(20):
        assert feed(register, at * 1.5, LAN) == []
        assert feed(register, at * 1.5 + 0.7) == []
    assert register.recent == ()


def test_what_flaps_is_one_alarm():
    register = AlarmRegister()
    feed(register, 0.0, LAN)
    told = feed(register, 1.0, LAN)
    for at in range(2, 200):
        told += feed(register, float(at), *([LAN] if at % 20 < 5 else []))
    assert told == [("link-down", State.RAISED)]
    assert [alarm.kind for alarm in register.active] == ["link-down"]


def test_what_flaps_slowly_waits_longer_to_be_cleared():
    """The third alarm within an hour is cleared 20 times as late."""
    register, now, told = AlarmRegister(), 0.0, []
    while now < 3000.0:
        told += feed(register, now, *([LAN] if now % 60 < 20 else []))
        now += 1.0
    assert [state for _, state in told].count(State.RAISED) == 3
    assert feed(register, now + 30 * FLAP_PATIENCE) == [("link-down", State.CLEARED)]


def test_worse_is_told_and_another_text_is_not():
    register = AlarmRegister()
    disk = Problem(kinds.DISK_FULL, "/data", "86 %")
    assert feed(register, 0.0, disk) == [("disk-full", State.RAISED)]
    assert feed(register, 1.0, Problem(kinds.DISK_FULL, "/data", "87 %")) == []
    assert register.active[0].text == "87 %"
    (worse,) = register.update([Problem(kinds.DISK_FULL, "/data", "96 %", Severity.MAJOR)], 2.0, time(2.0))
    assert (worse.severity, worse.raised_at) == (Severity.MAJOR, time(0.0))


def test_bounded():
    register = AlarmRegister()
    many = [Problem(kinds.DUPLICATE, str(n), "x" * 10_000) for n in range(3 * MAX_ACTIVE)]
    register.update(many, 0.0, time(0.0))
    assert len(register.active) == MAX_ACTIVE
    assert {len(alarm.text) for alarm in register.active} == {MAX_TEXT}
    register.update([], 10_000.0, time(0.0))
    assert len(register.recent) == MAX_RECENT


def test_after_a_restart_what_was_raised_is_raised_until_it_is_seen_to_be_over():
    register = AlarmRegister()
    feed(register, 0.0, LAN, PEER)
    feed(register, 2.0, LAN, PEER)
    again = restored(json.loads(json.dumps(register.as_json())), 100.0)
    assert again.active == register.active
    assert feed(again, 100.0, LAN) == []
    assert feed(again, 130.0, LAN) == [("peer-dead", State.CLEARED)]
    assert again.recent[0].raised_at == time(2.0)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["link-down", "major"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["schema", "active", "recent", "kind", "severity", "cleared_at"]), inner
            )
        ),
    )
)
def test_a_damaged_file_is_no_alarm(raw: object):
    assert restored(raw, 0.0).active == ()


@given(st.lists(st.tuples(st.floats(0.1, 50.0), st.booleans(), st.booleans()), max_size=60))
def test_raised_and_cleared_take_turns_in_any_history(steps: list[tuple[float, bool, bool]]):
    register, now = AlarmRegister(), 0.0
    told: dict[str, list[State]] = {"link-down": [], "peer-dead": []}
    for pause, lan, peer in steps:
        now += pause
        for kind, state in feed(register, now, *([LAN] if lan else []), *([PEER] if peer else [])):
            told[kind].append(state)
    for kind, states in told.items():
        assert all(one is not two for one, two in pairwise(states))
        assert states[:1] in ([], [State.RAISED])
        active = kind in [alarm.kind for alarm in register.active]
        assert active == (bool(states) and states[-1] is State.RAISED)


def test_the_words_of_an_alarm():
    alarm = Alarm("link-down", "lan", Severity.MAJOR, "port lan: no carrier", time(1.0))
    assert as_text(alarm, "alpha") == (
        f"alarm raised severity=major id=alpha/link-down/lan raised_at={time(1.0)}: port lan: no carrier"
    )
    assert alarm.syslog == 2, "RFC 5674: critical"
    assert from_json(as_json(alarm)) == alarm


def test_kinds_have_words_of_their_own():
    words = [kind.word for kind in kinds.KINDS]
    assert len(set(words)) == len(words)
