"""One tracked connection, whether it is selected, and its JSON. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from hadaemon.commands.selection import PROTOCOLS, SCTP_STATES, TCP_STATES, Selection
from hadaemon.config.conntrack_model import Conntrack
from hadaemon.vrrp.model import IPAddress, IPNetwork

TCP, SCTP = 6, 132
_NUMBERS = {number: name for name, numbers in PROTOCOLS.items() for number in numbers}
_STATES = {TCP: TCP_STATES, SCTP: SCTP_STATES}
_MAX_STATE = 32

Key = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class End:
    """An address with a port: 0 where the protocol has none. ICMP has its identifier as the source's port."""

    address: IPAddress
    port: int

    def __str__(self) -> str:
        if not self.port:
            return str(self.address)
        return f"{self.address}:{self.port}" if self.address.version == 4 else f"[{self.address}]:{self.port}"


@dataclass(frozen=True, slots=True)
class Connection:
    """One entry of a kernel's table."""

    protocol: int
    source: End
    destination: End
    answered_by: End
    """Whom the destination was translated to; the destination itself if it was not."""
    answered_to: End
    """What the source was translated to; the source itself if it was not."""
    state: str
    """The protocol's own, as in `TCP_STATES`; empty: it has none."""
    assured: bool
    """Traffic went both ways, so that it is not given up for others when the table is full."""
    replied: bool
    timeout: int
    """Seconds that it stays without another packet."""

    @property
    def key(self) -> Key:
        """The same on both nodes, and their order."""
        source, destination = self.source, self.destination
        return (
            *(self.protocol, source.address.version, int(source.address), int(destination.address)),
            *(source.port, destination.port),
        )

    @property
    def protocol_name(self) -> str:
        """A number where nobody here has a name for it."""
        return _NUMBERS.get(self.protocol, str(self.protocol))

    @property
    def new_source(self) -> End | None:
        """None: it is not translated."""
        return self.answered_to if self.answered_to != self.source else None

    @property
    def new_destination(self) -> End | None:
        """None: it is not translated."""
        return self.answered_by if self.answered_by != self.destination else None

    @property
    def marks(self) -> frozenset[str]:
        """All words that a selection may have for its state."""
        marks = {"assured": self.assured, "unreplied": not self.replied}
        marks["nat"] = self.new_source is not None or self.new_destination is not None
        return frozenset({self.state, *(mark for mark, holds in marks.items() if holds)})

    def is_own(self, own: Collection[IPAddress], settings: Conntrack) -> bool:
        """It begins or ends at one of the node's own addresses, or is one that nobody tells: the other node
        never gets it."""
        ends = self.source.address, self.answered_by.address
        told = {number for name in settings.protocols for number in PROTOCOLS[name]}
        return self.protocol not in told or any(
            each.is_loopback or each in own or any(_is_in(each, network) for network in settings.ignore)
            for each in ends
        )


def state_name(protocol: int, number: int | None) -> str:
    """Of the protocol's own states; empty: it has none."""
    names = _STATES.get(protocol, ())
    if number is None or not names:
        return ""
    return names[number] if number < len(names) else str(number)


def is_selected(connection: Connection, selection: Selection) -> bool:
    """Whether all of it fits."""
    if selection.protocols and connection.protocol not in selection.protocols:
        return False
    if selection.states and not selection.states & connection.marks:
        return False
    if not (selection.networks or selection.ports):
        return True
    ends = connection.source, connection.destination, connection.answered_by, connection.answered_to
    return selection.ports <= {end.port for end in ends} and all(
        any(_is_in(end.address, network) for end in ends) for network in selection.networks
    )


def _is_in(address: IPAddress, network: IPNetwork) -> bool:
    return address.version == network.version and address in network


def to_json(connection: Connection) -> dict[str, object]:
    """For programs, and for the other node."""
    return {
        "protocol": connection.protocol_name,
        "number": connection.protocol,
        "state": connection.state,
        "assured": connection.assured,
        "replied": connection.replied,
        **_ends("source", connection.source),
        **_ends("destination", connection.destination),
        **_ends("new_source", connection.new_source),
        **_ends("new_destination", connection.new_destination),
        "timeout": connection.timeout,
    }


def from_json(raw: object) -> Connection:
    """What `to_json` has made. Raises ValueError: nobody made that."""
    if not isinstance(raw, Mapping):
        raise ValueError("a connection: an object is wanted")
    source, destination = _end(raw, "source"), _end(raw, "destination")
    if source is None or destination is None:
        raise ValueError("a connection: it has two ends")
    state = raw.get("state")
    if not isinstance(state, str) or len(state) > _MAX_STATE or not state.isprintable():
        raise ValueError("a connection: state: a word is wanted")
    return Connection(
        protocol=_number(raw, "number", 255),
        source=source,
        destination=destination,
        answered_by=_end(raw, "new_destination") or destination,
        answered_to=_end(raw, "new_source") or source,
        state=state,
        assured=raw.get("assured") is True,
        replied=raw.get("replied") is True,
        timeout=_number(raw, "timeout", (1 << 32) - 1),
    )


def _ends(name: str, end: End | None) -> dict[str, object]:
    return {name: str(end.address) if end else None, f"{name}_port": end.port if end else None}


def _end(raw: Mapping[str, Any], name: str) -> End | None:
    address = raw.get(name)
    if address is None:
        return None
    if not isinstance(address, str):
        raise ValueError(f"a connection: {name}: an address is wanted")
    return End(ip_address(address), _number(raw, f"{name}_port", 65535))


def _number(raw: Mapping[str, Any], name: str, most: int) -> int:
    value = raw.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"a connection: {name}: a number up to {most} is wanted")
    return value
