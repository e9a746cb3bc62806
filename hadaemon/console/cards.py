"""Network cards for the menu: which there are, and where the hotwire is."""

import time
from contextlib import ExitStack, suppress
from pathlib import Path

from hadaemon.control.answers import Detected
from hadaemon.errors import HadaemonError
from hadaemon.io.kernel import device
from hadaemon.io.kernel.netlink import read_links
from hadaemon.io.kernel.udev import open_udev
from hadaemon.menu.actions import Card
from hadaemon.menu.actions import Detected as FoundHotwire
from hadaemon.operations.asking import understood
from hadaemon.operations.detection import detect_hotwire, detection_lines

_LINK_SECONDS = 4.0
"""A card that is switched on takes so long to agree on a speed with the other end."""
_LOOK = 0.1
BLINK_SECONDS = 5
_LISTEN_SECONDS = 10


def read_cards(wait: float = _LINK_SECONDS) -> tuple[Card, ...]:
    """All, in the kernel's order; they are afterwards as they were before. As root."""
    with ExitStack() as stack:
        for link in read_links().cards():
            with suppress(HadaemonError):
                if device.switch_on(link.name):
                    stack.callback(_switch_off, link.name)
        deadline = time.monotonic() + wait
        while not all(link.carrier for link in read_links().cards()) and time.monotonic() < deadline:
            time.sleep(_LOOK)
        udev = open_udev()
        return tuple(
            Card(
                link.name,
                link.permanent_mac or link.mac,
                udev.hardware(link.name).driver if udev is not None else "",
                link.carrier,
                device.speed(link.name),
            )
            for link in read_links().cards()
        )


def detect(socket: Path) -> FoundHotwire:
    """Has the daemon listen on every card. Raises HadaemonError."""
    answer = understood(Detected, detect_hotwire(socket, _LISTEN_SECONDS, blink=False))
    found = (port.mac for port in answer.ports if port.interface == answer.candidate)
    return FoundHotwire(next(found, ""), tuple(detection_lines(answer)))


def _switch_off(name: str) -> None:
    with suppress(HadaemonError):
        device.switch_off(name)
