"""Which version the next start takes, from the words of the root helper."""

import json

import pytest

from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.next_start import next_start
from hadaemon.upgrade.trial import Outlook


def answer(following: str, good: bool = True, version: str = "2.0") -> str:
    return json.dumps({"running": "A", "next": following, "running_good": good, "version": version})


@pytest.mark.parametrize(
    "said,where,version",
    [
        (answer("A"), Outlook.NONE, "1.0"),
        (answer("B"), Outlook.NONE, "2.0"),
        (answer("B", version=""), Outlook.NONE, "0.9"),
        (answer("B"), Outlook.WAITING, "2.1"),
        (answer("B", good=False), Outlook.WAITING, "2.1"),
        (answer("B"), Outlook.ON_TRIAL, "1.0"),
        (answer("B", good=False), Outlook.NONE, "1.0"),
    ],
)
def test_the_next_start(said: str, where: Outlook, version: str):
    assert next_start(said, where, "2.1", "1.0", "0.9") == version


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"running": "A", "next": "B", "running_good": true}'])
def test_words_that_cannot_be_understood_are_told(said: str):
    with pytest.raises(UpgradeError, match="cannot be understood"):
        next_start(said, Outlook.NONE, "", "1.0", "")
