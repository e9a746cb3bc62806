"""A provider's user and password with any printable characters arrive at pppd as they were typed."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware.provision.answers import AnswersError, read_site
from firmware.screens.box import Box
from hadaemon.config import check_preseed, load_cluster, render_cluster
from hadaemon.config.commented import commented
from hadaemon.follow.files import files
from tests.unit.console.talking import Person, set_up
from tests.unit.follow.pppd import options, words
from tests.unit.menu.test_first_boot import CREATE

COMMANDS = {"?", "<", "!"}
"""Alone they are commands of the menu."""
PRINTABLE = "".join(map(chr, range(32, 127)))
PASSWORDS = st.text(PRINTABLE, min_size=1, max_size=128).filter(lambda text: text not in COMMANDS)
USERS = PASSWORDS.map(str.strip).filter(lambda text: text and text not in COMMANDS)
SITE = """
schema = 1
[[box]]
hostname = "alpha"
purpose = "create"
password = "correct horse"
ports = {{ lan = "00:0d:b9:00:00:01", wan = "00:0d:b9:00:00:02", hotwire = "00:0d:b9:00:00:03" }}
addresses-wan = "pppoe"
pppoe-user-wan = {user}
pppoe-password-wan = {password}
"""


def test_the_reader_knows_the_rules() -> None:
    text = 'a b#c\n\'d e\' "f\'g"h # i\n\\"j\\\\ k\\\nl \\s\\x41\\101 "m\\"n" \'\''
    assert list(words(text)) == ["a", "b", "d e", "f'gh", '"j\\', "kl", " AA", 'm"n', ""]


def read_by_pppd(answers: Mapping[str, str]) -> Mapping[str, str]:
    """What a set-up with these answers makes of user and password, on disk and then for pppd."""
    typed = {key: [text] for key, text in answers.items()}
    box = Box()
    set_up(Person(CREATE | {"addresses-wan": ["pppoe"]} | typed), box)
    cluster = check_preseed(box.stored()[0]).cluster
    assert cluster is not None
    for text in (render_cluster(cluster), commented(render_cluster(cluster))):
        assert load_cluster(text) == cluster
    written = {file.name: file for file in files("alpha", cluster, {"wan": "enp2s0"}, {}, {})}["ppp-wan0"]
    assert not written.public
    return options(written.text, "ifname", "user", "password")


@given(user=USERS, password=PASSWORDS)
@example(user="0815@provider.example", password=PRINTABLE)
@example(user=PRINTABLE.strip(), password=PRINTABLE[::-1])
@example(user="\\", password='"')
@example(user="#", password=" \\")
def test_what_is_typed_is_what_pppd_sends(user: str, password: str) -> None:
    found = read_by_pppd({"pppoe-user-wan": user, "pppoe-password-wan": password})
    assert found == {"user": user, "password": password, "ifname": "wan0"}


@given(user=USERS, password=PASSWORDS)
@example(user="0815@provider.example", password=PRINTABLE)
def test_a_file_for_provision_says_the_same(user: str, password: str) -> None:
    site = read_site(SITE.format(user=json.dumps(user), password=json.dumps(password)), "site.toml")
    answers = site.boxes[0].answers
    assert (answers["pppoe-user-wan"], answers["pppoe-password-wan"]) == (user, password)
    assert password in site.secrets


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_of_the_menu_is_refused_before_a_port_is_opened(command: str) -> None:
    with pytest.raises(AnswersError, match="is a command of the menu") as refused:
        read_site(SITE.format(user='"u"', password=json.dumps(command)), "site.toml")
    assert "box 1: pppoe-password-wan" in str(refused.value)


@pytest.mark.parametrize("password", ["paßwort", "пароль", "\u00a0", "p\u0000"])
def test_other_characters_are_refused_with_what_is_possible(password: str) -> None:
    answers = {"addresses-wan": ["pppoe"], "pppoe-user-wan": ["u"]}
    person, box = Person(CREATE | answers | {"pppoe-password-wan": [password, "right one"]}), Box()
    set_up(person, box)
    assert "expected: 1 to 128 ASCII characters" in person.text
    assert password not in person.text
    assert box.stored()[0]["cluster"]["follow"]["pppoe"][0]["password"] == "right one"
    with pytest.raises(AnswersError, match="a text of ASCII characters") as refused:
        read_site(SITE.format(user='"u"', password=json.dumps(password)), "site.toml")
    assert password not in str(refused.value)
