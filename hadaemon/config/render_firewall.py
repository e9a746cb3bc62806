"""[firewall] back to TOML: only what differs from the default."""

import json
from collections.abc import Iterable, Iterator

from hadaemon.config.firewall_model import NODE, DestinationNat, Established, Firewall, Rule, SourceNat
from hadaemon.config.firewall_words import written_rate, written_service

_DEFAULT = Firewall()


def firewall_lines(firewall: Firewall, path: str) -> Iterator[str]:
    """The table and its tables; nothing for the default."""
    if firewall == _DEFAULT:
        return
    yield f"[{path}]"
    if not firewall.ping:
        yield "ping = false"
    yield f"log_invalid = {_string(written_rate(firewall.log_invalid))}"
    yield f"log_dropped = {_string(written_rate(firewall.log_dropped))}"
    if firewall.established is not Established.ALLOW:
        yield f"established = {_string(firewall.established)}"
    if firewall.zones:
        yield f"[{path}.zones]"
        yield from (f"{zone} = {_strings(ports)}" for zone, ports in firewall.zones.items())
    for rule in firewall.rules:
        yield from (f"[[{path}.rules]]", *_rule(rule))
    for source in firewall.source_nat:
        yield from (f"[[{path}.source_nat]]", *_source(source))
    for destination in firewall.destination_nat:
        yield from (f"[[{path}.destination_nat]]", *_destination(destination))


def _rule(rule: Rule) -> Iterator[str]:
    if rule.name:
        yield f"name = {_string(rule.name)}"
    yield f"action = {_string(rule.verdict)}"
    yield from _given("from", rule.sources)
    yield from _given("to", (NODE,) if rule.to_node else rule.targets)
    yield from _given("source", rule.source)
    yield from _given("destination", rule.destination)
    yield from _given("services", map(written_service, rule.services))
    yield f"states = {_strings(rule.states)}"
    if rule.log:
        yield "log = true"


def _source(nat: SourceNat) -> Iterator[str]:
    yield f"address = {_string(_new_source(nat))}"
    yield from _given("from", nat.sources)
    yield from _given("to", nat.targets)
    yield from _given("source", nat.source)
    yield from _given("destination", nat.destination)


def _new_source(nat: SourceNat) -> str:
    if nat.address is None:
        return "none" if nat.exempt else "own"
    return str(nat.address) if nat.last is None else f"{nat.address}-{nat.last}"


def _destination(nat: DestinationNat) -> Iterator[str]:
    yield f"address = {_string(str(nat.address))}"
    yield f"to = {_string(str(nat.to))}"
    yield f"services = {_strings(map(written_service, nat.services) if nat.services else ('any',))}"
    yield from _given("from", nat.sources)
    yield from _given("source", nat.source)
    if nat.to_port is not None:
        yield f"to_port = {nat.to_port}"


def _given(key: str, items: Iterable[object]) -> Iterator[str]:
    texts = [str(item) for item in items]
    if texts:
        yield f"{key} = {_strings(texts)}"


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _strings(values: Iterable[str]) -> str:
    return f"[{', '.join(_string(value) for value in values)}]"
