"""One connection, the first ones of a table, and those of two tables side by side."""

import json
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.commands.selection import Selection, read_selection
from hadaemon.config.conntrack_model import Conntrack
from hadaemon.conntrack.connection import Connection, End, from_json, is_selected, state_name, to_json
from hadaemon.conntrack.listing import Where, listing, side_by_side

CLIENT, SERVER = End(ip_address("192.168.12.5"), 4000), End(ip_address("203.0.113.9"), 443)


def connection(**changes: Any) -> Connection:
    """A TCP connection that is established."""
    values: dict[str, Any] = {
        "protocol": 6,
        "source": CLIENT,
        "destination": SERVER,
        "answered_by": changes.get("destination", SERVER),
        "answered_to": changes.get("source", CLIENT),
        "state": "established",
        "assured": True,
        "replied": True,
        "timeout": 3600,
    }
    return Connection(**(values | changes))


OUT = connection(answered_to=End(ip_address("198.51.100.1"), 1024))
IN = connection(
    source=SERVER,
    destination=End(ip_address("198.51.100.1"), 443),
    answered_by=End(ip_address("192.168.12.80"), 8443),
)
ASKED = connection(protocol=17, destination=End(ip_address("2001:db8::1"), 53), state="", replied=False)


@pytest.mark.parametrize(
    "words,wanted",
    [
        ("", True),
        ("tcp", True),
        ("udp", False),
        ("udp tcp", True),
        ("192.168.12.0/24", True),
        ("192.168.12.5 203.0.113.9", True),
        ("192.168.12.5 10.0.0.1", False),
        ("198.51.100.1", True),
        ("2001:db8::/32", False),
        ("port 443", True),
        ("port 1024", True),
        ("port 443 port 4000", True),
        ("port 22", False),
        ("established", True),
        ("time_wait", False),
        ("time_wait nat", True),
        ("assured", True),
        ("unreplied", False),
        ("tcp 192.168.12.0/24 port 443 established", True),
        ("tcp 192.168.12.0/24 port 22 established", False),
    ],
)
def test_selected(words: str, wanted: bool):
    assert is_selected(OUT, read_selection(words.split())) is wanted


def test_translations():
    assert (str(OUT.new_source), OUT.new_destination) == ("198.51.100.1:1024", None)
    assert (IN.new_source, str(IN.new_destination)) == (None, "192.168.12.80:8443")
    assert "nat" not in ASKED.marks
    assert "unreplied" in ASKED.marks
    assert str(ASKED.destination) == "[2001:db8::1]:53"
    assert str(End(ip_address("192.0.2.1"), 0)) == "192.0.2.1"


@pytest.mark.parametrize(
    "protocol,number,name",
    [
        (6, 3, "established"),
        (6, 99, "99"),
        (132, 4, "established"),
        (17, None, ""),
        (47, 1, ""),
        (6, None, ""),
    ],
)
def test_state_names(protocol: int, number: int | None, name: str):
    assert state_name(protocol, number) == name


def test_what_the_other_node_never_gets():
    own = {ip_address("192.168.12.141")}
    assert not OUT.is_own(own, Conntrack())
    assert connection(source=End(ip_address("192.168.12.141"), 1)).is_own(own, Conntrack())
    assert connection(destination=End(ip_address("192.168.12.141"), 22)).is_own(own, Conntrack())
    assert connection(source=End(ip_address("::1"), 1)).is_own(own, Conntrack())
    assert connection(protocol=47).is_own(own, Conntrack())
    assert OUT.is_own(own, Conntrack(protocols=("icmp",)))
    for ignored in (OUT.source.address, OUT.answered_by.address):
        assert OUT.is_own(own, Conntrack(ignore=(ip_network(ignored),)))
    assert not OUT.is_own(own, Conntrack(ignore=(ip_network("2001:db8::/32"),)))


ENDS = st.builds(End, st.ip_addresses(), st.integers(0, 65535))
CONNECTIONS = st.builds(
    Connection,
    protocol=st.sampled_from([1, 6, 17, 47, 58, 132, 200]),
    source=ENDS,
    destination=ENDS,
    answered_by=ENDS,
    answered_to=ENDS,
    state=st.sampled_from(["", "established", "99"]),
    assured=st.booleans(),
    replied=st.booleans(),
    timeout=st.integers(0, (1 << 32) - 1),
)


@given(CONNECTIONS)
def test_json_there_and_back(one: Connection):
    assert from_json(json.loads(json.dumps(to_json(one)))) == one


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=2)
)


@given(st.dictionaries(st.sampled_from(sorted(to_json(OUT))), JSON))
def test_what_another_node_says_is_a_connection_or_refused(changes: dict[str, Any]):
    try:
        one = from_json(to_json(OUT) | changes)
    except ValueError:
        return
    assert one.state.isprintable()
    assert from_json(to_json(one)) == one


@pytest.mark.parametrize("raw", [None, [], "x", {}, {"source": "192.0.2.1"}])
def test_what_is_no_connection(raw: object):
    with pytest.raises(ValueError, match="a connection"):
        from_json(raw)


def numbered(number: int, **changes: Any) -> Connection:
    return connection(source=End(IPv4Address(number), 7), **changes)


def test_the_first_ones_are_listed_and_all_are_counted():
    table = [numbered(number) for number in (5, 1, 4, 2, 3)]
    found = listing(table, Selection(), (), Conntrack(), 2)
    assert found.count == 5
    assert [int(each.connection.source.address) for each in found.first] == [1, 2]
    assert listing(table, Selection(), (), Conntrack(), 0).count == 5
    assert listing(table, read_selection(["udp"]), (), Conntrack(), 9).count == 0


def test_own_ones_are_marked():
    found = listing([numbered(1), numbered(2)], Selection(), {IPv4Address(1)}, Conntrack(), 9)
    assert [each.where for each in found.first] == [Where.OWN, Where.HERE]


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)), st.integers(0, 8))
def test_two_nodes_side_by_side(here: set[int], there: set[int], limit: int):
    """From the first ones of each what is told of both is true, as if all had been compared."""
    one = listing(map(numbered, here), Selection(), {IPv4Address(20)}, Conntrack(), limit)
    theirs = (numbered(each, timeout=9) for each in there)
    other = listing(theirs, Selection(), {IPv4Address(19)}, Conntrack(), limit)
    shown = side_by_side(one, other, limit)
    wanted = sorted(here | there)[:limit]
    assert [int(each.connection.source.address) for each in shown] == wanted
    for number, each in zip(wanted, shown, strict=True):
        if number in here and number in there:
            assert each.where is Where.BOTH
        elif number in here:
            assert each.where is (Where.OWN if number == 20 else Where.HERE)
        else:
            assert each.where is (Where.THEIR_OWN if number == 19 else Where.THERE)
