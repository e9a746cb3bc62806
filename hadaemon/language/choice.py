"""Which language a person is spoken to in. Pure."""

from collections.abc import Callable, Mapping

ORIGINAL = "en"
"""The language of the texts in the code."""
SPOKEN = ("de",)
"""Those of which there are catalogs."""
_OF_THE_SYSTEM = "C.UTF-8"
"""LANG of everybody who has chosen nothing: the image sets it (/etc/locale.conf)."""


def chosen(environment: Mapping[str, str], stored: Callable[[], str]) -> str:
    """The person's own, by the variables of locale(7), else the one that is stored on the node.

    LC_ALL=C is English, as everywhere; a language of which there is no catalog is English too.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value and not (name == "LANG" and value == _OF_THE_SYSTEM):
            return _known(value.partition("_")[0].partition(".")[0])
    return _known(stored())


def _known(language: str) -> str:
    return language if language in SPOKEN else ORIGINAL
