"""Every text of the menu and of `hactl` is in every language, and says the same things."""

import ast
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from firmware.translate import DOMAINS, MENU, Domain, compiled, read_catalog, untranslated
from hadaemon.config.values import LANGUAGES
from hadaemon.language.choice import ORIGINAL, SPOKEN
from hadaemon.menu import first_boot
from hadaemon.text.plain import plain

FILES = [(domain, path) for domain in DOMAINS for path in sorted(domain.catalogs.glob("*.po"))]


@pytest.fixture(params=FILES, ids=[f"{path.parent.name}-{path.stem}" for _, path in FILES])
def file(request: pytest.FixtureRequest) -> tuple[Domain, Path]:
    return request.param


@pytest.fixture
def catalog(file: tuple[Domain, Path]) -> Catalog:
    return read_catalog(file[1])


def test_there_are_catalogs_for_each_language_but_the_original():
    assert {ORIGINAL, *SPOKEN} == set(LANGUAGES) == set(first_boot.LANGUAGES)
    for domain in DOMAINS:
        assert {path.stem for path in domain.catalogs.glob("*.po")} == set(SPOKEN)


def test_every_text_is_translated_and_none_is_left_over(file: tuple[Domain, Path], catalog: Catalog):
    """For a sentence that no person sees in this way: firmware/sentences.py says which files have them."""
    wanted = {message.id for message in file[0].template if message.id}
    assert len(wanted) > 150
    assert {message.id for message in catalog if message.id} == wanted, "run `python3 invoke.py translate`"
    assert untranslated(catalog) == [], "write the text into the .po, and run `python3 invoke.py translate`"
    assert not any(message.fuzzy for message in catalog if message.id)


def test_what_gettext_reads_is_what_translators_wrote(file: tuple[Domain, Path], catalog: Catalog):
    assert file[1].with_suffix(".mo").read_bytes() == compiled(catalog), "run `python3 invoke.py translate`"


@pytest.mark.parametrize("source", MENU, ids=[source.name for source in MENU])
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


def forms(text: object) -> tuple[str, ...]:
    return tuple(map(str, text)) if isinstance(text, tuple | list) else (str(text),)


def test_translations_fill_in_the_same_and_keep_the_commands(catalog: Catalog):
    for message in catalog:
        if message.id:
            for source, target in zip(forms(message.id), forms(message.string), strict=True):
                assert fields(source) == fields(target), source
                assert source.count("`") == target.count("`"), source
                assert source.startswith("!") == target.startswith("!")


def test_translations_are_plain_on_a_line_that_knows_ascii_only(catalog: Catalog):
    for message in catalog:
        if message.id:
            for text in forms(message.string):
                assert "?" not in plain(text.rstrip("\n")).replace("?", "", text.count("?"))
