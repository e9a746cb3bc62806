"""What only the active node can have: from when the lack of it is a fault, and until when."""

from hadaemon.cluster.blame import Blame

LINE = "line"


def blame() -> Blame[str]:
    """A node that has just begun, and may be without the line for five seconds when it is active."""
    return Blame({LINE: 5.0})


def is_faulty(subject: Blame[str], now: float) -> bool:
    subject.pass_time(now)
    return LINE in subject.faulty


def test_a_node_is_not_blamed_before_it_was_active():
    subject = blame()
    subject.note(LINE, False, 0.0)
    assert subject.next_deadline is None
    assert not is_faulty(subject, 100.0)


def test_an_active_node_is_blamed_after_its_patience():
    subject = blame()
    subject.note_state(True, 0.0)
    subject.note(LINE, False, 1.0)
    subject.note(LINE, False, 3.0)
    assert subject.next_deadline == 6.0
    assert not is_faulty(subject, 5.9)
    assert is_faulty(subject, 6.0)
    assert subject.next_deadline is None


def test_who_gives_way_in_time_is_not_blamed_and_begins_anew_when_it_is_active_again():
    subject = blame()
    subject.note_state(True, 0.0)
    subject.note(LINE, False, 0.0)
    subject.note_state(False, 4.0)
    assert subject.next_deadline is None
    assert not is_faulty(subject, 100.0)
    subject.note_state(True, 100.0)
    assert subject.next_deadline == 105.0


def test_a_backup_keeps_its_fault_until_it_sees_the_line_or_is_forgiven():
    for sees in (True, False):
        subject = blame()
        subject.note_state(True, 0.0)
        subject.note(LINE, False, 0.0)
        assert is_faulty(subject, 5.0)
        subject.note_state(False, 6.0)
        assert is_faulty(subject, 100.0)
        if sees:
            subject.note(LINE, True, 100.0)
        else:
            subject.forgive(100.0)
        assert not is_faulty(subject, 200.0)
        assert (LINE in subject.missing) is not sees


def test_an_active_node_that_is_forgiven_has_its_patience_once_more():
    subject = blame()
    subject.note_state(True, 0.0)
    subject.note(LINE, False, 0.0)
    assert is_faulty(subject, 5.0)
    subject.forgive(10.0)
    assert subject.next_deadline == 15.0
    assert not is_faulty(subject, 14.9)
    assert is_faulty(subject, 15.0)


def test_a_line_that_comes_back_in_time_begins_anew_when_it_goes_again():
    subject = blame()
    subject.note_state(True, 0.0)
    subject.note(LINE, False, 0.0)
    subject.note(LINE, True, 4.0)
    assert subject.next_deadline is None
    subject.note(LINE, False, 10.0)
    assert subject.next_deadline == 15.0


def test_what_does_not_matter_is_not_missing():
    subject = blame()
    subject.note_state(True, 0.0)
    subject.note("other", False, 0.0)
    assert not subject.missing
    assert subject.next_deadline is None


def test_what_was_known_goes_on_as_far_as_it_still_matters():
    before = Blame({LINE: 5.0, "other": 5.0, "third": 5.0})
    before.note_state(True, 0.0)
    before.note(LINE, False, 0.0)
    before.note("other", False, 0.0)
    before.pass_time(5.0)
    before.note("third", False, 6.0)
    after = Blame({LINE: 5.0, "third": 5.0})
    after.go_on(before)
    assert after.active
    assert (after.missing, after.faulty) == ({LINE, "third"}, {LINE})
    assert after.next_deadline == 11.0
    nothing = Blame({"new": 5.0})
    nothing.go_on(before)
    assert (nothing.missing, nothing.faulty, nothing.next_deadline) == (set(), set(), None)
