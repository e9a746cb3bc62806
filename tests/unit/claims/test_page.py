"""The report: one page with everything in it."""

from html.parser import HTMLParser

from firmware.lab.topology import STANDARD_PAIR
from tests.claims.model import Asked, Claim, Excerpt, Held, Trace
from tests.claims.page import Page, render, sections_of, verdict

TRACE = Trace("power of alpha lost", "client pings", (Asked(-1, 0.1, "alpha"), Asked(2, 0.1, "beta")))
GOOD = Claim("one", "It moves.", Held.YES, ("in 3.0 s",), (TRACE,), (Excerpt("on the <wire>", ("a < b",)),))
PLAIN = Claim("one", "It is there.", Held.YES)
BAD = Claim("two", "It <never> fails.", Held.NO, reason="it & its friends\ndid")
GAP = Claim("two", "It can be tried.", Held.UNKNOWN, reason="no QEMU")


class Reader(HTMLParser):
    """Holds that each element ends, and notes what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.classes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert tag not in ("script", "link", "img", "iframe", "object")
        assert "src" not in found
        self.links += [str(found["href"])] if "href" in found else []
        self.ids += [str(found["id"])] if "id" in found else []
        self.classes.append((tag, str(found.get("class"))))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What ends at once."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(*claims: Claim) -> Reader:
    titles = {"one": "First & foremost", "two": "Second"}
    topologies = dict.fromkeys(titles, STANDARD_PAIR)
    reader = Reader()
    reader.feed(render(Page(sections_of(claims, titles, topologies), ("Made today",))))
    assert reader.open == []
    return reader


def test_the_page_needs_nothing_else_and_its_links_lead_somewhere():
    reader = read(GOOD, BAD)
    assert all(link.startswith("#") for link in reader.links)
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))


def test_each_setup_has_its_picture_and_its_claims():
    reader = read(GOOD, BAD, PLAIN)
    assert [found for found in reader.classes if found[0] == "svg"] == [
        ("svg", "map"),
        ("svg", "gap"),
        ("svg", "map"),
    ]
    for text in ("First & foremost", "Made today", "It moves.", "in 3.0 s", "on the <wire>", "a < b"):
        assert text in reader.text
    assert reader.text.index("It is there.") < reader.text.index("It <never> fails.")


def test_a_claim_that_fails_is_red_and_says_why():
    reader = read(GOOD, BAD)
    assert ("tr", "FAILED") in reader.classes
    assert ("p", "FAILED") in reader.classes
    assert "it & its friends\ndid" in reader.text
    assert "1 of 2 claims hold, 1 failed" in reader.text


def test_without_failures_nothing_is_red():
    reader = read(GOOD, PLAIN)
    assert not [found for found in reader.classes if "FAILED" in found[1]]
    assert ("p", "ok") in reader.classes


def test_what_could_not_be_tried_is_counted():
    assert verdict((GOOD, BAD, GAP)) == "1 of 3 claims hold, 1 failed, 1 could not be tried here"
    assert ("td", "skipped") in read(GAP).classes


def test_what_a_file_may_not_have_is_not_in_it():
    """What consoles and journals say has control characters."""
    page = read(Claim("one", "It talks.", Held.NO, reason="\x1b[31mred\x00")).text
    assert "\x1b" not in page
    assert "\x00" not in page
