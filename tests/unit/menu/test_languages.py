"""Every text of the menu is in every language, and says the same things."""

import ast
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from firmware.translate import CATALOGS, SOURCES, compiled, read_catalog, template
from hadaemon.config.values import LANGUAGES
from hadaemon.console.terminal import plain
from hadaemon.menu import first_boot

PATHS = sorted(CATALOGS.glob("*.po"))


@pytest.fixture(params=PATHS, ids=[path.stem for path in PATHS])
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def catalog(path: Path) -> Catalog:
    return read_catalog(path)


def test_there_is_a_catalog_for_each_language_but_the_original():
    assert {path.stem for path in PATHS} | {"en"} == set(LANGUAGES) == set(first_boot.LANGUAGES)


def test_every_text_is_translated_and_none_is_left_over(catalog: Catalog):
    wanted = {message.id for message in template() if message.id}
    there = {message.id for message in catalog if message.id and message.string and not message.fuzzy}
    assert len(wanted) > 200
    assert there == wanted, "run `python3 invoke.py translate`"


def test_what_gettext_reads_is_what_translators_wrote(path: Path, catalog: Catalog):
    assert path.with_suffix(".mo").read_bytes() == compiled(catalog), "run `python3 invoke.py translate`"


@pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])
def test_no_text_hides_in_an_f_string_where_it_is_not_found(source: Path):
    for file in source.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            calls = ast.walk(node) if isinstance(node, ast.JoinedStr) else ()
            names = [
                call.func.id
                for call in calls
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            ]
            assert "_" not in names, f"{file.name}:{getattr(node, 'lineno', 0)}"


def fields(text: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(text)} - {None}


def test_translations_fill_in_the_same_and_keep_the_commands(catalog: Catalog):
    for message in catalog:
        if message.id:
            assert fields(message.id) == fields(message.string), message.id
            assert message.id.count("`") == message.string.count("`"), message.id
            assert message.id.startswith("!") == message.string.startswith("!")


def test_translations_are_plain_on_a_line_that_knows_ascii_only(catalog: Catalog):
    for message in catalog:
        if message.id:
            assert "?" not in plain(message.string).replace("?", "", message.string.count("?"))
