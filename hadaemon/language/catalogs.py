"""The catalogs of a language, as they lie in this package."""

from gettext import GNUTranslations
from importlib import resources

from hadaemon.language.phrases import PhraseBook
from hadaemon.text.plain import spelled


class Catalogs:
    """Both: the texts of `hactl` itself, and the sentences of everybody else."""

    def __init__(self, texts: GNUTranslations, sentences: PhraseBook, serial: bool) -> None:
        self._texts = texts
        self._sentences = sentences
        self._spelled = spelled if serial else str

    def text(self, english: str) -> str:
        """In the language; as it is, if it has none."""
        return self._spelled(self._texts.gettext(english))

    def counted(self, one: str, many: str, count: int) -> str:
        """The form for so many."""
        return self._spelled(self._texts.ngettext(one, many, count))

    def sentence(self, english: str) -> str:
        """As far as it is known."""
        return self._spelled(self._sentences(english))


def load_catalogs(language: str, serial: bool) -> Catalogs:
    """Those of a language. `serial`: for a terminal that may know ASCII alone."""
    sentences: dict[str, str] = _catalog("sentences", language)._catalog  # type: ignore[attr-defined]
    book = PhraseBook({text: said for text, said in sentences.items() if text})
    return Catalogs(_catalog("hactl", language), book, serial)


def _catalog(name: str, language: str) -> GNUTranslations:
    with resources.files("hadaemon.language").joinpath(f"{name}/{language}.mo").open("rb") as file:
        return GNUTranslations(file)
