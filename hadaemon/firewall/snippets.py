"""The administrator's own rules: files cluster.d/firewall/*.nft, which become part of our table.

So they come and go with it in one transaction. A snippet cannot leave the table, nor read other files.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hadaemon.config.variables import Variables, filled, lacks

FOLDER = "firewall"
"""Below cluster.d."""
SUFFIX = ".nft"

_TOKEN = re.compile(r'"[^"\n]*"|#[^\n]*|"|[{}]|[A-Za-z_][A-Za-z0-9_-]*')


@dataclass(frozen=True, slots=True)
class Snippet:
    """One file."""

    path: str
    """For messages: below the state folder, e.g. cluster.d/firewall/10-guests.nft."""
    text: str


def snippet_problems(snippets: Iterable[Snippet], variables: Variables) -> Iterator[str]:
    """What nft itself would not refuse, or refuse without saying why. `variables`: the node's."""
    for snippet in snippets:
        lacking = tuple(lacks(snippet.text, variables))
        found = lacking or _problems(filled(snippet.text, variables))
        yield from (f"{snippet.path}: {problem}" for problem in found)


def _problems(text: str) -> Iterator[str]:
    depth = 0
    for token in _TOKEN.finditer(text):
        word, line = token.group(), text.count("\n", 0, token.start()) + 1
        if word == "{":
            depth += 1
        elif word == "}":
            depth -= 1
            if depth < 0:
                yield f"line {line}: one }} too many: a snippet stays within the table hotspare"
                return
        elif word == "include":
            yield f"line {line}: include is not possible: a snippet is one file, which is synchronized whole"
        elif word == '"':
            yield f"line {line}: a quotation mark is missing"
            return
    if depth:
        yield f"{depth} }} missing at the end"
    if not text.isprintable() and any(not (char.isprintable() or char in "\n\t") for char in text):
        yield "has control characters: it must be plain text"
