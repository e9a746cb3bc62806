"""A detection with a network card that can do more than a virtual one: its speed, and its light."""

import asyncio
import os
from collections.abc import Iterator
from typing import cast

import pytest

from hadaemon.control.answers import Detected
from hadaemon.control.errors import RequestRefused
from hadaemon.control.requests import DetectHotwire
from hadaemon.daemon.hotwire import detect
from hadaemon.daemon.hotwire.detect import Detector
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.today import Today
from hadaemon.hotwire.detection import Beacon, encode_beacon
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link, LinkTable

OWN, PEER = "52:54:00:48:0a:03", "52:54:00:48:0b:03"
ME, THEM = b"instan-1", b"instan-2"
SPEEDS = {"eth0": 100, "eth1": 2500}


class Card:
    """A cable with another appliance at its end, which says so once."""

    def __init__(self, name: str, _: int) -> None:
        self.heard = name == "eth1"
        self.sent: list[bytes] = []
        self._out, self._in = os.pipe()
        os.write(self._in, b"x")

    def fileno(self) -> int:
        return self._out

    def close(self) -> None:
        for descriptor in (self._out, self._in):
            os.close(descriptor)

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    def receive(self) -> Iterator[bytes]:
        os.read(self._out, 1)
        if self.heard:
            yield encode_beacon(Beacon(THEM, "", True), bytes.fromhex(PEER.replace(":", "")))


class Device:
    """What a driver does."""

    def __init__(self, broken: str = "") -> None:
        self.blinked: list[tuple[str, int]] = []
        self.broken = broken
        self.on: set[str] = set()

    def switch_on(self, name: str) -> bool:
        self.on.add(name)
        return True

    def switch_off(self, name: str) -> None:
        self.on.remove(name)

    def speed(self, name: str) -> int:
        assert name in self.on, "a link that is off has no speed"
        return SPEEDS[name]

    def blink(self, name: str, seconds: int) -> None:
        if self.broken:
            raise PortError(f"{name}: {self.broken}")
        self.blinked.append((name, seconds))


class Kernel:
    """Two cards."""

    table = LinkTable(
        Link(number, f"eth{number}", mac, mac, "", carrier=True)
        for number, mac in enumerate(("52:54:00:48:0a:01", OWN))
    )


def run(monkeypatch: pytest.MonkeyPatch, device: Device, blink: bool = True) -> Detected:
    monkeypatch.setattr(detect, "device", device)
    monkeypatch.setattr(detect, "FrameSocket", Card)
    detector = Detector(cast(Network, Kernel()), Today(), ME)
    answer = asyncio.run(detector.detect(0.3, blink=blink))
    assert not device.on, "all is off again"
    return answer


def test_the_speed_of_each_card_is_told_and_the_one_that_was_found_blinks(monkeypatch: pytest.MonkeyPatch):
    device = Device()
    answer = run(monkeypatch, device)
    assert answer.candidate == "eth1"
    assert {port.interface: port.speed for port in answer.ports} == SPEEDS
    assert [name for name, _ in device.blinked] == ["eth1"]
    assert answer.blinked == "", "it did"


def test_a_card_that_cannot_blink_says_why(monkeypatch: pytest.MonkeyPatch):
    answer = run(monkeypatch, Device("Operation not supported"))
    assert (answer.candidate, answer.blinked) == ("eth1", "eth1: Operation not supported")


def test_nothing_blinks_unasked(monkeypatch: pytest.MonkeyPatch):
    device = Device()
    assert run(monkeypatch, device, blink=False).blinked is None
    assert device.blinked == []


def test_one_detection_at_a_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(detect, "device", Device())
    monkeypatch.setattr(detect, "FrameSocket", Card)
    detector = Detector(cast(Network, Kernel()), Today(), ME)

    async def both() -> list[Detected | BaseException]:
        request = DetectHotwire(detect.SHORTEST)
        asked = (detector.answer(request), detector.answer(request))
        return list(await asyncio.gather(*asked, return_exceptions=True))

    first, second = asyncio.run(both())
    assert isinstance(first, Detected)
    assert isinstance(second, RequestRefused)
    assert "another detection is under way" in str(second)


@pytest.mark.parametrize("seconds", [0, detect.SHORTEST - 0.1, detect.LONGEST + 1])
def test_a_detection_is_neither_shorter_nor_longer_than_makes_sense(seconds: float):
    detector = Detector(cast(Network, Kernel()), Today(), ME)
    with pytest.raises(RequestRefused, match="a number from 2 to 120 is wanted"):
        asyncio.run(detector.answer(DetectHotwire(seconds)))
