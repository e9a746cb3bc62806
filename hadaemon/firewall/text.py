"""Words of nftables that several parts of the rule set use."""

from collections.abc import Iterable, Iterator

from hadaemon.config.firewall_model import Firewall, FlowState, Rate, Services, services_of
from hadaemon.config.objects_model import (
    Addresses,
    Item,
    NetworkObject,
    collapsed,
    exceptions_of,
    items_of,
)

TABLE = "hotspare"
USER_CHAINS = ("user_input", "user_output", "user_forward", "user_prerouting", "user_postrouting")
"""Empty, for the snippets to add to."""
HA_PROTOCOL = 112
"""VRRP (RFC 9568 §5.1.1.4)."""
SYN = "tcp flags & (syn | rst) == syn"
SYN_ONLY = "tcp flags & (fin | syn | rst | ack) == syn"


def block(head: str, *lines: str) -> list[str]:
    """A braced block."""
    return [f"{head} {{", *(f"\t{line}" for line in lines), "}"]


def named_set(name: str, kind: str, elements: list[str], flags: str = "") -> list[str]:
    """A set of the table; it may be empty."""
    inner = [f"type {kind}", *([f"flags {flags}"] if flags else [])]
    if elements:
        inner.append(f"elements = {{ {', '.join(elements)} }}")
    return block(f"set {name}", *inner)


def port_set(port: str) -> str:
    """The set with the interface of a port."""
    return f"port_{port}"


def zone_set(zone: str) -> str:
    """The set with the interfaces of a zone."""
    return f"zone_{zone}"


def limited_log(rate: Rate, prefix: str) -> str:
    """A log line of its own rule: what is over the limit goes on, without a line."""
    return f'limit rate {rate.count}/{rate.unit} burst 5 packets log prefix "{prefix}: "'


def interface_matches(firewall: Firewall, key: str, places: Iterable[str]) -> list[str]:
    """One match for each zone or port that is named; `key` is iifname or oifname. None named: any port."""
    return [
        f"{key} @{zone_set(place) if place in firewall.zones else port_set(place)}" for place in places
    ] or [f"{key} @ports"]


def network_set(name: str, family: int) -> str:
    """The set with what a name of [networks] has of one family."""
    return f"net{family}_{name}"


def address_matches(
    source: Addresses, destination: Addresses, only: int | None = None
) -> list[tuple[int | None, str]]:
    """Family and match, for each family in which both can be, and each name. Nothing restricted: any family,
    no match. `only`: a family that something else asks for."""
    if not source and not destination:
        return [(only, "" if only is None else f"meta nfproto ipv{only}")]
    return [
        (family, joined(come, go) or f"meta nfproto ipv{family}")
        for family in ((4, 6) if only is None else (only,))
        for come in _side(f"{ip(family)} saddr", source, family)
        for go in _side(f"{ip(family)} daddr", destination, family)
    ]


def _side(key: str, addresses: Addresses, family: int) -> list[str]:
    """One match for what is written out and one for each name, all with every exception; none: no packet of
    the family fits."""
    items = _alternatives(items_of(addresses), family)
    but = joined(*(f"{key} != {each}" for each in _alternatives(exceptions_of(addresses), family)))
    if not items_of(addresses):
        return [but]
    return [joined(f"{key} {each}", but) for each in items]


def _alternatives(items: Iterable[Item], family: int) -> list[str]:
    items = tuple(items)
    plain = [each for each in items if not isinstance(each, NetworkObject) and each.version == family]
    named = [each for each in items if isinstance(each, NetworkObject) and each.of(family)]
    return [
        *([listed(map(str, collapsed(plain)))] if plain else []),
        *(f"@{network_set(each.name, family)}" for each in named),
    ]


def service_matches(services: Services, family: int | None = None) -> list[str]:
    """One match for each protocol with its ports together; no service: one empty match. `family`: what the
    rest of the rule asks for."""
    if not services:
        return [""]
    spans: dict[str, list[tuple[int, int]]] = {}
    found = []
    for service in services_of(services):
        if service.protocol == "ping":
            found += [match for each, match in _PING.items() if family in (None, each)]
        elif service.protocol == "icmp":
            found.append("meta l4proto { icmp, ipv6-icmp }")
        elif service.ports is None:
            found.append(f"meta l4proto {service.protocol}")
        else:
            spans.setdefault(service.protocol, []).append(service.ports)
    return found + [f"{protocol} dport {listed(_merged(each))}" for protocol, each in spans.items()]


def _merged(spans: list[tuple[int, int]]) -> Iterator[str]:
    """nftables refuses what overlaps."""
    first, last = min(spans)
    for begin, end in [*sorted(spans), (1 << 20, 0)]:
        if begin > last + 1:
            yield str(first) if first == last else f"{first}-{last}"
            first, last = begin, end
        last = max(last, end)


_PING = {4: "icmp type echo-request", 6: "icmpv6 type echo-request"}


def ip(family: int) -> str:
    """The family's name in matches."""
    return "ip" if family == 4 else "ip6"


def state_matches(states: Iterable[FlowState]) -> list[str]:
    """New is apart: what is new has a rule of its own."""
    states = tuple(states)
    old = [state for state in states if state is not FlowState.NEW]
    found = [f"ct state {listed(old)}"] if old else []
    if FlowState.NEW in states:
        found.append("ct state new")
    return found


def joined(*parts: str) -> str:
    """One rule of its parts, those that are empty left out."""
    return " ".join(part for part in parts if part)


def listed(items: Iterable[str]) -> str:
    """One of them, or a set of them."""
    items = sorted(set(items))
    return items[0] if len(items) == 1 else f"{{ {', '.join(items)} }}"


def comment(text: str) -> str:
    """For whoever reads the rules in the kernel."""
    return f'comment "{text}"'
