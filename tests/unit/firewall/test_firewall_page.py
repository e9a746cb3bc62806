"""docs/firewall.md names what the code knows, and docs/services.md what a dial-in may be told."""

import re
from pathlib import Path

import pytest

from hadaemon.config import firewall_words as words
from hadaemon.config.follow_words import word

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "firewall.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n### Services\n")[2].partition("\n## ")[0]


def test_every_service_that_has_a_name_is_in_the_table() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| (.+) \|$", SECTION, re.MULTILINE)
    assert dict(rows) == {
        name: ", ".join(f"{protocol} {port}" for protocol, port in parts)
        for name, parts in words.KNOWN.items()
    }


def test_every_protocol_is_named() -> None:
    text = SECTION.partition("| name |")[0]
    named = set(re.findall(r"`([a-z]+)`", text))
    assert named == {*words.WITH_PORTS, *words.ALONE, "any"}
    for example in re.findall(r"`([a-z]+/[0-9-]+)`", text):
        assert words.services(example)


SAID = "1 to 128 printable ASCII characters"


@pytest.mark.parametrize("page", ["services.md", "configuration.md"])
def test_the_characters_of_a_dial_in_are_those_that_are_read(page: str) -> None:
    assert SAID in (DOCS / page).read_text(encoding="utf-8")
    good = "".join(map(chr, range(32, 127)))
    assert word(good) == good
    assert word("x" * 128)
    for bad in ("", "x" * 129, "ä", "a\tb", "a\nb"):
        with pytest.raises(ValueError, match=SAID):
            word(bad)
