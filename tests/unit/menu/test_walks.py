"""Whatever is typed: no traceback, nothing half written, and a way to the end."""

import string
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadaemon.config import ConfigError, check_preseed
from hadaemon.console.talk import Stopped
from hadaemon.menu.steps import Failed

from .talking import CARDS, Box, Person, set_up

KEYS = ("<", "?", "!", "", "1", "2", "3", "4", "-", "\x03", "\x04", "yes", "0", "99999999999999999999999")
WORDS = (
    *(
        "correct horse",
        "alpha",
        "lan",
        "wan",
        "hotwire",
        "dhcp",
        "detect",
        "create",
        "join",
        "alone",
        "stick",
    ),
    *("192.168.12.141/24", "192.168.12.1/24", "10.0.0.1/8 fe80::1/64", "192.168.12.300/24", "::/0"),
    *("ssh-ed25519 AAAA", "berlin", "utc", "a" * 5000, "\x1b[A", "ä", "\udc80", "\x00", "{0}", "%s", "²"),
)
TYPED = st.one_of(
    st.sampled_from(KEYS), st.sampled_from(WORDS), st.text(string.printable, max_size=20), st.text(max_size=5)
)
RESULTS = {
    "ReadCards": st.sampled_from([CARDS, CARDS[:1], (), Failed(("no netlink",))]),
    "Detect": st.sampled_from([Failed(("no daemon",))]),
    "Store": st.sampled_from([(), Failed(("disk full",))]),
    "Hactl": st.sampled_from([(), Failed(())]),
    "ReadPeer": st.sampled_from([Failed(("silent",))]),
}


@settings(max_examples=400)
@given(typed=st.lists(TYPED, max_size=60), failing=st.fixed_dictionaries({}, optional=RESULTS))
def test_no_row_of_answers_breaks_the_menu(typed: list[str], failing: dict[str, object]):
    person, box = Person(typed), Box(**failing)
    with suppress(EOFError, Stopped):
        set_up(person, box)
    for raw in box.stored():
        check_preseed(raw)
    assert all(line.isascii() for line in person.screen)


@pytest.mark.nightly
@settings(max_examples=20_000)
@given(typed=st.lists(st.sampled_from([*KEYS, *WORDS[:16]]), min_size=20, max_size=200))
def test_many_long_walks(typed: list[str]):
    box = Box()
    with suppress(EOFError, Stopped):
        set_up(Person(typed), box)
    for raw in box.stored():
        check_preseed(raw)


def test_the_rules_are_those_of_a_preseed():
    """A raw table that the menu would store is refused by the loader as a preseed is."""
    with pytest.raises(ConfigError):
        check_preseed({"schema": 1, "admin": {}, "node": {"name": "Alpha"}})
