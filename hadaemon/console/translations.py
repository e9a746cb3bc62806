"""The languages of the menu: gettext's catalogs, as they lie beside the flows."""

import gettext
from collections.abc import Mapping
from importlib import resources

from hadaemon.config.values import LANGUAGES
from hadaemon.menu.steps import Translate

ORIGINAL = "en"
"""The language of the texts in the code."""


def load_translations() -> Mapping[str, Translate]:
    """By language."""
    return {language: _translation(language) for language in LANGUAGES}


def _translation(language: str) -> Translate:
    if language == ORIGINAL:
        return str
    with resources.files("hadaemon.menu").joinpath(f"locale/{language}.mo").open("rb") as catalog:
        return gettext.GNUTranslations(catalog).gettext
