"""The one way from an action of the node to an effect."""

import logging
from collections.abc import Callable
from ipaddress import IPv4Interface
from typing import assert_never

from hadaemon.cluster import (
    Action,
    ActionFailed,
    Announce,
    HandoverEnded,
    Remember,
    SendAdvertisement,
    SetAddresses,
    StateChanged,
)
from hadaemon.io.arp import ArpAnnouncer
from hadaemon.io.errors import NetlinkError, PortError
from hadaemon.runtime.network import Network
from hadaemon.runtime.ports import Ports
from hadaemon.vrrp import IPV4_GROUP, Checksum, encode

log = logging.getLogger(__name__)


class Executor:
    """Carries out actions in order; each raises HadaemonError when it had no effect."""

    def __init__(
        self,
        network: Network,
        ports: Ports,
        checksum: Checksum,
        state_changed: Callable[[StateChanged], None],
    ) -> None:
        self._network = network
        self._ports = ports
        self._checksum = checksum
        self._state_changed = state_changed
        self._announcer = ArpAnnouncer()
        self._desired: dict[str, frozenset[IPv4Interface]] = {}

    def close(self) -> None:
        """Closes what the executor opened."""
        self._announcer.close()

    def execute(self, action: Action) -> None:
        """Makes one action true."""
        match action:
            case SendAdvertisement():
                self._send(action)
            case SetAddresses():
                self._desired[action.port] = action.addresses
                self._reconcile(action.port)
            case Announce():
                self._announce(action)
            case StateChanged():
                self._state_changed(action)
            case Remember() | HandoverEnded():
                log.info("%s", action)
            case _:
                assert_never(action)

    def reconcile(self) -> list[ActionFailed]:
        """Puts right what somebody else changed: a port that came back, an address that was taken away."""
        failures = []
        for name, addresses in self._desired.items():
            try:
                self._reconcile(name)
            except NetlinkError as error:
                failures.append(ActionFailed(SetAddresses(name, addresses), str(error)))
        return failures

    def wanted(self) -> dict[int, frozenset[IPv4Interface]]:
        """The virtual addresses that are meant to be there, by link index."""
        links = ((self._ports.link(name), addresses) for name, addresses in self._desired.items())
        return {link.index: addresses for link, addresses in links if link is not None}

    def _send(self, action: SendAdvertisement) -> None:
        source = self._ports.source(action.port)
        if source is None:
            raise PortError(f"port {action.port}: no address to send from")
        self._ports.send(action.port, encode(action.advertisement, source, IPV4_GROUP, self._checksum))

    def _announce(self, action: Announce) -> None:
        link = self._ports.link(action.port)
        if link is None:
            raise PortError(f"port {action.port}: absent")
        self._announcer.announce(link, action.addresses)

    def _reconcile(self, name: str) -> None:
        # An absent port is no failure: it is reconciled when it comes.
        link = self._ports.link(name)
        if link is not None:
            self._network.set_virtual(link.index, self._desired[name], self._ports.known(name))
