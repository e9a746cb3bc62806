"""The menu's catalogs: texts in the code to .po files, those to the .mo files that gettext reads.

Both are in git, so that neither building nor running needs a compiler of them; a test holds them together.
"""

import io
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

from firmware.paths import ROOT

SOURCES = (ROOT / "hadaemon/menu", ROOT / "hadaemon/console")
CATALOGS = ROOT / "hadaemon/menu/locale"
_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Of every catalog: when it was written says git."""


def translate() -> list[str]:
    """Bring every catalog up to date; returns what is still to be translated, a text a line."""
    missing = []
    for path in sorted(CATALOGS.glob("*.po")):
        catalog = read_catalog(path)
        catalog.update(template(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.header_comment = (
            "# Texts of the menu. Bring it up to date with `python3 invoke.py translate`."
        )
        catalog.creation_date = catalog.revision_date = _DAY
        with path.open("wb") as file:
            pofile.write_po(file, catalog, width=110, no_location=True, omit_header=False, sort_output=True)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        missing += [f"{path.name}: {message.id}" for message in catalog if message.id and not message.string]
    return missing


def template() -> Catalog:
    """Every text of the menu."""
    catalog = Catalog(project="hotspare", version="1", creation_date=_DAY)
    for source in SOURCES:
        found = extract_from_dir(
            source, [("**.py", "python")], keywords={"_": None, "translate": None, "marked": None}
        )
        for _file, _line, message, _comments, _context in found:
            catalog.add(message)
    return catalog


def read_catalog(path: Path) -> Catalog:
    """A .po file."""
    with path.open("rb") as file:
        return pofile.read_po(file, locale=path.stem)


def compiled(catalog: Catalog) -> bytes:
    """The .mo file."""
    file = io.BytesIO()
    mofile.write_mo(file, catalog)
    return file.getvalue()
