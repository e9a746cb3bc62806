"""`hactl hotwire detect`: listens and sends beacons on every network card that no port is bound to."""

import asyncio
import contextlib
import logging
from dataclasses import replace

from hadaemon.config import NodeConfig
from hadaemon.control.answers import Detected, DetectedPort
from hadaemon.control.errors import RequestRefused
from hadaemon.control.requests import DetectHotwire
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.hotwire.detection import Beacon, PortEars, candidate, encode_beacon
from hadaemon.io.kernel import device
from hadaemon.io.kernel.device import FrameSocket
from hadaemon.io.kernel.links import Link, LinkTable

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 2, 120
"""Seconds that a detection may take."""
_PERIOD = 0.2
"""Seconds between two rounds of beacons."""
_BLINK = 3
"""Seconds."""


class Detection:
    """One detection on the interfaces that are free."""

    def __init__(self, node: NodeConfig | None, network: Network, instance: bytes) -> None:
        """`instance`: of the daemon, which sends its steady beacon meanwhile."""
        self._name = node.name if node is not None else ""
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._instance = instance
        bound = bound_links(network.table, node)
        self._links = tuple(link for link in network.table.cards() if link.index not in bound)
        self._ears = {link.name: PortEars(link.mac, self._instance, carrier=False) for link in self._links}
        self._sockets: dict[str, FrameSocket] = {}

    async def run(self, seconds: float) -> Detected:
        """Listens that long; every interface is afterwards as it was before."""
        with contextlib.ExitStack() as stack:
            for link in self._links:
                self._open(link, stack)
            end = self._loop.time() + seconds
            while self._loop.time() < end:
                self._speak()
                await asyncio.sleep(_PERIOD)
                self._note_carriers()
            return self._result()

    def _open(self, link: Link, stack: contextlib.ExitStack) -> None:
        try:
            if device.switch_on(link.name):
                stack.callback(_switch_off, link.name)
            frames = FrameSocket(link.name, link.index)
        except HadaemonError as error:
            log.warning("hotwire detection: %s", error)
            return
        stack.callback(frames.close)
        self._sockets[link.name] = frames
        self._loop.add_reader(frames.fileno(), self._listen, link.name, frames)
        stack.callback(self._loop.remove_reader, frames.fileno())

    def _speak(self) -> None:
        for link in self._links:
            frames = self._sockets.get(link.name)
            if frames is not None:
                for near in (True, False):
                    frames.send(encode_beacon(Beacon(self._instance, self._name, near), link.mac_bytes))

    def _listen(self, name: str, frames: FrameSocket) -> None:
        for frame in frames.receive():
            self._ears[name].hear(frame)

    def _note_carriers(self) -> None:
        """Once is enough: the other node may be done first, and switch its end off again."""
        for link in self._network.table.links():
            if link.carrier and link.name in self._sockets:
                self._ears[link.name].carrier = True

    def _result(self) -> Detected:
        ports, findings = [], {}
        for link in self._links:
            findings[link.name] = finding = self._ears[link.name].finding()
            ports.append(
                DetectedPort(
                    interface=link.name,
                    mac=link.permanent_mac or link.mac,
                    speed=device.speed(link.name),
                    verdict=finding.verdict,
                    peer_mac=finding.peer_mac,
                    peer_name=finding.peer_name,
                    evidence=finding.evidence,
                )
            )
        return Detected(tuple(ports), candidate(findings))


class Detector:
    """Answers `hactl hotwire detect`, one at a time. Changes nothing that is in use."""

    def __init__(self, network: Network, today: Today, instance: bytes) -> None:
        self._network = network
        self._today = today
        self._instance = instance
        self._busy = False

    async def answer(self, request: DetectHotwire) -> Detected:
        """The whole of it: listen, decide, and blink the port that was found. Raises RequestRefused."""
        if not SHORTEST <= request.seconds <= LONGEST:
            raise RequestRefused(f"hotwire-detect.seconds: a number from {SHORTEST} to {LONGEST} is wanted")
        if self._busy:
            raise RequestRefused("another detection is under way: wait for its outcome")
        self._busy = True
        try:
            return await self.detect(request.seconds, request.blink)
        finally:
            self._busy = False

    async def detect(self, seconds: float, blink: bool) -> Detected:
        """As it was asked for."""
        node = self._today.configuration.node
        found = await Detection(node, self._network, self._instance).run(seconds)
        if not blink or found.candidate is None:
            return found
        return replace(found, blinked=await _blink(found.candidate))


def bound_links(table: LinkTable, node: NodeConfig | None) -> set[int]:
    """Index of each network card that a port is bound to."""
    macs = {mac for port in node.ports.values() for mac in port.cards} if node is not None else set()
    return {link.index for mac in macs if (link := table.find(mac)) is not None}


async def _blink(name: str) -> str:
    """What to tell: nothing, or why it does not blink."""
    try:
        await asyncio.get_running_loop().run_in_executor(None, device.blink, name, _BLINK)
    except HadaemonError as error:
        return str(error)
    return ""


def _switch_off(name: str) -> None:
    with contextlib.suppress(HadaemonError):
        device.switch_off(name)
