"""Leases on their way to the other node: each arrives whole or not at all, whatever the clocks say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.follow.leases import Arriving, LeasesError, arrived, leaving, pieces
from hadaemon.hotwire.message import MAX_BODY

LEASE = "1000100 52:54:00:12:34:56 192.168.12.100 client ff:12:34:56"
ENDLESS = "0 52:54:00:12:34:57 192.168.12.101 * *"


def test_a_lease_has_as_much_time_left_by_another_clock():
    over = leaving(f"{LEASE}\n{ENDLESS}\nduid 00:01:00:01\nnonsense\n", now=1_000_000.0)
    assert over == "100 52:54:00:12:34:56 192.168.12.100 client ff:12:34:56\n" + ENDLESS + "\n"
    assert arrived(over, now=5_000.0).splitlines()[0].startswith("5100 52:54")


def test_a_lease_that_is_over_does_not_become_an_endless_one():
    assert leaving(LEASE, now=2_000_000.0).startswith("1 ")


@given(st.integers(0, 400), st.integers(0, 1 << 33))
def test_a_list_goes_over_in_pieces_and_is_the_same(count, serial):
    text = "".join(
        f"{number} 52:54:00:00:00:{number & 255:02x} 10.0.0.1 n{number} *\n" for number in range(count)
    )
    sent, arriving = pieces(text, serial), Arriving()
    assert all(len(piece) <= MAX_BODY for piece in sent)
    taken = [arriving.take(piece) for piece in sent]
    assert taken == [*[None] * (len(sent) - 1), text]


def test_a_torn_list_is_dropped_and_the_next_one_taken():
    text = "".join(f"{hash((1, n)) % 10**11} 52:54:00:12:34:56 10.0.0.1 n{n * 7919} *\n" for n in range(900))
    one, two, arriving = pieces(text, 1), pieces(text + ENDLESS + "\n", 2), Arriving()
    assert len(one) > 2
    assert arriving.take(one[0]) is None
    assert arriving.take(one[2]) is None
    assert [arriving.take(piece) for piece in two][-1] == text + ENDLESS + "\n"


@pytest.mark.parametrize("piece", [b"", b"1234567", b"\0\0\0\1\0\0\0\1nonsense"])
def test_what_is_no_list_is_refused(piece):
    with pytest.raises(LeasesError):
        Arriving().take(piece)


def test_a_bomb_is_refused():
    *most, last = pieces("0" * (3 << 20), 1)
    arriving = Arriving()
    for piece in most:
        assert arriving.take(piece) is None
    with pytest.raises(LeasesError):
        arriving.take(last)
