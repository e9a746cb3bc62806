"""The manual shows the screens as the programs print them, quotes what they say, and its links hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from firmware.errors import FirmwareError
from firmware.screens import booted
from firmware.screens.pages import PICTURE, all_blocks, filled, names_in
from firmware.screens.picture import ROWS, picture
from firmware.screens.session import Piece, screen_of

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)")
QUOTED = re.compile(r"\"([^\"]{12,})\"")


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    return dict(all_blocks())


def test_the_screens_are_those_of_the_programs(blocks: dict[str, str]):
    shown: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert filled(text, blocks, page.name) == text, f"{page.name}: run `python3 invoke.py screens`"
        shown |= set(names_in(text))
    assert shown == (set(blocks) | booted.NAMES) - {"purpose-spare"}, "each is shown somewhere"


def test_a_screen_that_nobody_knows_is_told():
    with pytest.raises(FirmwareError, match="no screen nonsense"):
        filled("<!-- screen: nonsense -->\n```text\n```\n", {}, "page.md")


def test_a_screen_of_a_pair_stays_while_none_is_booted():
    page = "<!-- screen: status -->\n```text\nas it was\n```\n"
    assert filled(page, {}, "page.md") == page
    assert "as it is" in filled(page, {"status": "as it is\n"}, "page.md")


def test_what_was_never_typed_visibly_is_in_no_screen(blocks: dict[str, str]):
    assert not [name for name, text in blocks.items() if "correct horse" in text]


def strings() -> Iterator[str]:
    """What the programs can say, without what is filled in."""
    for file in (ROOT / "hadaemon").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_the_problems_are_quoted_as_they_are_told():
    said = "\n".join(strings())
    quotes = QUOTED.findall((DOCS / "troubleshooting.md").read_text(encoding="utf-8"))
    assert len(quotes) > 30
    for quote in quotes:
        for part in filter(None, (part.strip() for part in quote.split("…"))):
            assert part in said, f"{part!r} is said by nothing"


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        file = (page.parent / target) if target else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.name}: {target}#{anchor}"


def test_the_index_leads_to_every_page_for_users():
    led = {target for target, _ in LINK.findall((DOCS / "index.md").read_text(encoding="utf-8"))}
    for page in PAGES:
        if not page.name.startswith("benchmarks-") and page.name != "index.md":
            assert page.name in led, page.name


def test_the_picture_plays_the_whole_session():
    root = ElementTree.fromstring(PICTURE.read_text(encoding="utf-8"))
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("This box is not configured yet." in text for text in texts)
    assert any("fw-a is configured." in text for text in texts)
    assert "correct" not in " ".join(texts)
    assert "<script" not in PICTURE.read_text(encoding="utf-8")


def test_a_line_is_drawn_as_it_came_and_the_paper_moves():
    pieces = [Piece(0.5, "name > "), Piece(1.5, "fw<a\n"), Piece(2.0, "\n" * ROWS + "end")]
    drawn = picture(pieces)
    ElementTree.fromstring(drawn)
    assert ">name &gt; <animate" in drawn
    assert ">fw&lt;a<animate" in drawn
    assert "translateY(-36px)" in drawn
    assert screen_of(pieces).startswith("name > fw<a\n")
