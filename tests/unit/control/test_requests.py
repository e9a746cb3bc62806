"""What the daemon is asked: each request comes back as it was, and nonsense is refused by name."""

import json
from dataclasses import is_dataclass
from typing import Any, get_args

import pytest

from hadaemon.control import requests
from hadaemon.control.requests import (
    AskAlarms,
    AskStatus,
    BeginUpgrade,
    CallUpgradeOff,
    CheckUpgrade,
    DetectHotwire,
    Maintenance,
    Reload,
    Request,
    Resume,
    SendTestAlarm,
    Switch,
    request_of,
    request_to_json,
)

EXAMPLES: tuple[Request, ...] = (
    *(AskStatus(), AskAlarms(), SendTestAlarm(), Reload(), Reload(keep_active=True), Switch(force=True)),
    *(Maintenance(on=True), Maintenance(on=False, force=True), Resume(), DetectHotwire(10, blink=True)),
    *(CheckUpgrade(), BeginUpgrade("2.0", "0123"), CallUpgradeOff()),
)
LAST = get_args(Request)[-1].command


def test_every_request_is_one_of_them_and_has_an_example():
    declared = {each for each in vars(requests).values() if is_dataclass(each)}
    assert declared == set(get_args(Request)), "add it to `Request` and `_KINDS` in control/requests.py"
    assert declared == set(map(type, EXAMPLES)), "add an example of it to EXAMPLES"


@pytest.mark.parametrize("request_", EXAMPLES)
def test_a_request_comes_back_as_it_was(request_: Request):
    assert request_of(json.loads(json.dumps(request_to_json(request_)))) == request_


def test_what_is_not_said_is_as_usual():
    assert request_of({"command": "switch"}) == Switch(force=False)
    assert request_of({"command": "hotwire-detect", "seconds": 5, "moon": "full"}) == DetectHotwire(5.0)


@pytest.mark.parametrize(
    "message,error",
    [
        (
            {},
            f"unknown command None: there are status, alarms, alarms-test, reload, switch,.* and {LAST}",
        ),
        ({"command": ["status"]}, "unknown command"),
        ({"command": "maintenance"}, "maintenance.on is missing"),
        ({"command": "reload", "keep_active": 1}, "reload.keep_active: true or false is wanted"),
        ({"command": "hotwire-detect", "seconds": True}, "hotwire-detect.seconds: a number is wanted"),
        ({"command": "upgrade", "target": "2.0"}, "upgrade.digest is missing"),
        ({"command": "upgrade", "target": "2.0", "digest": ""}, "no version and no digest"),
        ({"command": "upgrade", "target": "2\n0", "digest": "00"}, "no version and no digest"),
        ({"command": "upgrade", "target": "2.0", "digest": "0" * 129}, "no version and no digest"),
    ],
)
def test_a_message_that_no_hactl_sends_is_refused(message: dict[str, Any], error: str):
    with pytest.raises(ValueError, match=error):
        request_of(message)
