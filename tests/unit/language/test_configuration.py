"""What is said of a wrong configuration, in German: whole, quickly, and with an end."""

import re
import time
from collections.abc import Callable, Iterator

import pytest

from hadaemon.config import ConfigError, check_pair, load_cluster, load_node
from hadaemon.language.catalogs import load_catalogs
from tests.unit.config import test_address_rules as addresses
from tests.unit.config import test_election as election
from tests.unit.config import test_follow as follow
from tests.unit.config import test_load as files
from tests.unit.config import test_vrrp as vrrp

GERMAN = load_catalogs("de", serial=False)
ENGLISH = re.compile(
    r"\b(the|is|are|must|has|have|not|and|of|write|remove|take|it|there|give|cannot|that|which|or)\b"
)
"""Words of sentences that are not German, too."""
AS_WRITTEN = re.compile(r'"[^"]*"|\'[^\']*\'|`[^`]*`|\w+ = \S+|e\.g\.|known are.*|bekannt sind.*')
"""What a file has, or is to have."""


def mistakes(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except ConfigError as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


def pair(node: str, cluster: str) -> list[str]:
    return mistakes(lambda: check_pair(load_node(node), load_cluster(cluster)))


def wrong() -> Iterator[str]:
    """What the tables of the other tests are refused for."""
    for old, new, _ in files.NODE_ERRORS.values():
        yield from mistakes(lambda old=old, new=new: load_node(files.changed(files.NODE, old, new)))
    for old, new, _ in files.CLUSTER_ERRORS.values():
        yield from mistakes(lambda old=old, new=new: load_cluster(files.changed(files.CLUSTER, old, new)))
    for old, new, _ in follow.REFUSED.values():
        yield from pair(follow.NODE, files.changed(follow.CLUSTER + follow.FOLLOW, old, new))
    for text, _ in election.REFUSED.values():
        yield from mistakes(lambda text=text: load_cluster(election.CLUSTER + text))
    for lines, more, _ in vrrp.AGAINST_THE_NODE.values():
        yield from pair(vrrp.NODE, vrrp.text(more, lines))
    for edits, _ in (*addresses.CASES, *addresses.MORE):
        node = {old: new for old, new in edits.items() if old in addresses.NODE}
        cluster = {old: new for old, new in edits.items() if old not in node and old in addresses.CLUSTER}
        texts = addresses.changed(addresses.NODE, node), addresses.changed(addresses.CLUSTER, cluster)
        yield from (said.partition(" ")[2] for said in addresses.told(*texts))


WRONG = sorted(set(wrong()))


def test_no_english_is_left_in_what_is_said_of_a_file():
    assert len(WRONG) > 140
    said = {text: GERMAN.sentence(text) for text in WRONG}
    assert [text for text, german in said.items() if text == german] == []
    assert [german for german in said.values() if ENGLISH.search(AS_WRITTEN.sub("", german))] == []


@pytest.mark.parametrize(
    "english,german",
    [
        (
            'cluster.toml: ha_interfaces[0].port: node alpha has no port "lam": did you mean lan?',
            'cluster.toml: ha_interfaces[0].port: Knoten alpha hat keinen Port "lam": ist lan gemeint?',
        ),
        (
            "node.toml: zzz: unknown key: known are: name, ports",
            "node.toml: zzz: unbekannter Schlüssel: bekannt sind: name, ports",
        ),
        (
            'node.toml: routes[0].gateway: is missing: add it, e.g. gateway = "192.168.175.1"',
            'node.toml: routes[0].gateway: fehlt: hinzufügen, z. B. gateway = "192.168.175.1"',
        ),
        (
            "node.toml: line 3, column 5: is not TOML: Expected '=' after a key in a key/value pair",
            "node.toml: Zeile 3, Spalte 5: ist kein TOML: '=' fehlt zwischen Schlüssel und Wert",
        ),
        (
            "no answer\n  ! node.toml: cluster: must be a table, [cluster], not an array",
            "keine Antwort\n  ! node.toml: cluster: muss eine Tabelle sein, [cluster], nicht eine Liste",
        ),
        (
            'cluster.toml: ha_interfaces[0].port: node alpha has no port "backup": it has: active, up',
            'cluster.toml: ha_interfaces[0].port: Knoten alpha hat keinen Port "backup": er hat: active, up',
        ),
    ],
)
def test_what_is_composed_comes_out_whole(english: str, german: str):
    assert GERMAN.sentence(english) == german


def test_fifty_mistakes_are_said_at_once():
    book, before = load_catalogs("de", serial=False), time.process_time()
    book.sentence("\n".join(f"  ! {text}" for text in WRONG[:50]))
    assert time.process_time() - before < 1


@pytest.mark.parametrize("piece", ["holds x, which is ", "is not in ", "has 1 bytes, ", "it: "])
def test_what_somebody_repeats_without_an_end_comes_to_one(piece: str):
    before = time.process_time()
    GERMAN.sentence("\u20ac " + piece * 2000)
    GERMAN.sentence("\u20ac " + (piece * 200)[:1900])
    assert time.process_time() - before < 3
