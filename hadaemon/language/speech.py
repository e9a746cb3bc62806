"""What is said to the person, in the language of this process. English costs nothing: no catalog is read."""

from typing import TYPE_CHECKING

from hadaemon.language.choice import SPOKEN

if TYPE_CHECKING:
    from hadaemon.language.catalogs import Catalogs

_catalogs: "Catalogs | None" = None
"""None: English."""


def speak(language: str, serial: bool = False) -> None:
    """From now on this process speaks it; to a serial line with the letters of ASCII."""
    global _catalogs
    _catalogs = None
    if language in SPOKEN:
        # Here and not above: whoever speaks English needs none of it.
        from hadaemon.language.catalogs import load_catalogs

        _catalogs = load_catalogs(language, serial)


def _(text: str) -> str:
    """A text of `hactl` itself, before its fields are filled in."""
    return text if _catalogs is None else _catalogs.text(text)


def counted(one: str, many: str, count: int) -> str:
    """The text for so many, with its {count} filled in."""
    english = one if count == 1 else many
    return (english if _catalogs is None else _catalogs.counted(one, many, count)).format(count=count)


def marked(text: str) -> str:
    """Puts a word into the catalogs: it is translated where it is shown."""
    return text


def told(sentence: str) -> str:
    """A sentence that arrived finished, as far as it is known; else in English."""
    return sentence if _catalogs is None else _catalogs.sentence(sentence)
