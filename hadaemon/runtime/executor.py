"""The one way from an action of the node to an effect."""

from collections.abc import Callable
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
from hadaemon.io.announcer import Announcer
from hadaemon.io.errors import NetlinkError, PortError
from hadaemon.runtime.network import Network
from hadaemon.runtime.ports import Ports
from hadaemon.vrrp import IPInterface


class Executor:
    """Carries out actions in order; each raises HadaemonError when it had no effect."""

    def __init__(
        self,
        network: Network,
        ports: Ports,
        done: Callable[[Action], None],
    ) -> None:
        """`done` learns of each action that had its effect; some are only news, and have none."""
        self._network = network
        self._ports = ports
        self._done = done
        self._announcer = Announcer()
        self._desired: dict[str, SetAddresses] = {}

    def close(self) -> None:
        """Closes what the executor opened. Addresses stay as they are, and are answered for."""
        self._network.be_quiet_about(())
        self._announcer.close()

    def execute(self, action: Action) -> None:
        """Makes one action true."""
        match action:
            case SendAdvertisement():
                self._ports.send(action.port, action.advertisement)
            case SetAddresses():
                self._desired[action.port] = action
                self._reconcile(action.port)
            case Announce():
                self._announce(action)
            case StateChanged() | Remember() | HandoverEnded():
                pass
            case _:
                assert_never(action)
        self._done(action)

    def reconcile(self) -> list[ActionFailed]:
        """Puts right what somebody else changed: a port that came back, an address that was taken away."""
        failures = []
        for name, order in self._desired.items():
            try:
                self._reconcile(name)
            except NetlinkError as error:
                failures.append(ActionFailed(order, str(error)))
        return failures

    def wanted(self) -> dict[int, frozenset[IPInterface]]:
        """The virtual addresses that are meant to be there, by link index."""
        links = ((self._ports.link(name), order.addresses) for name, order in self._desired.items())
        return {link.index: addresses for link, addresses in links if link is not None}

    def _announce(self, action: Announce) -> None:
        link = self._ports.link(action.port)
        if link is None:
            raise PortError(f"port {action.port}: absent")
        self._announcer.announce(link, action.addresses)

    def _reconcile(self, name: str) -> None:
        # Never an instant in which the node answers for what it is to be quiet about.
        order, link = self._desired[name], self._ports.link(name)
        if not order.answering:
            self._be_quiet()
        if link is not None:  # An absent port is no failure: it is reconciled when it comes.
            self._network.set_virtual(link.index, order.addresses, self._ports.known(name))
        self._be_quiet()

    def _be_quiet(self) -> None:
        orders = (order for order in self._desired.values() if not order.answering)
        self._network.be_quiet_about(interface.ip for order in orders for interface in order.addresses)
