"""The actions that a node has decided on, in the order in which they must happen, and those that failed."""

from collections.abc import Iterable, Mapping
from enum import Enum, auto

from hadaemon.cluster.actions import (
    Action,
    Announce,
    HandoverEnded,
    Remember,
    SendAdvertisement,
    SetAddresses,
    StateChanged,
)
from hadaemon.cluster.addresses import AddressBook
from hadaemon.cluster.announcer import Announcer
from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.problems import Problem, other
from hadaemon.vrrp.model import Advertisement


class Serving(Enum):
    """What a node does with the virtual addresses."""

    NOTHING = auto()
    KEEPING = auto()
    """They are on its ports, and another node answers for them."""
    ANSWERING = auto()


class Orders:
    """Collects orders, then returns them in order (`settle`)."""

    def __init__(self, ports: Mapping[str, WatchedPort]) -> None:
        self.announcer = Announcer()
        self._ports = ports
        self._book = AddressBook()
        self._send_failures: dict[str, str] = {}
        self._claims: list[Action] = []
        self._farewells: list[Action] = []
        self._notes: list[Action] = []
        self._serving = Serving.NOTHING
        self._open = False
        """Ports may be touched: there was a Start."""
        self._unsettled = False
        """Not everything that should be set has been requested."""

    def begin(self) -> None:
        """From now on the addresses on the ports are this node's business."""
        self._open = self._unsettled = True

    def port_changed(self, port: str, present: bool) -> None:
        """A network card is gone, and with it everything that was set on it."""
        if not present:
            self._book.forget(port)
        self._unsettled = True

    def addresses_gone(self) -> None:
        """Somebody else has removed the addresses: those that must be set are requested again."""
        for port in self._ports.values():
            self._book.forget(port.address_port)
        self._unsettled = True

    def send(self, port: WatchedPort, advertisements: Iterable[Advertisement]) -> None:
        """Sends before the addresses come."""
        self._claims += _sent(port, advertisements)

    def bid_farewell(self, port: WatchedPort, advertisements: Iterable[Advertisement]) -> None:
        """Sends after the addresses have gone, so that the other node takes them only then."""
        self._farewells += _sent(port, advertisements)

    def note(self, action: StateChanged | Remember | HandoverEnded) -> None:
        """Announces last of all."""
        self._notes.append(action)

    def settle(self, serving: Serving, now: float) -> tuple[Action, ...]:
        """Returns everything since the last time: claims, addresses, farewells, announcements, notes."""
        if serving is Serving.NOTHING:
            self._send_failures.clear()  # Whoever sends nothing could not show that it works again.
        addresses = self._address_orders(serving, now)
        if addresses and serving is Serving.ANSWERING:
            self.announcer.restart(now)
        self._note_sent(self._claims)
        self._note_sent(self._farewells)
        actions = (*self._claims, *addresses, *self._farewells, *self._announce(now), *self._notes)
        self._claims, self._farewells, self._notes = [], [], []
        return actions

    def failed(self, action: Action, message: str, now: float) -> None:
        """An action had no effect. Addresses are requested again."""
        match action:
            case SetAddresses():
                self._book.failed(action, message, now)
            case SendAdvertisement(port) | Announce(port):
                self._send_failures[port] = message
            case StateChanged() | Remember() | HandoverEnded():
                pass

    def desired(self, port: WatchedPort, serving: Serving) -> SetAddresses:
        """What should be on a port."""
        if serving is Serving.NOTHING:
            return SetAddresses(port.address_port, frozenset())
        return SetAddresses(
            port.address_port,
            frozenset(port.config.virtual_addresses),
            answering=serving is Serving.ANSWERING,
        )

    @property
    def next_deadline(self) -> float | None:
        deadlines = (self.announcer.next_deadline, self._book.next_deadline)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def held(self) -> frozenset[str]:
        """HA interfaces, by the port of their addresses, whose addresses are where they should be."""
        return frozenset(name for name, port in self._ports.items() if self._is_set(port))

    def problems(self) -> list[Problem]:
        """What an administrator should look at."""
        failures = sorted(self._send_failures.items())
        return self._book.problems() + [
            other(f"{port}/sending", f"port {port}: sending failed: {text}") for port, text in failures
        ]

    def _address_orders(self, serving: Serving, now: float) -> list[SetAddresses]:
        retry = self._book.next_deadline
        settled = serving is self._serving and not self._unsettled and (retry is None or retry > now)
        if settled or not self._open:
            return []
        self._serving, self._unsettled = serving, False
        able = [port for port in self._ports.values() if port.can_carry]
        return self._book.changes([self.desired(port, serving) for port in able], now)

    def _note_sent(self, sends: list[Action]) -> None:
        for action in sends:
            if isinstance(action, SendAdvertisement):
                self._send_failures.pop(action.port, None)

    def _announce(self, now: float) -> list[Announce]:
        if not self.announcer.is_due(now):
            return []
        self.announcer.announced(now)
        able = [port for port in self._ports.values() if port.can_announce and self._is_set(port)]
        for port in able:
            self._send_failures.pop(port.address_port, None)
        return [Announce(port.address_port, port.addresses) for port in able]

    def _is_set(self, port: WatchedPort) -> bool:
        return not self._book.has_failed(port.address_port)


def _sent(port: WatchedPort, advertisements: Iterable[Advertisement]) -> list[SendAdvertisement]:
    """Those that the port can send, counted: it may have lost the source of one family, or its link."""
    able = [each for each in advertisements if port.can_send(port.router_of(each))]
    port.sent += len(able)
    return [SendAdvertisement(port.name, each) for each in able]
