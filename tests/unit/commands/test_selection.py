"""The words by which connections are selected."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.commands.selection import Selection, SelectionError, read_selection, selects


@pytest.mark.parametrize(
    "words,selection",
    [
        ("", Selection()),
        ("tcp udp", Selection(protocols=frozenset({6, 17}))),
        ("icmp", Selection(protocols=frozenset({1, 58}))),
        ("192.168.12.5", Selection(networks=(ip_network("192.168.12.5/32"),))),
        ("host 2001:db8::1", Selection(networks=(ip_network("2001:db8::1/128"),))),
        (
            "10.0.0.0/8 2001:db8::/32",
            Selection(networks=(ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))),
        ),
        ("port 22 port 0", Selection(ports=frozenset({0, 22}))),
        ("established nat", Selection(states=frozenset({"established", "nat"}))),
        (
            "tcp 192.168.12.0/24 port 22",
            Selection(
                protocols=frozenset({6}),
                networks=(ip_network("192.168.12.0/24"),),
                ports=frozenset({22}),
            ),
        ),
    ],
)
def test_words(words: str, selection: Selection):
    assert read_selection(words.split()) == selection
    assert selects(words.split())


@pytest.mark.parametrize(
    "words,told",
    [
        ("tpc", '"tpc" is no protocol, state, address or network'),
        ("22", '"22" is no protocol, state, address or network'),
        ("192.168.12.300", '"192.168.12.300" is no protocol, state, address or network'),
        ("192.168.12.5/24", '"192.168.12.5/24" is an address within a network: write "192.168.12.0/24"'),
        ("port", "port: it is followed by a number, e.g. `port 22`"),
        ("port ssh", 'port: "ssh" is no number from 0 to 65535'),
        ("port 65536", 'port: "65536" is no number from 0 to 65535'),
        ("port 1-9", 'port: "1-9" is no number from 0 to 65535'),
        ("host", "host: it is followed by an address, e.g. `host 192.168.12.5`"),
        ("host example.org", '"example.org" is no protocol, state, address or network'),
        ("10.0.0.0/8;reboot", '"10.0.0.0/8;reboot" is no protocol, state, address or network'),
        ("TCP", '"TCP" is no protocol, state, address or network'),
    ],
)
def test_what_selects_nothing_is_refused_in_words(words: str, told: str):
    with pytest.raises(SelectionError) as error:
        read_selection(words.split())
    assert str(error.value) == told
    assert not selects(words.split())


@given(st.lists(st.text(max_size=40)))
def test_any_words_are_a_selection_or_refused(words: list[str]):
    assert selects(words) in (True, False)


@given(st.sampled_from("-/"), st.text(max_size=40))
def test_no_option_and_no_path_is_ever_a_word(start: str, rest: str):
    word = start + rest
    assert not selects([word])
    assert not selects(["host", word])
    assert not selects(["port", word])
