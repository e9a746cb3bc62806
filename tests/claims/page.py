"""One page of HTML with everything in it, a section for each setup. No script, and nothing is fetched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from firmware.lab.topology import Topology
from tests.claims import gap
from tests.claims import map as picture
from tests.claims.model import Claim, Held

_STYLE = """
body { font: 15px/1.45 "DejaVu Sans", Helvetica, Arial, sans-serif; color: #1a1a1a; background: #ffffff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.25rem; margin-top: 3rem } h3 { font-size: 1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #dddddd; padding: .4rem .6rem; text-align: left; vertical-align: top }
td.ok { color: #2e7d32; font-weight: bold } td.FAILED { color: #c62828; font-weight: bold }
td.skipped { color: #8d6e00; font-weight: bold }
tr.FAILED { background: #fbe3e3 }
p.FAILED { color: #c62828; font-weight: bold } p.ok { color: #2e7d32; font-weight: bold }
pre { background: #f5f5f5; padding: .6rem; overflow-x: auto; font-size: 12px }
pre.reason { background: #fbe3e3 }
svg { width: 100%; height: auto; margin: .5rem 0 } svg text { font-size: 12px }
svg text.title { font-size: 14px; font-weight: bold }
svg .node { fill: #e8f0fa; stroke: #1565c0; stroke-width: 2 } svg .host { fill: #f5f5f5; stroke: #555555 }
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A setup, and what it claims."""

    name: str
    title: str
    topology: Topology
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report. `facts` stand below its title, e.g. when it was made."""

    sections: tuple[Section, ...]
    facts: tuple[str, ...]


def sections_of(
    claims: Sequence[Claim], titles: Mapping[str, str], topologies: Mapping[str, Topology]
) -> tuple[Section, ...]:
    """In the order in which the setups come first."""
    names = dict.fromkeys(claim.setup for claim in claims)
    return tuple(
        Section(name, titles[name], topologies[name], tuple(each for each in claims if each.setup == name))
        for name in names
    )


def render(page: Page) -> str:
    """The file's text."""
    title = "What the ready configurations claim, and what was measured"
    body = "\n".join([f"<h1>{title}</h1>", *_head(page), *(_section(each) for each in page.sections)])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def verdict(claims: Sequence[Claim]) -> str:
    """All of them in a sentence."""
    count = {held: sum(1 for claim in claims if claim.held is held) for held in Held}
    words = [f"{count[Held.YES]} of {len(claims)} claims hold"]
    words += [f"{count[Held.NO]} failed"] if count[Held.NO] else []
    words += [f"{count[Held.UNKNOWN]} could not be tried here"] if count[Held.UNKNOWN] else []
    return ", ".join(words)


def _head(page: Page) -> Iterator[str]:
    claims = [claim for section in page.sections for claim in section.claims]
    good = all(claim.held is Held.YES for claim in claims)
    yield f'<p class="{"ok" if good else "FAILED"}">{verdict(claims)}.</p>'
    yield "<ul>" + "".join(f"<li>{_html(fact)}</li>" for fact in page.facts) + "</ul>"
    yield "<table><tr><th>setup</th><th>what it is</th><th>claims</th></tr>"
    for section in page.sections:
        yield (
            f'<tr><td><a href="#{section.name}">{section.name}</a></td>'
            f"<td>{_html(section.title)}</td><td>{verdict(section.claims)}</td></tr>"
        )
    yield "</table>"


def _section(section: Section) -> str:
    rows = [_row(f"{section.name}-{number}", each) for number, each in enumerate(section.claims)]
    return "\n".join(
        [
            f'<h2 id="{section.name}">{section.name}: {_html(section.title)}</h2>',
            picture.draw(section.topology),
            "<table><tr><th>claim</th><th>measured</th><th></th></tr>",
            *rows,
            "</table>",
            *(
                line
                for number, each in enumerate(section.claims)
                for line in _evidence(f"{section.name}-{number}", each)
            ),
        ]
    )


def _row(anchor: str, claim: Claim) -> str:
    sentence = _html(claim.sentence)
    if _has_evidence(claim):
        sentence = f'<a href="#{anchor}">{sentence}</a>'
    measured = "<br>".join(_html(line) for line in claim.measured)
    return (
        f'<tr class="{claim.held}"><td>{sentence}</td><td>{measured}</td>'
        f'<td class="{claim.held}">{claim.held}</td></tr>'
    )


def _has_evidence(claim: Claim) -> bool:
    return bool(claim.traces or claim.excerpts or claim.reason)


def _evidence(anchor: str, claim: Claim) -> Iterator[str]:
    if not _has_evidence(claim):
        return
    yield f'<h3 id="{anchor}">{_html(claim.sentence)}</h3>'
    if claim.reason:
        yield f'<pre class="reason">{_html(claim.reason)}</pre>'
    yield from (gap.draw(trace) for trace in claim.traces)
    for each in claim.excerpts:
        yield f"<p>{_html(each.title)}</p><pre>{_html(chr(10).join(each.lines)) or '(nothing)'}</pre>"


def _html(text: str) -> str:
    """Without what a file of text may not have: consoles and journals say such things."""
    return escape("".join(each for each in text if each.isprintable() or each in "\n\t"))
