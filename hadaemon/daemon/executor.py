"""The one way from an action of the node to an effect."""

from collections.abc import Callable, Iterator
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
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.ports import Ports
from hadaemon.daemon.ports.virtual_macs import VirtualMacs
from hadaemon.io.errors import NetlinkError, PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.announcer import Announcer
from hadaemon.vrrp import IPInterface


class Executor:
    """Carries out actions in order; each raises HadaemonError when it had no effect."""

    def __init__(
        self,
        network: Network,
        ports: Ports,
        virtual_macs: VirtualMacs | None,
        done: Callable[[Action], None],
    ) -> None:
        """`virtual_macs`: None where virtual addresses have the port's own MAC address. `done` learns of each
        action that had its effect; some are only news, and have none."""
        self._network = network
        self._ports = ports
        self._virtual_macs = virtual_macs
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
        wanted = {}
        for name, order in self._desired.items():
            for link, addresses in self._seats(name, order.addresses):
                wanted[link.index] = addresses
        return wanted

    def _seats(
        self, name: str, addresses: frozenset[IPInterface]
    ) -> Iterator[tuple[Link, frozenset[IPInterface]]]:
        """The links of a port that carry virtual addresses, and which."""
        port = self._ports.link(name)
        if self._virtual_macs is not None:
            for family, link in self._virtual_macs.links(name):
                yield link, frozenset(each for each in addresses if each.version == family)
        elif port is not None:
            yield port, addresses

    def _announce(self, action: Announce) -> None:
        link = self._ports.link(action.port)
        if link is None:
            raise PortError(f"port {action.port}: absent")
        if self._virtual_macs is None:
            self._announcer.announce(link, action.addresses)
            return
        for family, seat in self._virtual_macs.links(action.port):
            self._announcer.announce(seat, [each for each in action.addresses if each.version == family])

    def _reconcile(self, name: str) -> None:
        # Never an instant in which the node answers for what it is to be quiet about.
        order, link = self._desired[name], self._ports.link(name)
        if not order.answering:
            self._be_quiet()
        if link is not None:  # An absent port is no failure: it is reconciled when it comes.
            here = order.addresses if self._virtual_macs is None else frozenset()
            self._network.set_virtual(link.index, here, self._ports.known(name))
        if self._virtual_macs is not None:
            self._virtual_macs.reconcile(order, link)
        self._be_quiet()

    def _be_quiet(self) -> None:
        orders = (order for order in self._desired.values() if not order.answering)
        self._network.be_quiet_about(interface.ip for order in orders for interface in order.addresses)
