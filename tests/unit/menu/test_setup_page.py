"""docs/setup.md shows the screens as they are: its blocks are made by the run below, and compared."""

import re
from pathlib import Path

from .talking import Box, Person, set_up

PAGE = Path(__file__).parents[3] / "docs" / "setup.md"
ANSWERS = {
    "language": ["1"],
    "password": ["correct horse"],
    "password-again": ["correct horse"],
    "hostname": ["fw-a"],
    "time-zone": ["berlin"],
    "purpose": ["2"],
    "addresses-lan": ["192.168.12.300/24", "192.168.12.141/24"],
    "addresses-wan": ["192.168.175.102/24"],
    "virtual-lan": ["?", "192.168.12.1/24"],
    "virtual-wan": ["192.168.175.101/24"],
    "gateway": ["192.168.175.1"],
    "ssh": ["lan"],
    "write": ["1"],
    "pair": ["2"],
}
ADDED = {"purpose": ["3"], "hostname": ["fw-b"], "card-lan": ["1"], "card-wan": ["1"]} | {
    "addresses-lan": ["192.168.12.142/24"],
    "addresses-wan": ["192.168.175.103/24"],
}


class Watched(Person):
    """The screen shows what was typed, but no secret."""

    def read(self, prompt: str) -> str:
        answer = super().read(prompt)
        self.screen[-1] = f"{prompt}{answer}".rstrip()
        return answer

    def read_secret(self, prompt: str) -> str:
        answer = super().read(prompt)
        self.screen[-1] = prompt.rstrip()
        return answer


def screens(answers: dict[str, list[str]]) -> str:
    person = Watched(answers)
    set_up(person, Box())
    return person.text.strip("\n") + "\n"


def joining() -> str:
    """From the point at which it differs."""
    text = screens(ANSWERS | ADDED)
    return text[text.index("-- Pairing") :]


def blocks() -> list[str]:
    return re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_screens_of_a_master_are_shown_as_they_are():
    assert blocks()[0] == screens(ANSWERS)


def test_the_screens_of_a_spare_are_shown_as_they_are():
    assert blocks()[1] == joining()
