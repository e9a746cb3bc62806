"""The steady beacon: a box that is not paired says on its network cards that it is here, so that a detection
on the other box alone finds the cable.

It says no more than that: no name (`hadaemon.pairing.call` takes a beacon with a name for that of a box which
shows a code), and nothing at all once the box is paired, or where its configuration is refused.
"""

import asyncio
import contextlib
import logging
import secrets

from hadaemon.daemon.hotwire.detect import bound_links
from hadaemon.daemon.part import Part
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.hotwire.addresses import hotwire_port
from hadaemon.hotwire.detection import INSTANCE_SIZE, Beacon, encode_beacon
from hadaemon.io.kernel.device import FrameSender
from hadaemon.io.kernel.links import HELD, Link, LinkTable
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition

log = logging.getLogger(__name__)

_PERIOD = 1.0
"""Seconds between two beacons of a port: the shortest detection hears two."""


def unpaired(configuration: Configuration) -> bool:
    """Whether the box looks for a partner."""
    match configuration.condition:
        case Condition.REFUSED:
            return False
        case Condition.UNCONFIGURED:
            return True
        case _:
            return configuration.hotwire_secret is None


def held(configuration: Configuration, table: LinkTable) -> tuple[Link, ...]:
    """The links that must be switched on for it: nobody else does it on a new box. A box that is configured
    keeps the cards switched off that its owner gave no task."""
    return table.cards() if configuration.condition is Condition.UNCONFIGURED else ()


def stations(configuration: Configuration, table: LinkTable) -> tuple[Link, ...]:
    """The links on which the beacon is sent: all cards of a new box; of one that is configured and not paired
    the hotwire's port, and never another."""
    if not unpaired(configuration):
        return ()
    node = configuration.node
    if node is None:
        return tuple(link for link in table.cards() if link.carrier)
    name = hotwire_port(node, configuration.cluster)
    if name is None:
        return ()
    port = node.ports[name]
    link = table.find(port.mac, port.vlan, port.bonded)
    return (link,) if link is not None and link.carrier else ()


class SteadyBeacon(Part):
    """Sends it as long as it is due. What it has switched on for it is afterwards off again."""

    def __init__(self, network: Network, today: Today) -> None:
        self._network = network
        self._today = today
        self._changed = asyncio.Event()
        self._sender: FrameSender | None = None
        self._failures: dict[str, str] = {}
        self.instance = secrets.token_bytes(INSTANCE_SIZE)
        """Of this daemon, also when it searches itself: it is one appliance."""

    def wake(self) -> None:
        """The configuration may be another one."""
        self._changed.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._changed.clear()
            configuration = self._today.configuration
            self._hold(held(configuration, self._network.table))
            self._speak(stations(configuration, self._network.table))
            due = unpaired(configuration)
            if not due:
                self._hush()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _PERIOD if due else None)

    async def close(self) -> None:
        """Every link is as it was before."""
        self._hold(())
        self._hush()

    def _hold(self, wanted: tuple[Link, ...]) -> None:
        indexes = {link.index for link in wanted}
        bound = bound_links(self._network.table, self._today.configuration.node)
        for link in self._network.table.links():
            if link.index in indexes:
                if not link.up:
                    self._put(link, True, HELD)
            elif link.group == HELD:
                # A port that is in use by now stays as its owner, networkd, has it.
                self._put(link, None if link.index in bound else False, 0)

    def _put(self, link: Link, up: bool | None, group: int) -> None:
        try:
            self._network.put(link, up, group)
        except HadaemonError as error:
            self._fail(link.name, str(error))

    def _speak(self, links: tuple[Link, ...]) -> None:
        for link in links:
            try:
                if self._sender is None:
                    self._sender = FrameSender()
                for near in (True, False):
                    beacon = Beacon(self.instance, "", near)
                    self._sender.send(link.name, encode_beacon(beacon, link.mac_bytes))
            except HadaemonError as error:
                self._fail(link.name, str(error))
            else:
                self._failures.pop(link.name, None)

    def _hush(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def _fail(self, name: str, failure: str) -> None:
        """Told once, until the port is heard again."""
        if self._failures.get(name) != failure:
            log.warning("hotwire beacon: %s", failure)
            self._failures[name] = failure
