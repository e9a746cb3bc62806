"""Sentences that arrive finished, in English, and are to be shown in another language. Pure.

The daemon, the operations and the other node say what is wrong in one English sentence: in their log, their
files and their JSON it stays one. A catalog has these sentences as they stand in the code, with {fields}; a
sentence is shown in the other language if it is one of them, whatever stands in its fields.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache, cached_property

Say = Callable[[str], str]
"""Into the other language."""

_FIELD = re.compile(r"\{([a-z_0-9]+)\}")
_LISTED = ("; ", ", ")
"""What joins several sentences, or parts of one."""
_LONGEST = 2000
"""Characters of a line: what is longer is nobody's sentence. Some texts are the other node's."""
_DEEPEST = 8
"""Sentences within sentences."""
_NAME = re.compile(r"(\w+_)?(name|port|ip|address|network|gateway|server|mac|one|other)\d*")
"""A field that is one word, and nothing to be translated."""
_QUOTED = re.compile(r'["\[]\{([a-z_0-9]+)\}["\]]')
"""What stands in quotation marks or brackets is what somebody wrote."""
_WHOLE_WORD = re.compile(r"(?<![\w}])\w+(?![\w{])")
"""No field touches it."""
_WORD = re.compile(r"\w+")


class Template:
    """A sentence with fields."""

    def __init__(self, source: str, target: str) -> None:
        self.source, self._target = source, target
        pieces = [_plain(piece) for piece in _FIELD.split(source)[::2]]
        self.weight = sum(map(len, pieces))
        """Letters that are not in fields: of two that fit, the one with more says more."""
        self._longest = max(pieces, key=len)
        """It is in every sentence that fits."""
        self.word = max(_WHOLE_WORD.findall(_FIELD.sub("{}", source)), key=len, default="")
        """So is this word; empty: there is none."""
        self._kept = set(_QUOTED.findall(source))

    def translated(self, text: str, say: Say) -> str | None:
        """None: it does not fit. What stands in the fields is translated by itself."""
        found = self._pattern.fullmatch(text) if self._longest in text else None
        if found is None:
            return None
        fields = found.groupdict().items()
        said = {key: value if self._is_kept(key) else say(value) for key, value in fields}
        return self._target.format(**said)

    def _is_kept(self, field: str) -> bool:
        return field in self._kept or _NAME.fullmatch(field) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = _FIELD.split(self.source)
        for index, part in enumerate(parts):
            what = r"\S*?" if _NAME.fullmatch(part) else ".*?"
            parts[index] = f"(?P<{part}>{what})" if index % 2 else re.escape(_plain(part))
        return re.compile("".join(parts))


class PhraseBook:
    """From English into one other language."""

    def __init__(self, catalog: Mapping[str, str]) -> None:
        catalog = {text: said for text, said in catalog.items() if text != said}
        whole = {text: said for text, said in catalog.items() if not _FIELD.search(text)}
        self._whole = {_plain(text): _plain(said) for text, said in whole.items()}
        self._templates: dict[str, list[Template]] = defaultdict(list)
        """By a word that is in every sentence that fits."""
        for text, said in catalog.items():
            if text not in whole:
                template = Template(text, said)
                self._templates[template.word].append(template)
        self._line = cache(self._translated)
        self._depth = 0

    def __call__(self, text: str) -> str:
        """The same in the other language, line by line, as far as it is known; else as it is."""
        if self._depth == _DEEPEST:
            return text
        self._depth += 1
        try:
            return "\n".join(map(self._line, text.split("\n")))
        finally:
            self._depth -= 1

    def _translated(self, line: str) -> str:
        text = line.lstrip(" !")
        if len(text) > _LONGEST:
            return line
        for attempt in (self._whole.get, self._listed, self._sentence, self._explained):
            said = attempt(text)
            if said is not None:
                return line[: len(line) - len(text)] + said
        return line

    def _sentence(self, text: str) -> str | None:
        """It is one, or what is said of something whose name comes first."""
        said = self._known(text)
        if said is not None:
            return said
        name, _, rest = text.partition(" ")
        of_it = self._known(rest) if rest and not name.endswith((",", ";", ":")) else None
        return None if of_it is None else f"{name} {of_it}"

    def _known(self, text: str) -> str | None:
        if text in self._whole:
            return self._whole[text]
        words = {"", *_WORD.findall(text)} & self._templates.keys()
        near = [template for word in words for template in self._templates[word]]
        near.sort(key=lambda template: (-template.weight, template.source))
        found = (template.translated(text, self) for template in near)
        return next((said for said in found if said is not None), None)

    def _listed(self, text: str) -> str | None:
        """Several that are joined: all of them are known, or none is translated."""
        for mark in _LISTED:
            parts = text.split(mark)
            said = [self._sentence(part) if _has_words(part) else None for part in parts]
            if len(said) > 1 and None not in said:
                return mark.join(filter(None, said))
        return None

    def _explained(self, text: str) -> str | None:
        """`what: why`, where one of them is a sentence; else it is a name, a file or a key."""
        head, mark, tail = text.partition(": ")
        told = self._known(head) if _has_words(head) else None
        said = self(tail) if _has_words(tail) else tail
        return None if told is None and said == tail else f"{told or head}{mark}{said}"


def _has_words(text: str) -> bool:
    """A single one may be somebody's name."""
    return " " in text


def _plain(text: str) -> str:
    """A text of the catalog without the doubled braces of str.format."""
    return text.replace("{{", "{").replace("}}", "}")
