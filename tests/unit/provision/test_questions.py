"""No question of the first set-up is forgotten when boxes are provisioned."""

from firmware.provision import answers, setup
from tests.unit.config.test_preseed_page import questions

BY_ITSELF = {
    *("start", "password-again", "cards", "hotwire-find", "hotwire", "port-N", "card-PORT"),
    *("repair", "write", "pair-again", "join-again", setup._UNREADABLE),
}
"""What the program answers without the file."""


def test_every_question_is_one_of_the_first_set_up() -> None:
    known = (*setup._OF_PORTS, *setup._AFTER_WRITING, setup._UNREADABLE)
    unknown = {key for key in questions() - setup._BEFORE_WRITING if not key.startswith(known)}
    assert not unknown, "add it to _BEFORE_WRITING in firmware/provision/setup.py"


def test_a_file_can_answer_every_question_that_the_program_does_not() -> None:
    unknown = {key for key in questions() - answers._FIXED if not key.startswith(answers._PORTS_OWN)}
    assert unknown == BY_ITSELF, "add it to _FIXED in answers.py and to docs/provisioning.md"
