"""The blocks in the pages: between a mark and the end of the code block behind it."""

import re
from collections.abc import Mapping
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.paths import ROOT
from firmware.screens import booted
from firmware.screens.booted import booted_blocks
from firmware.screens.picture import picture
from firmware.screens.session import record
from firmware.screens.sessions import BLOCKS, MASTER, paced, run_sessions

DOCS = ROOT / "docs"
PICTURE = DOCS / "first-setup.svg"
_BLOCK = re.compile(r"(<!-- screen: (?P<name>[a-z-]+) -->\n```text\n)(?P<text>.*?)(```\n)", re.DOTALL)


def write_screens(pair: str = "") -> list[Path]:
    """Bring every page up to date, and the picture; returns what was written. `pair` is the board of a pair
    that is booted for the screens that only a pair shows; without it they stay as they are."""
    blocks = {**all_blocks(), **(booted_blocks(pair) if pair else {})}
    written = []
    for page in sorted(DOCS.glob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = filled(before, blocks, page.name)
        if after != before:
            page.write_text(after, encoding="utf-8")
            written.append(page)
    PICTURE.write_text(picture(record("setup", MASTER, paced())), encoding="utf-8")
    return [*written, PICTURE]


def all_blocks() -> Mapping[str, str]:
    """Every screen by its name, from one run of each session."""
    run = run_sessions()
    return {name: cut(run) for name, cut in BLOCKS.items()}


def filled(text: str, blocks: Mapping[str, str], page: str) -> str:
    """The page with its blocks as they are to be. Raises FirmwareError for a mark that nobody knows."""

    def block(found: re.Match[str]) -> str:
        if found["name"] in booted.NAMES - set(blocks):
            return found[0]
        if found["name"] not in blocks:
            raise FirmwareError(
                f"there is no screen {found['name']}", page, "see BLOCKS in firmware/screens/sessions.py"
            )
        return found[1] + blocks[found["name"]] + found[4]

    return _BLOCK.sub(block, text)


def names_in(text: str) -> list[str]:
    """The screens that a page shows."""
    return [found["name"] for found in _BLOCK.finditer(text)]
