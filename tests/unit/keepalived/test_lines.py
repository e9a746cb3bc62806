"""keepalived.conf to blocks: comments, quotes, conditions, definitions, includes."""

from collections.abc import Sequence

import pytest

from hadaemon.keepalived.lines import Lines
from hadaemon.keepalived.source import Place, Source, SourceError
from hadaemon.keepalived.tree import Statement, read_tree


def nothing(pattern: str, place: Place) -> Sequence[Source]:
    raise SourceError(place, f"no {pattern}")


def lines(text: str, config_id: str = "", files: dict[str, str] | None = None) -> list[str]:
    def find(pattern: str, place: Place) -> Sequence[Source]:
        return [Source(pattern, (files or {})[pattern])]

    return [line.text for line in Lines(config_id, find).of(Source("k.conf", text))]


def tree(text: str, config_id: str = "") -> tuple[Statement, ...]:
    return read_tree(Lines(config_id, nothing).of(Source("k.conf", text)))


@pytest.mark.parametrize(
    "text,expected",
    [
        ("a b # c\n! d\n\n  e!f\r\n", ["a b", "e"]),
        ('script "x # y ! z" # w', ['script "x # y ! z"']),
        (r"key a\#b \!c # d", ["key a#b !c"]),
        ("\ufeffa", ["a"]),
        ("auth_pass it's # no quote", ["auth_pass it's"]),
    ],
)
def test_comments(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


def test_conditions() -> None:
    text = "@a one\n@b two\n@^a three\n@a\n"
    assert lines(text, "a") == ["one"]
    assert lines(text, "b") == ["two", "three"]
    assert lines(text) == ["three"]


def test_the_ids_of_conditions_are_known() -> None:
    reading = Lines("x", nothing)
    list(reading.of(Source("k.conf", "\n@a one\n@^b two\n")))
    assert reading.ids == {"a": Place("k.conf", 2), "b": Place("k.conf", 3)}


@pytest.mark.parametrize(
    "text,expected",
    [
        ("$A=1\nx $A y$A ${A}2 z$A.", ["x 1 y1 12 z$A."]),
        ("$A=${B}\n$B=2\nx $A\n$B=3\nx $A", ["x 2", "x 3"]),
        ("x $NONE", ["x $NONE"]),
        ("$E=\nx ${E}y", ["x y"]),
        ("$M= \\\n a $N \\\n b\n$N=5\n$M\n$N=6\n$M", ["a 5", "b", "a 6", "b"]),
        ("$ON=@a\n$ON yes", ["yes"]),
        ("@a $P=1\n@b $P=2\np $P", ["p 1"]),
        ("x ${_INSTANCE} ${_HASH}1 ${_PWD}", ["x a #1 ."]),
        ('script "${LATER}"', ['script "${LATER}"']),
    ],
)
def test_definitions(text: str, expected: list[str]) -> None:
    assert lines(text, "a") == expected


def test_includes() -> None:
    files = {"one": "b\ninclude two\nd", "two": "c"}
    assert lines("a\nincluder one\ne", files=files) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "text,line,said",
    [
        ('a\nb "c', 2, "quotation mark"),
        ("x ${NONE}", 1, "${NONE} is not defined"),
        ("~SEQ(A, 1, 3) x $A", 1, "write out"),
        ("x ${_RANDOM 1 2}", 1, "known on the node alone"),
        ("$A=$A\n\n$A", 3, "uses itself"),
        ("$A=${A}${A}\nx $A", 2, "use itself"),
        ("$M= \\\n a \\\n $M\n$M", 4, "uses itself"),
        ("a\0b", 1, "no text"),
        ("include nowhere", 1, "no nowhere"),
        ("a {\n b {\n }\n", 1, "the block a is not closed"),
        ("a\n}\n", 2, "did not begin"),
        ("{\n}", 1, "has no name"),
        ("a {" * 17 + "}" * 17, 1, "nested too deeply"),
    ],
)
def test_what_is_broken_is_told_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        tree(text)
    assert str(caught.value).startswith(f"k.conf:{line}: ")
    assert said in str(caught.value)


def test_a_file_that_includes_itself_is_told() -> None:
    def find(pattern: str, place: Place) -> Sequence[Source]:
        return [Source("k.conf", "include k.conf")]

    with pytest.raises(SourceError, match=r"k\.conf:1: k\.conf is included by itself"):
        list(Lines("", find).of(Source("k.conf", "include k.conf")))


def test_blocks_begin_and_end_anywhere() -> None:
    one = tree('a b {\n c "d { e"\n f { g }\n}\nh\n{ i }')
    other = tree('a b\n{\n c "d { e"\n f\n {\n g\n }\n}\nh {\n i }')

    def bare(statements: tuple[Statement, ...]) -> list[object]:
        return [(each.words, None if each.block is None else bare(each.block)) for each in statements]

    assert bare(one) == bare(other)
    assert bare(one) == [
        (("a", "b"), [(("c", "d { e"), None), (("f",), [(("g",), None)])]),
        (("h",), [(("i",), None)]),
    ]
    assert one[0].within[1].place == Place("k.conf", 3)
