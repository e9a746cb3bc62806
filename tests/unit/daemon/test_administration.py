"""What the administrator asks for: messages to events, the steps of a switch, and what is remembered."""

import asyncio
import json
from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

import pytest

from hadaemon.cluster import (
    Announce,
    HandoverEnded,
    MaintenanceRequested,
    Memory,
    ResumeRequested,
    SendAdvertisement,
    SetAddresses,
    SwitchRequested,
)
from hadaemon.control.requests import Maintenance, Resume, Switch, request_of
from hadaemon.daemon.handover import Handover
from hadaemon.daemon.requests import event_of
from hadaemon.io.errors import FileError
from hadaemon.io.store.maintenance import FILE
from hadaemon.io.store.memory_file import MemoryFile
from hadaemon.vrrp import Advertisement
from hadaemon.vrrp.model import Centiseconds, Priority, Vrid

ADDRESSES = frozenset({IPv4Interface("192.168.12.1/24")})


@pytest.mark.parametrize(
    "message,event",
    [
        ({"command": "switch"}, SwitchRequested(forced=False)),
        ({"command": "switch", "force": True}, SwitchRequested(forced=True)),
        ({"command": "maintenance", "on": True}, MaintenanceRequested(on=True)),
        ({"command": "maintenance", "on": False, "force": True}, MaintenanceRequested(on=False, forced=True)),
        ({"command": "resume"}, ResumeRequested()),
    ],
)
def test_messages_become_events(message: dict[str, Any], event: object):
    request = request_of(message)
    assert isinstance(request, Switch | Maintenance | Resume)
    assert event_of(request) == event


@pytest.mark.parametrize(
    "message",
    [
        {"command": "switch", "force": "yes"},
        {"command": "maintenance"},
        {"command": "maintenance", "on": 1},
        {"command": "explode"},
    ],
)
def test_messages_that_no_hactl_sends_are_refused(message: dict[str, Any]):
    with pytest.raises(ValueError, match=r"wanted|missing|unknown command"):
        request_of(message)


def advertisement(priority: int) -> Advertisement:
    return Advertisement(Vrid(51), Priority(priority), Centiseconds(100), (IPv4Address("192.168.12.1"),))


def spans(*steps: tuple[float, Any]) -> tuple[dict[str, float | None], bool]:
    """What a handover that began at 10 s makes of actions at these seconds."""

    async def scenario() -> tuple[dict[str, float | None], bool]:
        handover = Handover(10.0)
        for at, action in steps:
            handover.note(action, at)
        return asdict(handover.milliseconds()), handover.ended.done()

    return asyncio.run(scenario())


def test_the_steps_of_a_takeover():
    announce = Announce("lan", (IPv4Address("192.168.12.1"),))
    told, ended = spans(
        (10.040, SendAdvertisement("lan", advertisement(253))),
        (10.0405, SendAdvertisement("wan", advertisement(253))),
        (10.041, SetAddresses("lan", ADDRESSES)),
        (10.043, SetAddresses("wan", ADDRESSES)),
        (10.044, announce),
        (10.0445, announce),
        (10.045, HandoverEnded(succeeded=True, reason="beta is active now")),
        (10.300, announce),
    )
    assert ended
    assert told == {"detection": 40.0, "address": 3.0, "announcement": 1.5, "total": 45.0}


def test_the_steps_of_a_release():
    told, ended = spans(
        (10.001, SendAdvertisement("lan", advertisement(0))),
        (10.038, SetAddresses("lan", ADDRESSES, answering=False)),
        (10.039, SetAddresses("wan", ADDRESSES, answering=False)),
        (10.040, HandoverEnded(succeeded=True, reason="beta is active now")),
        (10.240, SetAddresses("lan", frozenset())),
    )
    assert ended
    assert told == {"detection": 38.0, "address": 1.0, "announcement": None, "total": 40.0}


def test_a_handover_that_nobody_took():
    told, ended = spans((10.5, HandoverEnded(succeeded=False, reason="nobody took over")))
    assert ended
    assert told == {"detection": None, "address": None, "announcement": None, "total": 500.0}


@pytest.mark.parametrize(
    "memory",
    [
        Memory(),
        Memory(maintenance=True),
        Memory(preferred=False, epoch=7),
        Memory(preferred=True, suspended=True),
    ],
)
def test_what_was_stored_comes_back(tmp_path: Path, memory: Memory):
    file = MemoryFile(tmp_path / "daemon")
    assert file.load() == Memory()
    file.store(memory)
    assert file.load() == memory
    assert (tmp_path / "daemon" / FILE).stat().st_mode & 0o777 == 0o640


def test_a_field_of_another_version_does_no_harm(tmp_path: Path):
    (tmp_path / FILE).write_text(json.dumps({"schema": 1, "maintenance": True, "moon": "full"}))
    assert MemoryFile(tmp_path).load() == Memory(maintenance=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "\0\0",
        "[]",
        "{}",
        '{"schema": 2}',
        '{"schema": 1, "epoch": "x"}',
        '{"schema": 1, "maintenance": 1}',
    ],
)
def test_a_damaged_file_is_told_with_what_to_do(tmp_path: Path, text: str):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(FileError, match="set them again with hactl"):
        MemoryFile(tmp_path).load()
