"""`hactl hotwire detect`: listens and sends beacons on every network card that no port is bound to."""

import asyncio
import contextlib
import logging
import secrets

from hadaemon.errors import HadaemonError
from hadaemon.hotwire.detection import INSTANCE_SIZE, Beacon, PortEars, candidate, encode_beacon
from hadaemon.io import device
from hadaemon.io.control_client import Message
from hadaemon.io.device import FrameSocket
from hadaemon.io.links import Link
from hadaemon.runtime.network import Network

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 2, 120
"""Seconds that a detection may take."""
_PERIOD = 0.2
"""Seconds between two rounds of beacons."""
_BLINK = 3
"""Seconds."""


class Detection:
    """One detection on the interfaces that are free."""

    def __init__(self, name: str, bound: set[str], network: Network) -> None:
        """`bound`: MAC addresses that belong to ports."""
        self._name = name
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._instance = secrets.token_bytes(INSTANCE_SIZE)
        self._links = free_links(network, bound)
        self._ears = {link.name: PortEars(link.mac, self._instance, carrier=False) for link in self._links}
        self._sockets: dict[str, FrameSocket] = {}

    async def run(self, seconds: float) -> Message:
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
                    beacon = Beacon(self._instance, self._name, near)
                    frames.send(encode_beacon(beacon, bytes.fromhex(link.mac.replace(":", ""))))

    def _listen(self, name: str, frames: FrameSocket) -> None:
        for frame in frames.receive():
            self._ears[name].hear(frame)

    def _note_carriers(self) -> None:
        """Once is enough: the other node may be done first, and switch its end off again."""
        for link in self._network.table.links():
            if link.carrier and link.name in self._sockets:
                self._ears[link.name].carrier = True

    def _result(self) -> Message:
        ports, findings = [], {}
        for link in self._links:
            findings[link.name] = finding = self._ears[link.name].finding()
            ports.append(
                {
                    "interface": link.name,
                    "mac": link.permanent_mac or link.mac,
                    "speed": device.speed(link.name),
                    "verdict": finding.verdict,
                    "peer_mac": finding.peer_mac,
                    "peer_name": finding.peer_name,
                    "evidence": finding.evidence,
                }
            )
        return {"ok": True, "ports": ports, "candidate": candidate(findings)}


async def detect(name: str, bound: set[str], network: Network, seconds: float, blink: bool) -> Message:
    """The whole of it: listen, decide, and blink the port that was found."""
    answer = await Detection(name, bound, network).run(seconds)
    answer["blinked"] = None
    if blink and answer["candidate"] is not None:
        answer["blinked"] = await _blink(answer["candidate"])
    return answer


def free_links(network: Network, bound: set[str]) -> tuple[Link, ...]:
    """Network cards that no port is bound to."""
    taken = {link.index for mac in bound if (link := network.table.find(mac)) is not None}
    return tuple(link for link in network.table.cards() if link.index not in taken)


def bounded(seconds: object) -> float:
    """Seconds of a request. Raises ValueError."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("seconds must be a number")
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"seconds must be from {SHORTEST} to {LONGEST}")
    return float(seconds)


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
