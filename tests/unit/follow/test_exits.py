"""Why a unit ended, as systemd's properties say it."""

import pytest

from hadaemon.follow.protocol import seen_of
from hadaemon.status.service_phase import Phase

DIAL_IN = "hotspare-pppoe@dsl.service"


def ended(unit: str, result: str, status: str, state: str = "failed") -> tuple[Phase, str]:
    properties = {"LoadState": "loaded", "ActiveState": state, "Result": result, "ExecMainStatus": status}
    seen = seen_of(unit, properties)
    return seen.phase, seen.why


@pytest.mark.parametrize(
    "status, why",
    [
        ("19", "the other end refuses user or password"),
        ("16", "the other end has hung up, or does not answer any more"),
        ("1", "exit-code"),
    ],
)
def test_a_dial_in_says_why_it_is_not_through(status, why):
    assert ended(DIAL_IN, "exit-code", status) == (Phase.FAILED, why)


def test_another_unit_says_what_systemd_says():
    assert ended("web.service", "exit-code", "19") == (Phase.FAILED, "exit-code")
    assert ended("web.service", "success", "0", "inactive") == (Phase.DOWN, "")


@pytest.mark.parametrize("result, stale", [("success", False), ("", False), ("exit-code", True)])
def test_a_unit_that_did_not_take_its_new_configuration_says_so(result: str, stale: bool):
    properties = {"LoadState": "loaded", "ActiveState": "active", "ReloadResult": result}
    assert seen_of("web.service", properties).stale is stale
    assert not seen_of("web.service", {"LoadState": "loaded", "ActiveState": "active"}).stale
