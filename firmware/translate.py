"""The catalogs of the menu and of `hactl`: texts in the code to .po files, those to .mo files for gettext.

Both are in git, so that neither building nor running needs a compiler of them; a test holds them together.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

from firmware.paths import ROOT
from firmware.sentences import sentences, texts

MENU = (ROOT / "hadaemon/menu", ROOT / "hadaemon/console")
_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Of every catalog: when it was written says git."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Texts that are translated together."""

    what: str
    catalogs: Path
    texts: Callable[[], Iterable[str | tuple[str, str]]]

    @property
    def template(self) -> Catalog:
        """Every text, without a translation."""
        catalog = Catalog(project="hotspare", version="1", creation_date=_DAY)
        for text in self.texts():
            catalog.add(text)
        return catalog


def texts_of_the_menu() -> Iterable[str]:
    """Every one."""
    keywords = {"_": None, "translate": None, "marked": None}
    for source in MENU:
        for _file, _line, text, _comments, _context in extract_from_dir(
            source, [("**.py", "python")], keywords=keywords
        ):
            yield str(text)


DOMAINS = (
    Domain("Texts of the menu.", ROOT / "hadaemon/menu/locale", texts_of_the_menu),
    Domain("Texts of `hactl`.", ROOT / "hadaemon/language/hactl", texts),
    Domain("Sentences that `hactl` shows.", ROOT / "hadaemon/language/sentences", sentences),
)


def translate() -> list[str]:
    """Bring every catalog up to date; returns what is still to be translated, a text a line."""
    missing = []
    for domain in DOMAINS:
        for path in sorted(domain.catalogs.glob("*.po")):
            catalog = read_catalog(path)
            catalog.update(domain.template, no_fuzzy_matching=True)
            catalog.obsolete.clear()
            catalog.header_comment = (
                f"# {domain.what} Bring it up to date with `python3 invoke.py translate`."
            )
            catalog.creation_date = catalog.revision_date = _DAY
            with path.open("wb") as file:
                pofile.write_po(
                    file, catalog, width=110, no_location=True, omit_header=False, sort_output=True
                )
            path.with_suffix(".mo").write_bytes(compiled(catalog))
            missing += [f"{path.parent.name}/{path.name}: {text}" for text in untranslated(catalog)]
    return missing


def untranslated(catalog: Catalog) -> list[str]:
    """What has no text in this language."""
    return [str(message.id) for message in catalog if message.id and not _said(message.string)]


def _said(target: object) -> bool:
    """In every form, of a text that is counted."""
    return all(target) if isinstance(target, tuple | list) else bool(target)


def read_catalog(path: Path) -> Catalog:
    """A .po file."""
    with path.open("rb") as file:
        return pofile.read_po(file, locale=path.stem)


def compiled(catalog: Catalog) -> bytes:
    """The .mo file."""
    file = io.BytesIO()
    mofile.write_mo(file, catalog)
    return file.getvalue()
