"""Which connections a change of NAT outdates.

A connection keeps the translation of its first packet. After a change it goes on with one that no rule gives
any more: the ping that still leaves with the old address. Such an entry is to go; its next packet is
translated anew. What the change does not concern stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from hadaemon.config.firewall_model import Areas, Firewall, Service, Services, services_of
from hadaemon.config.objects_model import is_among
from hadaemon.vrrp.model import IPAddress


@dataclass(frozen=True, slots=True)
class Flow:
    """One entry of the connection table. Ports are 0 where the protocol has none."""

    protocol: int
    source: IPAddress
    destination: IPAddress
    destination_port: int
    answered_by: IPAddress
    """Whom the destination was translated to; the destination itself if it was not."""
    answered_from_port: int
    answered_to: IPAddress
    """What the source was translated to; the source itself if it was not."""


PortOf: TypeAlias = Callable[[IPAddress], str | None]
"""The port that leads to an address; None: none, or the hotwire, or it is the node's own."""

_NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "gre": 47, "esp": 50, "ah": 51}
_ICMP = (1, 58)
_OWN = "own"
"""As a translation: the port's own address, whichever that is."""

NewSource: TypeAlias = tuple[IPAddress, ...] | str
"""One of these addresses; none: as it is."""
Translation: TypeAlias = tuple[NewSource, tuple[IPAddress, int | None] | None]
"""New source, and new destination; None: as it is."""


def nat_differs(before: Firewall, after: Firewall) -> bool:
    """Whether any connection can be outdated."""
    return _nat(before) != _nat(after)


def outdated(flow: Flow, before: Firewall, after: Firewall, port_of: PortOf) -> bool:
    """The rules of before translated it otherwise than those of after would, and it is not as these want
    it."""
    wanted = _translation(flow, after, port_of)
    return wanted != _translation(flow, before, port_of) and not _is(flow, wanted)


def _nat(firewall: Firewall) -> tuple[object, ...]:
    return firewall.source_nat, firewall.destination_nat, firewall.zones


def _is(flow: Flow, wanted: Translation) -> bool:
    source, destination = wanted
    if source == _OWN and flow.answered_to == flow.source:
        return False
    if source != _OWN and flow.answered_to not in (source or (flow.source,)):
        return False
    if destination is None:
        return flow.answered_by == flow.destination
    address, port = destination
    return flow.answered_by == address and port in (None, flow.answered_from_port)


def _translation(flow: Flow, firewall: Firewall, port_of: PortOf) -> Translation:
    came_in = port_of(flow.source)
    destination = _new_destination(flow, firewall, came_in)
    target = destination[0] if destination is not None else flow.destination
    return _new_source(flow, firewall, came_in, target, port_of), destination


def _new_destination(
    flow: Flow, firewall: Firewall, came_in: str | None
) -> tuple[IPAddress, int | None] | None:
    for nat in firewall.destination_nat:
        if (
            nat.address == flow.destination
            and _at(firewall, nat.sources, came_in)
            and is_among(flow.source, nat.source)
            and _carries(flow, nat.services)
        ):
            return nat.to, nat.to_port
    return None


def _new_source(
    flow: Flow, firewall: Firewall, came_in: str | None, target: IPAddress, port_of: PortOf
) -> NewSource:
    goes_out = port_of(target)
    for nat in firewall.source_nat:
        if (
            (nat.address is None or nat.address.version == flow.source.version)
            and _at(firewall, nat.sources, came_in)
            and _at(firewall, nat.targets, goes_out)
            and is_among(flow.source, nat.source)
            and is_among(target, nat.destination)
        ):
            return _OWN if nat.is_own else nat.addresses
    return ()


def _at(firewall: Firewall, places: Areas, port: str | None) -> bool:
    return port is not None and (not places or port in firewall.ports(places))


def _carries(flow: Flow, services: Services) -> bool:
    return not services or any(_is_service(flow, service) for service in services_of(services))


def _is_service(flow: Flow, service: Service) -> bool:
    if service.protocol in ("icmp", "ping"):
        return flow.protocol in _ICMP
    if flow.protocol != _NUMBERS[service.protocol]:
        return False
    return service.ports is None or service.ports[0] <= flow.destination_port <= service.ports[1]
