"""The connection whose end says that a daemon died: only the peer itself can open one that counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.config.hotwire_keys import Purpose, Secret
from hadaemon.hotwire.message import MAX_BODY, MAX_NAME, MAX_SIZE, Dropped, DropReason, Kind, Life, unseal
from hadaemon.hotwire.stream import Carried, Confirmed, Left, Paused, Stream

SECRET = Secret(bytes(range(32)))


def streams(secret: Secret = SECRET) -> tuple[Stream, Stream]:
    return (
        Stream("alpha", Life(1, 11), SECRET, b"challeng"),
        Stream("beta", Life(2, 22), secret, b"question"),
    )


def shake(alpha: Stream, beta: Stream) -> None:
    hello_a, _ = alpha.feed(beta.opening())
    hello_b, _ = beta.feed(alpha.opening())
    assert alpha.feed(hello_b) == (b"", (Confirmed("beta", Life(2, 22)),))
    assert beta.feed(hello_a) == (b"", (Confirmed("alpha", Life(1, 11)),))


def test_both_ends_know_each_other():
    shake(*streams())


def test_farewells():
    alpha, beta = streams()
    shake(alpha, beta)
    assert not alpha.finished
    assert not beta.finished
    assert alpha.feed(beta.farewell(Kind.PAUSE, ""))[1] == (Paused(),)
    assert beta.feed(alpha.farewell(Kind.GOODBYE, "shutdown"))[1] == (Left("shutdown"),)
    assert alpha.finished
    assert beta.finished


def test_of_a_long_reason_the_first_600_bytes_are_told():
    alpha, beta = streams()
    shake(alpha, beta)
    assert alpha.feed(beta.farewell(Kind.GOODBYE, "r" * 601))[1] == (Left("r" * 600),)


def test_the_messages_of_a_connection_are_counted_from_one():
    alpha, beta = streams()
    hello, _ = beta.feed(alpha.opening())
    packets = [hello, *(beta.farewell(Kind.PAUSE, "") for _ in range(2))]
    read = [unseal(data[2:], "alpha", lambda name: SECRET.key(Purpose.STREAM, name)) for data in packets]
    assert [(message.sequence, message.interval) for message in read] == [(1, 0), (2, 0), (3, 0)]


def test_no_farewell_before_the_other_end_could_believe_it():
    alpha, _ = streams()
    assert alpha.farewell(Kind.GOODBYE, "shutdown") == b""


def test_a_wrong_key():
    alpha, beta = streams(Secret(bytes(32)))
    hello, _ = beta.feed(alpha.opening())
    with pytest.raises(Dropped) as dropped:
        alpha.feed(beta.opening() + hello)
    assert dropped.value.reason is DropReason.WRONG_KEY


def test_a_recorded_hello_does_not_answer_another_challenge():
    alpha, beta = streams()
    hello, _ = beta.feed(alpha.opening())
    again = Stream("alpha", Life(1, 11), SECRET, b"anything")
    with pytest.raises(Dropped) as dropped:
        again.feed(beta.opening() + hello)
    assert dropped.value.reason is DropReason.REPLAYED


def test_a_farewell_is_no_hello():
    alpha, beta = streams()
    beta.feed(alpha.opening())
    with pytest.raises(Dropped):
        alpha.feed(beta.opening() + beta.farewell(Kind.GOODBYE, "shutdown"))


def test_a_replayed_farewell_or_hello_ends_the_talk():
    alpha, beta = streams()
    hello, _ = beta.feed(alpha.opening())
    alpha.feed(beta.opening() + hello)
    with pytest.raises(Dropped):
        alpha.feed(hello)


@pytest.mark.parametrize("name,life", [("beta", Life(3, 33)), ("gamma", Life(2, 22)), ("gamma", Life(3, 33))])
def test_nobody_else_goes_on_with_a_talk(name: str, life: Life):
    """Neither another life of the peer's daemon nor another node, although both have the secret."""
    alpha, beta = streams()
    shake(alpha, beta)
    other = Stream(name, life, SECRET, b"question")
    other.feed(alpha.opening())
    with pytest.raises(Dropped) as dropped:
        alpha.feed(other.farewell(Kind.GOODBYE, "shutdown"))
    assert dropped.value.reason is DropReason.THIRD_BOX


def test_what_would_be_longer_than_any_message_ends_the_talk_at_once():
    alpha, beta = streams()
    shake(alpha, beta)
    assert beta.feed(MAX_SIZE.to_bytes(2, "big")) == (b"", ())
    with pytest.raises(Dropped) as dropped:
        alpha.feed((MAX_SIZE + 1).to_bytes(2, "big"))
    assert dropped.value.reason is DropReason.MALFORMED


@given(st.binary(max_size=3000))
def test_no_bytes_do_any_harm(data: bytes):
    alpha, _ = streams()
    try:
        _, events = alpha.feed(data)
    except Dropped:
        return
    assert events == ()
    assert alpha.confirmed is None
    assert len(alpha._buffer) < 1210, "what waits is bounded"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_messages_may_come_in_any_pieces(sizes: list[int]):
    alpha, beta = streams()
    hello, _ = beta.feed(alpha.opening())
    data = beta.opening() + hello + beta.farewell(Kind.GOODBYE, "shutdown")
    events = []
    for size in [*sizes, len(data)]:
        events += alpha.feed(data[:size])[1]
        data = data[size:]
    assert events == [Confirmed("beta", Life(2, 22)), Left("shutdown")]


def test_a_piece_is_carried_once_the_other_end_has_proved_who_it_is():
    alpha, beta = streams()
    assert alpha.carry(b"too early") == b""
    shake(alpha, beta)
    packet = alpha.carry(b"a lease")
    assert beta.feed(packet)[1] == (Carried(b"a lease"),)
    with pytest.raises(Dropped) as dropped:
        beta.feed(packet)
    assert dropped.value.reason is DropReason.REPLAYED


def test_the_largest_piece_fits_whatever_the_name():
    alpha = Stream("a" * MAX_NAME, Life(1, 11), SECRET, b"challeng")
    beta = Stream("beta", Life(2, 22), SECRET, b"question")
    hello_a, _ = alpha.feed(beta.opening())
    hello_b, _ = beta.feed(alpha.opening())
    alpha.feed(hello_b)
    beta.feed(hello_a)
    assert beta.feed(alpha.carry(bytes(MAX_BODY)))[1] == (Carried(bytes(MAX_BODY)),)
