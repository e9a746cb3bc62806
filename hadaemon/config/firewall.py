"""[firewall] of cluster.toml."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import TypeVar

from hadaemon.config import firewall_words as words
from hadaemon.config import values
from hadaemon.config.firewall_model import (
    NODE,
    Areas,
    DestinationNat,
    Established,
    Firewall,
    FlowState,
    Rule,
    Services,
    SourceNat,
    Verdict,
    services_of,
)
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.objects import NOTHING, Names
from hadaemon.config.objects_model import Addresses, families_of, items_of
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import IPAddress

DEFAULT = Firewall()
_OWN, _NONE = "own", "none"
_MAX_RANGE = 256
"""Addresses."""
_RULE, _SOURCE_NAT, _DESTINATION_NAT = "rules", "source_nat", "destination_nat"
_PLACES_EXAMPLE = '["internal"]'
_SERVICES_EXAMPLE = '["tcp/443"]'
_ANY_SERVICE = "any"

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def read_firewall(table: Table | None, names: Names = NOTHING) -> Firewall | None:
    """`names`: what rules may name. None when a mistake was noted."""
    if table is None:
        return DEFAULT
    before = len(table.mistakes.found)
    zones = table.tagged("zones", values.port_name, _read_zone)
    ping = table.flag("ping", DEFAULT.ping)
    log_invalid = table.optional_text("log_invalid", words.rate, DEFAULT.log_invalid)
    log_dropped = table.optional_text("log_dropped", words.rate, DEFAULT.log_dropped)
    established = table.optional_text("established", _choice(Established), DEFAULT.established)
    tables = {
        key: table.tables(key, f"[[{table.at(key)}]]", required=False)
        for key in (_RULE, _SOURCE_NAT, _DESTINATION_NAT)
    }
    table.close()
    _note_zones(table, zones or {})
    rules = [_read_rule(inner, names) for inner in tables[_RULE]]
    source_nat = [_read_source_nat(inner, names) for inner in tables[_SOURCE_NAT]]
    destination_nat = [_read_destination_nat(inner, names) for inner in tables[_DESTINATION_NAT]]
    if len(table.mistakes.found) > before:
        return None
    return Firewall(
        zones=_there(zones),
        rules=tuple(map(_there, rules)),
        source_nat=tuple(map(_there, source_nat)),
        destination_nat=tuple(map(_there, destination_nat)),
        ping=_there(ping),
        log_invalid=log_invalid,
        log_dropped=log_dropped,
        established=_there(established),
    )


def firewall_mistakes(
    firewall: Firewall, ports: Iterable[str], hotwire: str | None
) -> Iterator[tuple[str, str]]:
    """What does not fit the node's ports, each as key below [firewall] and message."""
    known = [port for port in ports if port != hotwire]
    for zone, members in firewall.zones.items():
        if zone in known:
            yield f"zones.{zone}", f'"{zone}" is a port too: give the zone another name'
        for index, port in enumerate(members):
            if port not in known:
                yield f"zones.{zone}[{index}]", _unknown(port, known, hotwire)
    for path, place in _places(firewall):
        if place not in firewall.zones and place not in known:
            yield path, _unknown(place, (*firewall.zones, *known), hotwire)


def _unknown(place: str, known: Iterable[str], hotwire: str | None) -> str:
    if place == hotwire:
        return f'"{place}" is the hotwire, which is exclusive: no rule of yours counts there'
    return f'there is no zone and no port "{place}": {did_you_mean(place, known, "there are")}'


def _places(firewall: Firewall) -> Iterator[tuple[str, str]]:
    """Every name of a zone or a port, with the key where it stands."""
    for position, rule in enumerate(firewall.rules):
        yield from _indexed(f"{_RULE}[{position}]", rule.sources, rule.targets)
    for position, source in enumerate(firewall.source_nat):
        yield from _indexed(f"{_SOURCE_NAT}[{position}]", source.sources, source.targets)
    for position, destination in enumerate(firewall.destination_nat):
        yield from _indexed(f"{_DESTINATION_NAT}[{position}]", destination.sources, ())


def _indexed(path: str, sources: Areas, targets: Areas) -> Iterator[tuple[str, str]]:
    for key, places in (("from", sources), ("to", targets)):
        for index, place in enumerate(places):
            yield f"{path}.{key}[{index}]", place


def _read_zone(table: Table, name: str) -> Areas | None:
    return table.texts(name, values.port_name, '["lan"]', required=True)


def _note_zones(table: Table, zones: dict[str, Areas]) -> None:
    """Checks that a port is in one zone at most: else its meaning would depend on the rule."""
    path = table.at("zones")
    if NODE in zones:
        table.mistakes.add(f"{path}.{NODE}", f'"{NODE}" means the node itself: give the zone another name')
    owners: dict[str, str] = {}
    for zone, ports in zones.items():
        for index, port in enumerate(ports):
            here = f"{path}.{zone}[{index}]"
            before = owners.setdefault(port, here)
            if before != here:
                table.mistakes.add(here, f'"{port}" is already at {before}: remove one of the two')


def _read_rule(table: Table, names: Names) -> Rule | None:
    before = len(table.mistakes.found)
    action = table.text("action", _choice(Verdict), 'action = "allow"')
    sources = table.texts("from", values.port_name, _PLACES_EXAMPLE)
    targets = table.texts("to", values.port_name, _PLACES_EXAMPLE)
    source, destination = _read_addresses(table, names)
    services = _read_services(table, names, required=False)
    states = table.texts("states", _choice(FlowState), '["new"]')
    log = table.flag("log", False)
    name = table.optional_text("name", words.rule_name, "")
    table.close()
    to_node = targets is not None and NODE in targets
    if to_node and len(_there(targets)) > 1:
        table.note("to", f'"{NODE}" stands alone: write a second rule for the ports')
    _note_families(table, source, destination)
    if len(table.mistakes.found) > before:
        return None
    return Rule(
        verdict=_there(action),
        sources=_there(sources),
        targets=() if to_node else _there(targets),
        to_node=to_node,
        source=source,
        destination=destination,
        services=_there(services),
        states=_there(states) or Rule(Verdict.ALLOW).states,
        log=_there(log),
        name=_there(name),
    )


@dataclass(frozen=True, slots=True)
class _NewSource:
    """What `address` of source NAT says, as `SourceNat` has it."""

    address: IPAddress | None = None
    last: IPAddress | None = None
    exempt: bool = False


def _read_source_nat(table: Table, names: Names) -> SourceNat | None:
    before = len(table.mistakes.found)
    new = table.text("address", _new_source, 'address = "192.168.175.101"')
    sources = table.texts("from", values.port_name, _PLACES_EXAMPLE)
    targets = table.texts("to", values.port_name, _PLACES_EXAMPLE)
    source, destination = _read_addresses(table, names)
    table.close()
    _note_families(table, source, destination)
    if new is not None and new.address is not None:
        _note_other_family(table, new.address, source, "source")
        _note_other_family(table, new.address, destination, "destination")
    if len(table.mistakes.found) > before:
        return None
    found = _there(new)
    return SourceNat(
        found.address, _there(sources), _there(targets), source, destination, found.last, found.exempt
    )


def _read_destination_nat(table: Table, names: Names) -> DestinationNat | None:
    before = len(table.mistakes.found)
    address: IPAddress | None = table.text("address", values.address, 'address = "192.168.175.101"')
    to: IPAddress | None = table.text("to", values.address, 'to = "192.168.12.80"')
    services = _read_services(table, names, required=True)
    sources = table.texts("from", values.port_name, _PLACES_EXAMPLE)
    source = table.texts("source", names.addresses, '["192.0.2.0/24"]')
    number = table.number("to_port", 1, 65535, 1)
    to_port = number if table.has("to_port") else None
    table.close()
    if address is not None and to is not None and address.version != to.version:
        table.note(
            "to", f"{to} and {address} are of different families: NAT does not translate one into another"
        )
    if address is not None:
        _note_other_family(table, address, source or (), "source")
    if to_port is not None and services is not None and not _one_port(services):
        table.note("to_port", "is for services of one port each, as in tcp/443: leave it out")
    if len(table.mistakes.found) > before:
        return None
    if address is None or to is None:
        raise AssertionError("an address is missing without a reason")
    return DestinationNat(address, to, _there(services), _there(sources), _there(source), to_port)


def _read_addresses(table: Table, names: Names) -> tuple[Addresses, Addresses]:
    source = table.texts("source", names.addresses, '["192.168.12.0/24"]')
    destination = table.texts("destination", names.addresses, '["192.0.2.0/24"]')
    return source or (), destination or ()


def _read_services(table: Table, names: Names, required: bool) -> Services | None:
    def read(text: str) -> Services:
        return () if text == _ANY_SERVICE else names.service(text)

    found = table.texts("services", read, _SERVICES_EXAMPLE, required)
    if found is None:
        return None
    if () in found and len(found) > 1:
        table.note("services", f'"{_ANY_SERVICE}" stands alone: it holds all others')
    return tuple(dict.fromkeys(chain.from_iterable(found)))


def _one_port(services: Services) -> bool:
    found = services_of(services)
    return bool(found) and all(each.ports and each.ports[0] == each.ports[1] for each in found)


def _note_families(table: Table, source: Addresses, destination: Addresses) -> None:
    families = [
        frozenset(family for item in items_of(addresses) for family in families_of(item))
        for addresses in (source, destination)
    ]
    if all(families) and not families[0] & families[1]:
        table.note("destination", "is of another family than source: no packet has both")


def _note_other_family(table: Table, address: IPAddress, addresses: Addresses, key: str) -> None:
    for item in items_of(addresses):
        if address.version not in families_of(item):
            table.note(key, f"{item} is of another family than {address}: remove one of the two")


def _new_source(text: str) -> _NewSource:
    if text in (_OWN, _NONE):
        return _NewSource(exempt=text == _NONE)
    first, dash, last = text.partition("-")
    if not dash:
        return _NewSource(values.address(text))
    span = values.address(first), values.address(last)
    if span[0].version != span[1].version:
        raise ValueError(f"{text}: the two ends are of different families: write a range of one")
    if not int(span[0]) < int(span[1]):
        raise ValueError(f"{text}: the first address is not before the last one: exchange them, or write one")
    if int(span[1]) - int(span[0]) >= _MAX_RANGE:
        raise ValueError(f"{text}: a range has {_MAX_RANGE} addresses at most: write a smaller one")
    return _NewSource(*span)


def _choice(kind: type[E]) -> Callable[[str], E]:
    def parse(text: str) -> E:
        try:
            return kind(text)
        except ValueError:
            raise values.not_known(text, kind) from None

    return parse


def _there(value: T | None) -> T:
    """The value, which was read if no mistake was noted."""
    if value is None:
        raise AssertionError("a value is missing without a reason")
    return value
