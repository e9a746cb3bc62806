"""Text of others is read in one way, whose errors every caller knows."""

import json
import re
from pathlib import Path

import pytest

import hadaemon
from hadaemon.text.reading import NestedTooDeeply, read_json, read_toml

DEEP = 100_000
READERS = re.compile(r"\b(json\.loads?|tomllib\.loads?|from json import|from tomllib import)\b")


def test_it_is_read():
    assert read_json(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    assert read_toml("a = [1, 2]") == {"a": [1, 2]}


@pytest.mark.parametrize(
    "text",
    ["", "{", b"\xff", "[" * DEEP, '{"a":' * DEEP, "NaN", "[Infinity]", '{"a": -Infinity}', "9" * 5000],
    ids=["nothing", "half", "no UTF-8", "deep", "deep objects", "NaN", "infinity", "minus", "a huge number"],
)
def test_whatever_is_wrong_with_json_is_a_value_error(text: str | bytes):
    with pytest.raises(ValueError, match=r".+"):
        read_json(text)


@pytest.mark.parametrize("text", ["a", "a = [" * DEEP, "a = " + "[" * DEEP, "a = 99999-99-99"])
def test_whatever_is_wrong_with_toml_is_a_value_error(text: str):
    with pytest.raises(ValueError, match=r".+"):
        read_toml(text)


def test_what_is_nested_too_deeply_is_told_apart():
    for read, text in ((read_json, "[" * DEEP), (read_toml, "a = " + "[" * DEEP)):
        with pytest.raises(NestedTooDeeply, match="nested too deeply"):
            read(text)
    assert read_json(json.dumps([[[[]]]])) == [[[[]]]]


def test_nothing_of_the_daemon_reads_by_itself():
    package = Path(hadaemon.__file__).parent
    own = package / "text/reading.py"
    found = [path for path in package.rglob("*.py") if path != own and READERS.search(path.read_text())]
    assert not found, "read it with hadaemon.text.reading: its errors are what callers expect"
