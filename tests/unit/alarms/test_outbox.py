"""One way out, over simulated time: what is told is what is true, at a bearable pace."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.alarms.model import Alarm, State
from hadaemon.alarms.outbox import FIRST_RETRY, LAST_RETRY, MAIL_PACE, MAX_WAITING, WEBHOOK_PACE, Outbox, Pace
from hadaemon.problems import Severity

FAST = Pace(1, 1000, 1.0)
LAN = Alarm("link-down", "lan", Severity.MAJOR, "no carrier", "2026-01-01T00:00:01+00:00")
WAN = replace(LAN, resource="wan")
HOTWIRE = Alarm("hotwire-down", "", Severity.MAJOR, "no carrier", "2026-01-01T00:00:02+00:00", pair=True)
TAKEN = Alarm("became-active", "", Severity.WARNING, "x", "2026-01-01T00:00:03+00:00", event=True, pair=True)
TIME = "2026-01-01T01:00:00+00:00"


def send(outbox: Outbox, now: float) -> list[tuple[str, State, bool]]:
    """All that is due, sent."""
    found = []
    while notices := outbox.due(now):
        outbox.sent(notices, now)
        found += [(each.alarm.kind, each.alarm.state, each.reminder) for each in notices]
    return found


def test_raised_then_cleared_each_once():
    outbox = Outbox(FAST)
    outbox.take([LAN], [], TIME)
    assert send(outbox, 0.0) == [("link-down", State.RAISED, False)]
    outbox.take([LAN], [], TIME)
    assert send(outbox, 1.0) == []
    over = replace(LAN, cleared_at="2026-01-01T00:05:00+00:00")
    outbox.take([], [over], TIME)
    (notice,) = outbox.due(2.0)
    assert notice.alarm == over
    assert send(outbox, 2.0) == [("link-down", State.CLEARED, False)]
    outbox.take([], [over], TIME)
    assert send(outbox, 3.0) == []


def test_what_came_and_went_while_nothing_could_be_sent_is_not_sent():
    outbox = Outbox(FAST)
    outbox.take([LAN], [], TIME)
    outbox.failed("no route", 0.0, 0.0)
    outbox.take([], [replace(LAN, cleared_at=TIME)], TIME)
    assert (send(outbox, 1000.0), outbox.waiting) == ([], 0)


def test_a_failure_is_tried_again_later_and_later():
    outbox, now, pauses = Outbox(FAST), 0.0, []
    outbox.take([LAN], [], TIME)
    for _ in range(12):
        assert outbox.due(now)
        outbox.failed("refused", now, 1.0)
        at = outbox.next_at(now)
        assert at is not None
        assert not outbox.due(at - 0.01)
        pauses.append(at - now)
        now = at
    assert pauses[0] == FIRST_RETRY
    assert pauses[-1] == LAST_RETRY
    assert pauses == sorted(pauses)
    assert (outbox.failure, outbox.waiting) == ("refused", 1)
    assert send(outbox, now) == [("link-down", State.RAISED, False)]
    assert outbox.failure == ""


def test_less_than_the_minimum_is_not_sent_and_what_becomes_so_is_over():
    outbox = Outbox(FAST, minimum=Severity.MAJOR)
    minor = replace(LAN, severity=Severity.MINOR)
    outbox.take([minor], [TAKEN], TIME)
    assert send(outbox, 0.0) == []
    outbox.take([LAN], [], TIME)
    assert send(outbox, 0.0) == [("link-down", State.RAISED, False)]
    outbox.take([minor], [], TIME)
    (notice,) = outbox.due(1.0)
    assert notice.alarm.cleared_at == TIME


def test_reminders():
    outbox = Outbox(FAST, reminder=600.0)
    outbox.take([LAN], [], TIME)
    send(outbox, 0.0)
    assert outbox.next_at(0.0) == 600.0
    assert send(outbox, 599.0) == []
    assert send(outbox, 600.0) == [("link-down", State.RAISED, True)]
    assert send(outbox, 601.0) == []


def test_the_backup_leaves_to_the_active_what_both_see():
    outbox = Outbox(FAST)
    outbox.take([LAN, HOTWIRE], [], TIME, quiet=True)
    assert send(outbox, 0.0) == [("link-down", State.RAISED, False)]
    outbox.take([LAN, HOTWIRE], [], TIME, quiet=False)
    assert send(outbox, 1.0) == [("hotwire-down", State.RAISED, False)]
    outbox.take([], [replace(HOTWIRE, cleared_at=TIME)], TIME, quiet=True)
    told = send(outbox, 2.0)
    assert ("hotwire-down", State.CLEARED, False) in told, "who raised it clears it"


def test_an_event_is_told_once():
    outbox = Outbox(FAST)
    for _ in range(3):
        outbox.take([], [TAKEN], TIME)
    assert send(outbox, 0.0) == [("became-active", State.EVENT, False)]
    outbox.take([], [TAKEN], TIME)
    assert send(outbox, 1.0) == []


def test_events_that_wait_are_bounded():
    outbox = Outbox(FAST)
    events = [replace(TAKEN, raised_at=str(n)) for n in range(3 * MAX_WAITING)]
    for event in events:
        outbox.take([], [event], TIME)
    assert (outbox.waiting, outbox.lost) == (MAX_WAITING, 2 * MAX_WAITING)


def test_many_alarms_are_one_mail_and_a_webhook_is_not_flooded():
    many = [replace(LAN, resource=str(n)) for n in range(60)]
    mail, webhook = Outbox(MAIL_PACE), Outbox(WEBHOOK_PACE)
    for outbox in (mail, webhook):
        outbox.take(many, [], TIME)
    assert len(mail.due(0.0)) == MAIL_PACE.at_once
    assert len(send(webhook, 0.0)) == WEBHOOK_PACE.burst
    assert webhook.next_at(0.0) == WEBHOOK_PACE.period
    assert len(send(webhook, WEBHOOK_PACE.period)) == 1


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from([LAN, WAN, HOTWIRE])),
            st.booleans(),
            st.booleans(),
            st.floats(0.1, 100.0),
        ),
        max_size=40,
    )
)
def test_after_any_history_the_receiver_knows_what_is_true(
    steps: list[tuple[set[Alarm], bool, bool, float]],
):
    """Failures, a role that changes, alarms that come and go: once it can be sent, told is true."""
    outbox, now, raised = Outbox(FAST), 0.0, set[tuple[str, str]]()
    for active, works, quiet, pause in [*steps, ({LAN, HOTWIRE}, True, False, 2 * LAST_RETRY)]:
        now += pause
        outbox.take(sorted(active, key=lambda alarm: alarm.key), [], TIME, quiet)
        while notices := outbox.due(now):
            if not works:
                outbox.failed("no", now, 0.5)
                continue
            outbox.sent(notices, now)
            for notice in notices:
                key = notice.alarm.key
                if notice.alarm.state is State.RAISED:
                    assert key not in raised
                    raised.add(key)
                else:
                    raised.remove(key)
    assert raised == {LAN.key, HOTWIRE.key}
