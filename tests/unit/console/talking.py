"""A person at a terminal, as the tests of the menu have one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from firmware.screens.box import FACTS, Box
from hadaemon.console.talk import talk
from hadaemon.console.translations import ORIGINAL, load_translations
from hadaemon.menu.first_boot import Facts, first_boot

TRANSLATIONS = load_translations()


class Person:
    """Types what is prepared: by the key of a question, one answer after the other; then hangs up."""

    def __init__(self, answers: Mapping[str, Iterable[str]] | Iterable[str]) -> None:
        by_key = isinstance(answers, Mapping)
        self._by_key = {key: list(texts) for key, texts in answers.items()} if by_key else None
        self._row = [] if by_key else list(answers)
        self.screen: list[str] = []
        self.asked: list[str] = []
        self.secrets: list[str] = []

    def write(self, line: str = "") -> None:
        self.screen.append(line)

    def read(self, prompt: str) -> str:
        self.screen.append(prompt)
        key = prompt.split()[0]
        self.asked.append(key)
        if self._by_key is not None:
            assert self.asked.count(key) < 9, f"no answer to {key} helps:\n{self.text[-1000:]}"
            answers = self._by_key.get(key)
            return answers.pop(0) if answers else ""
        if not self._row:
            raise EOFError
        answer = self._row.pop(0)
        if answer == "\x03":
            raise KeyboardInterrupt
        if answer == "\x04":
            raise EOFError
        return answer

    def read_secret(self, prompt: str) -> str:
        self.secrets.append(prompt)
        return self.read(prompt)

    @property
    def text(self) -> str:
        return "\n".join(self.screen)


def set_up(person: Person, box: Box, facts: Facts = FACTS) -> None:
    """The whole first set-up, until its end."""
    converse(lambda: first_boot(facts, TRANSLATIONS), person, box)


def converse(begin: Callable[[], Any], person: Person, box: Box) -> Any:
    """Any flow."""
    return talk(begin, person, box, TRANSLATIONS, ORIGINAL)
