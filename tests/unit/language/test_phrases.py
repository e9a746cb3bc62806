"""A finished sentence in another language: what is recognised, and what is left as it is."""

import re
from string import Formatter

import pytest

from firmware.translate import DOMAINS, read_catalog
from hadaemon.language.phrases import PhraseBook

BOOK = PhraseBook(
    {
        "{name} could not take over: {why}": "{name} kann nicht: {why}",
        "it is in state {state}": "Zustand {state}",
        "fault": "gestört",
        "port {name}: no carrier": "Port {name}: kein Signal",
        "is not ready: {why}": "ist nicht bereit: {why}",
        "has {count} failed groups": "hat {count} tote Gruppen",
        "{name} and {name2} are equal": "{name2} und {name} sind gleich",
        "nothing to do: {what}": "nichts zu tun: {what}",
        "the peer is away": "der andere ist weg",
        "{{odd}} braces": "{{seltsame}} Klammern",
    }
)


@pytest.mark.parametrize(
    "english,said",
    [
        ("the peer is away", "der andere ist weg"),
        ("beta could not take over: it is in state fault", "beta kann nicht: Zustand gestört"),
        ("fault could not take over: unheard of", "fault kann nicht: unheard of"),
        ("port wan: no carrier", "Port wan: kein Signal"),
        ("beta is not ready: the peer is away", "beta ist nicht bereit: der andere ist weg"),
        ("beta has 2 failed groups, is not ready: x", "beta hat 2 tote Gruppen, ist nicht bereit: x"),
        ("the peer is away; unheard of", "the peer is away; unheard of"),
        ("nothing to do: a and b are equal", "nichts zu tun: b und a sind gleich"),
        ("/data/x: the peer is away", "/data/x: der andere ist weg"),
        ("a and b are equal: the peer is away", "b und a sind gleich: der andere ist weg"),
        ("  ! the peer is away\nunheard of", "  ! der andere ist weg\nunheard of"),
        ("{odd} braces", "{seltsame} Klammern"),
        ("the peer is away now", "the peer is away now"),
        ("", ""),
        (": ", ": "),
    ],
)
def test_a_sentence_is_said_as_far_as_it_is_known(english: str, said: str):
    assert BOOK(english) == said


GERMAN = {message.id: message.string for message in read_catalog(DOMAINS[2].catalogs / "de.po") if message.id}

GERMAN_BOOK = PhraseBook({text: said for text, said in GERMAN.items() if said})


@pytest.mark.parametrize("source", GERMAN)
def test_no_sentence_is_taken_for_another_one(source: str):
    """Each with something in its fields that is no sentence."""
    names = {field for _, field, _, _ in Formatter().parse(source) if field}
    values = {name: f"x{number}" for number, name in enumerate(sorted(names))}
    assert GERMAN_BOOK(source.format(**values)) == GERMAN[source].format(**values)


def test_sentences_that_differ_in_the_names_of_their_fields_alone_are_said_alike():
    alike: dict[str, set[str]] = {}
    for source, said in GERMAN.items():
        alike.setdefault(re.sub(r"\{\w+\}", "{}", source), set()).add(re.sub(r"\{\w+\}", "{}", said))
    assert [each for each in alike.values() if len(each) > 1] == []


@pytest.mark.parametrize("part", ["a: ", "a, ", "a; ", "nothing to do: ", "is not ready: a, b; "])
@pytest.mark.parametrize("times", [90, 3000])
def test_what_somebody_else_says_without_an_end_is_left_as_it_is(part: str, times: int):
    assert BOOK("\u20ac: " + part * times).startswith("\u20ac: ")


def test_a_sentence_within_sentences_is_said_as_deep_as_one_reads():
    assert BOOK("a: b: c: the peer is away") == "a: b: c: der andere ist weg"
