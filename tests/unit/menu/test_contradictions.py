"""An answer that contradicts an earlier one is refused with the question and the answer of that one."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from firmware.provision import screen
from firmware.screens.box import Box
from hadaemon.config.address_book import Role
from hadaemon.config.address_rules import RULES, Rule, Then
from tests.unit.console.talking import Person, set_up
from tests.unit.menu.test_first_boot import CREATE, JOIN

LEASES = CREATE | {"virtual-lan": ["192.168.200.1/24"], "dhcp-server-lan": ["yes"]}
ONE_HA = CREATE | {"virtual-lan": [""]}


@dataclass(frozen=True)
class Case:
    """A wrong answer at a question, and what it contradicts."""

    answers: Mapping[str, list[str]]
    key: str
    wrong: str
    earlier: tuple[str, ...]
    """The keys of those questions."""


CASES = (
    Case(CREATE, "port-2", "lan", ("port-1",)),
    Case(CREATE, "addresses-lan", "169.254.1.1/16", ("hotwire",)),
    Case(CREATE, "addresses-wan", "192.168.12.141/24", ("addresses-lan",)),
    Case(CREATE, "addresses-wan", "192.168.12.9/24", ("addresses-lan",)),
    Case(CREATE, "addresses-wan", "192.168.12.255/32", ("addresses-lan",)),
    Case(CREATE, "gateway", "192.168.12.141", ("addresses-lan",)),
    Case(CREATE, "gateway", "192.168.12.255", ("addresses-lan",)),
    Case(CREATE, "gateway", "192.168.99.1", ("addresses-lan", "addresses-wan")),
    Case(CREATE, "dns", "192.168.12.141", ("addresses-lan",)),
    Case(CREATE, "dns", "169.254.0.9", ("hotwire",)),
    Case(CREATE, "ntp", "192.168.175.102", ("addresses-wan",)),
    Case(CREATE | {"addresses-wan": ["dhcp"]}, "ssh", "wan", ("addresses-wan",)),
    Case(CREATE, "virtual-lan", "192.168.12.141/24", ("addresses-lan",)),
    Case(CREATE, "virtual-lan", "192.168.175.102/24", ("addresses-wan",)),
    Case(CREATE, "virtual-lan", "192.168.175.9/24", ("addresses-wan",)),
    Case(CREATE, "virtual-lan", "192.168.12.255/32", ("addresses-lan",)),
    Case(CREATE, "virtual-lan", "169.254.7.1/24", ("hotwire",)),
    Case(CREATE, "virtual-wan", "192.168.12.1/24", ("virtual-lan",)),
    Case(CREATE | {"gateway": ["192.168.12.9"]}, "virtual-lan", "192.168.12.9/24", ("gateway",)),
    Case(CREATE | {"dns": ["192.168.12.9"]}, "virtual-lan", "192.168.12.9/24", ("dns",)),
    Case(CREATE | {"ntp": ["192.168.12.9"]}, "virtual-lan", "192.168.12.9/24", ("ntp",)),
    Case(LEASES, "dhcp-range-lan", "192.168.12.10-192.168.12.20", ("virtual-lan",)),
    Case(LEASES, "dhcp-range-lan", "192.168.200.1-192.168.200.20", ("virtual-lan",)),
    Case(LEASES, "dhcp-range-lan", "192.168.200.2-192.168.200.255", ("virtual-lan",)),
    Case(LEASES, "dhcp-dns-lan", "192.168.200.1", ("virtual-lan",)),
    Case(LEASES, "dhcp-dns-lan", "192.168.12.141", ("addresses-lan",)),
    Case(LEASES, "virtual-wan", "192.168.200.150/32", ("dhcp-range-lan",)),
    Case(CREATE, "go-out", "wan", ("internet",)),
    Case(ONE_HA, "follow-ports", "wan", ("virtual-wan",)),
    Case(JOIN, "addresses-wan", "192.168.12.8/24", ("addresses-lan",)),
)
ASKED = {
    *(Role.OWN, Role.HOTWIRE, Role.VIRTUAL, Role.GATEWAY),
    *(Role.DNS, Role.NTP, Role.HOST_DNS, Role.RANGE),
}
"""What the set-up asks for addresses; a route is the default one there, whose destination nobody chooses."""


class Mistaken(Person):
    """Answers wrongly at one question, and goes back to another one."""

    def __init__(self, case: Case, language: str) -> None:
        super().__init__({key: list(texts) for key, texts in case.answers.items()} | {"language": [language]})
        self._case, self._wrong, self._back = case, True, False
        self.titles: dict[str, str] = {}
        self.answered: dict[str, str] = {}
        self.came_back_to = ""
        self._told_at = 0
        self.told = ""

    def read(self, prompt: str) -> str:
        key, case = prompt.split()[0], self._case
        rules = [line for line in self.screen if line.startswith("-- ")]
        self.titles[key] = rules[-1].strip("- ")
        if key == case.key and self._wrong:
            self._wrong, self._back, self._told_at = False, True, len(self.screen) + 1
            self.screen.append(prompt)
            return case.wrong
        if self._back:
            assert "There is nothing to go back to" not in self.screen[-1]
            self.told = self.told or "\n".join(self.screen[self._told_at :])
            if key == case.earlier[0]:
                self.came_back_to = prompt
                raise EOFError
            self.screen.append(prompt)
            return "<"
        text = super().read(prompt)
        self.answered[key] = text or prompt.partition(" [")[2].rpartition("]")[0]
        return text


def mistake(case: Case, language: str) -> Mistaken:
    person = Mistaken(case, language)
    with pytest.raises(EOFError):
        set_up(person, Box())
    return person


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key}={case.wrong}")
def test_the_earlier_question_is_named_as_it_was_shown_and_can_be_gone_back_to(case: Case, language: str):
    """`<` leads there."""
    person = mistake(case, language)
    told = screen.refusal(person.told)
    for earlier in case.earlier:
        named = f'"{person.titles[earlier]}" ({earlier}): {person.answered[earlier]}'
        assert named in told, "and provision reports it with the refusal"
    assert case.answers.get(case.earlier[0], [""])[0] in person.came_back_to, "with the answer, to change it"
    assert {"en": "It contradicts ", "de": "Das widerspricht "}[language] in told
    assert f"< {'leads back' if language == 'en' else 'fuehrt dorthin zurueck'}" in person.told


def test_every_rule_that_an_answer_can_break_is_told_where_it_is_broken():
    told = " ".join(screen.refusal(mistake(case, "en").told) for case in CASES)

    def can_be_broken(rule: Rule) -> bool:
        return (
            rule.then is not Then.TOLD
            and not ASKED.isdisjoint(rule.ones)
            and not ASKED.isdisjoint(rule.others)
        )

    broken = [rule for rule in RULES if can_be_broken(rule)]
    assert len(broken) > 9
    assert not [rule.why for rule in broken if rule.why not in told]


def test_an_address_that_the_master_has_is_refused_before_anything_is_pulled():
    """No earlier question has it: the master does."""
    person = Person(JOIN | {"addresses-lan": ["192.168.12.1/24", "192.168.12.142/24"]})
    set_up(person, Box())
    told = " ".join(person.text.split())
    assert "a virtual address must be the own address of neither node" in told
    assert "It contradicts" not in told


def test_what_is_missing_until_a_later_answer_is_no_contradiction():
    """The master's gateway is in a network of which this box has no address yet."""
    person = Person(JOIN | {"addresses-wan": ["192.168.175.103/24"]})
    set_up(person, Box())
    assert not [line for line in person.screen if line.startswith("! ")]
    assert person.asked.count("addresses-lan") == 1


def test_nobody_is_sent_back_to_what_is_written():
    person = Person(JOIN | {"addresses-lan": ["169.254.1.1/16", "192.168.12.142/24"]})
    set_up(person, Box())
    assert 'It contradicts "The hotwire" (hotwire): 3' in " ".join(person.text.split())
    assert "leads back" not in person.text


def test_a_dhcp_server_that_does_not_fit_names_the_own_addresses():
    answers = {"dhcp-server-lan": ["yes"], "dhcp-server-lan-conflict": ["no"]}
    person = Person(CREATE | answers)
    set_up(person, Box())
    assert 'It contradicts "Addresses of lan" (addresses-lan)' in " ".join(person.text.split())
