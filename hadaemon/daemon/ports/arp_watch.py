"""Asks the network, slowly, what no advertisement tells.

While backup: whether anybody beside the active node answers for a virtual address. While active with
virtual MAC addresses: whether what is sent from them leaves this machine and comes back to it, which
hypervisors and switches often prevent. What it finds is a problem in the status, and never decides anything.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Generic, TypeAlias, TypeVar

from hadaemon.cluster import NodeState
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.arp_socket import ArpSocket
from hadaemon.io.packets.neighbour_socket import NeighbourSocket
from hadaemon.problems import Problem, kinds, other
from hadaemon.vrrp import IPAddress
from hadaemon.vrrp.mac import is_virtual_router_mac

log = logging.getLogger(__name__)

FIRST = 3.0
"""Seconds from the start, or from a change of state, to the first question."""
PERIOD = 30.0
"""Seconds between the questions after it."""
PATIENCE = 1.0
"""Seconds that an answer may take."""
_BATCH = 8
"""Virtual addresses of a port that are asked for at a time, and neighbours that are asked."""
_NOBODY = IPv4Address(0)


S = TypeVar("S", ArpSocket, NeighbourSocket)


@dataclass(frozen=True, slots=True)
class Place:
    """A port with virtual addresses, as it is now."""

    port: str
    link: Link
    seat: Link | None
    """The macvlan with the virtual MAC address of IPv4; None: there is none now."""
    addresses: tuple[IPv4Address, ...]
    active: IPv4Address | None
    """The own address of the active node there, if it can be asked for."""
    likely: tuple[IPv4Address, ...]
    """Who else is likely to answer there."""
    addresses6: tuple[IPv6Address, ...] = ()
    active6: IPv6Address | None = None
    """As `active`. Only one of the two is known at a time: the one that was heard last."""

    @property
    def others(self) -> tuple[IPv4Address, ...]:
        """All who are likely to answer."""
        return self.likely if self.active is None else (self.active, *self.likely)


@dataclass(slots=True)
class _Ear(Generic[S]):
    """One open socket, and who was heard by it."""

    socket: S
    answers: dict[IPAddress, set[str]] = field(default_factory=dict)
    speakers: dict[IPv4Address, str] = field(default_factory=dict)


_AnyEar: TypeAlias = _Ear[ArpSocket] | _Ear[NeighbourSocket]
_Pair: TypeAlias = tuple[Place, _Ear[ArpSocket], _Ear[ArpSocket]]
_Asked: TypeAlias = tuple[Place, list[_AnyEar], tuple[IPAddress, ...]]


class ArpWatch:
    """From `start` to `close`."""

    def __init__(
        self,
        places: Callable[[], Iterator[Place]],
        state: Callable[[], NodeState],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._places = places
        self._state = state
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._seen: NodeState | None = None
        self._turn = 0
        self._ears: list[_AnyEar] = []
        self._duplicates: dict[tuple[str, IPAddress], Problem] = {}
        self._swallowed: dict[str, Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found when it was last looked for."""
        return (*self._duplicates.values(), *self._swallowed.values())

    def start(self) -> None:
        """Begins to ask."""
        self._again(FIRST)

    def close(self) -> None:
        """No more questions."""
        if self._timer is not None:
            self._timer.cancel()
        self._hang_up()

    def _again(self, delay: float) -> None:
        self._timer = self._loop.call_later(delay, self._ask)

    def _ask(self) -> None:
        state = self._state()
        if state is not self._seen:  # It has just changed: let everything settle first.
            self._seen = state
            self._again(FIRST)
            return
        try:
            if state is NodeState.BACKUP:
                self._look_for_duplicates()
            elif state is NodeState.ACTIVE:
                self._listen_for_neighbours()
            else:
                self._again(PERIOD)
        except PortError as error:
            log.debug("%s", error)
            self._hang_up()
            self._again(PERIOD)

    # while backup

    def _look_for_duplicates(self) -> None:
        asked: list[_Asked] = []
        for place in self._places():
            batch = _batch((*place.addresses, *place.addresses6), self._turn)
            asked.append((place, self._probe(place, batch), batch))
        self._turn += 1
        self._timer = self._loop.call_later(PATIENCE, self._judge_duplicates, asked)

    def _probe(self, place: Place, addresses: tuple[IPAddress, ...]) -> list[_AnyEar]:
        """Asks for them, and for the active node itself: by ARP and by neighbour discovery."""
        ears: list[_AnyEar] = []
        wanted = {each for each in (*addresses, place.active, place.active6) if each is not None}
        fours = [each for each in wanted if isinstance(each, IPv4Address)]
        sixes = [each for each in wanted if isinstance(each, IPv6Address)]
        if fours:
            arp = self._listen(ArpSocket(place.link.name, place.link.mac))
            ears.append(arp)
            for four in fours:
                arp.socket.ask(four, _NOBODY)
        if sixes:
            link = place.link
            neighbours = self._listen(NeighbourSocket(link.name, link.index, link.mac))
            ears.append(neighbours)
            for six in sixes:
                neighbours.socket.ask(six)
        return ears

    def _judge_duplicates(self, asked: list[_Asked]) -> None:
        for place, ears, batch in asked:
            answers = {address: macs for ear in ears for address, macs in ear.answers.items()}
            known = (each for each in (place.active, place.active6) if each is not None)
            active = {mac for each in known for mac in answers.get(each, ())}
            for address in batch:
                foreign = foreign_stations(answers.get(address, set()), active)
                self._note_duplicate(place.port, address, foreign)
        self._hang_up()
        self._again(PERIOD)

    def _note_duplicate(self, port: str, address: IPAddress, foreign: set[str]) -> None:
        key = port, address
        if not foreign:
            self._duplicates.pop(key, None)
            return
        text = (
            f"port {port}: {', '.join(sorted(foreign))} answers for the virtual address {address} too: "
            "another host in that network has it: give that host another address"
        )
        if key not in self._duplicates:
            log.warning("%s", text)
        self._duplicates[key] = Problem(kinds.DUPLICATE, f"{port}/{address}", text)

    # while active, with virtual MAC addresses

    def _listen_for_neighbours(self) -> None:
        """Some who speak there now will answer, too."""
        places = [place for place in self._places() if place.seat is not None]
        ears = [self._listen(ArpSocket(place.link.name, place.link.mac)) for place in places]
        if not places:
            self._swallowed.clear()
            self._again(PERIOD)
            return
        self._timer = self._loop.call_later(PATIENCE, self._ask_neighbours, places, ears)

    def _ask_neighbours(self, places: list[Place], ears: list[_Ear[ArpSocket]]) -> None:
        """Each is asked twice: by the real and by the virtual MAC address."""
        pairs: list[_Pair] = []
        try:
            for place, ear in zip(places, ears, strict=True):
                assert place.seat is not None
                virtual = self._listen(ArpSocket(place.seat.name, place.seat.mac))
                neighbours = dict.fromkeys([*place.others, *ear.speakers])
                for neighbour in [each for each in neighbours if each not in place.addresses][:_BATCH]:
                    ear.socket.ask(neighbour, _NOBODY)
                    virtual.socket.ask(neighbour, place.addresses[0])
                pairs.append((place, ear, virtual))
        except PortError as error:
            log.debug("%s", error)
            self._hang_up()
            self._again(PERIOD)
            return
        self._timer = self._loop.call_later(PATIENCE, self._judge_virtual_macs, pairs)

    def _judge_virtual_macs(self, pairs: list[_Pair]) -> None:
        for place, real, virtual in pairs:
            if virtual.answers:
                self._swallowed.pop(place.port, None)
            elif real.answers:
                self._note_swallowed(place)
        self._hang_up()
        self._again(PERIOD)

    def _note_swallowed(self, place: Place) -> None:
        assert place.seat is not None
        text = (
            f"port {place.port}: nothing comes back to the virtual MAC address {place.seat.mac}, but to the "
            f"real one {place.link.mac} it does: in the hypervisor allow promiscuous mode, forged transmits "
            "and MAC changes for this network card, or set virtual_mac = false"
        )
        if place.port not in self._swallowed:
            log.warning("%s", text)
        self._swallowed[place.port] = other(f"{place.port}/virtual-mac", text)

    # sockets

    def _listen(self, socket: S) -> _Ear[S]:
        ear = _Ear(socket)
        self._ears.append(ear)
        self._loop.add_reader(ear.socket.fileno(), self._receive, ear)
        return ear

    def _receive(self, ear: _AnyEar) -> None:
        for heard in ear.socket.receive():
            if heard.is_reply:
                ear.answers.setdefault(heard.address, set()).add(heard.mac)
                continue
            address = heard.address
            if isinstance(address, IPv4Address) and address != _NOBODY and len(ear.speakers) < _BATCH:
                ear.speakers[address] = heard.mac

    def _hang_up(self) -> None:
        for ear in self._ears:
            self._loop.remove_reader(ear.socket.fileno())
            ear.socket.close()
        self._ears.clear()


def foreign_stations(answering: set[str], active: set[str]) -> set[str]:
    """Who answers for a virtual address and is not the active node.

    Where it is not known at which MAC address the active node is, one may answer, and more are too many.
    """
    from_virtual = {mac for mac in answering if is_virtual_router_mac(mac)}
    others = answering - from_virtual
    if active:
        return others - active
    return others if len(answering) > 1 else set()


def _batch(addresses: tuple[IPAddress, ...], turn: int) -> tuple[IPAddress, ...]:
    """Some of them, others each time."""
    begin = turn * _BATCH % len(addresses)
    return (addresses + addresses)[begin : begin + min(_BATCH, len(addresses))]
