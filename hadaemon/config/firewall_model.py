"""[firewall] of cluster.toml, validated. A rule has the names as they were written: zones and ports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, Union

from hadaemon.config.objects_model import Addresses
from hadaemon.vrrp.model import IPAddress

Areas: TypeAlias = tuple[str, ...]
"""Names of zones and ports; none: any port but the hotwire."""

NODE = "node"
"""What a rule may be for instead of zones and ports: this node itself."""


class Verdict(StrEnum):
    """What happens to a packet, as an administrator writes it."""

    ALLOW = "allow"
    DROP = "drop"
    REJECT = "reject"


class FlowState(StrEnum):
    """What connection tracking knows of a packet."""

    NEW = "new"
    ESTABLISHED = "established"
    RELATED = "related"


class Established(StrEnum):
    """What decides about packets of connections that were allowed once."""

    ALLOW = "allow"
    """They pass."""
    BY_RULE = "by-rule"
    """The rules decide, one by one, with their `states`. Packets to the node itself pass all the same."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a packet carries. `ports` are numbers and ranges of the destination; None: all."""

    protocol: str
    """tcp, udp, sctp, icmp (both families), ping (echo request), gre, esp, ah."""
    ports: tuple[int, int] | None = None
    """First and last."""


@dataclass(frozen=True, slots=True)
class ServiceObject:
    """One of [services]: a name for some of them."""

    name: str
    members: tuple[Union[Service, "ServiceObject"], ...] = ()

    def __str__(self) -> str:
        return self.name


Services: TypeAlias = tuple[Service | ServiceObject, ...]
"""As they are written; none: any."""


def services_of(services: Services) -> tuple[Service, ...]:
    """What the names stand for, none twice."""
    found: dict[Service, None] = {}
    for each in services:
        inner = services_of(each.members) if isinstance(each, ServiceObject) else (each,)
        found.update(dict.fromkeys(inner))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may be logged."""

    count: int
    unit: str
    """second, minute, hour."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One of [[firewall.rules]]: the first one that fits decides."""

    verdict: Verdict
    sources: Areas = ()
    """Where it comes in."""
    targets: Areas = ()
    """Where it leaves."""
    to_node: bool = False
    """It is for this node itself; `targets` does not count then."""
    source: Addresses = ()
    destination: Addresses = ()
    """In a rule for the node: its addresses; none: own ones only, never a virtual one."""
    services: Services = ()
    states: tuple[FlowState, ...] = (FlowState.NEW,)
    log: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class SourceNat:
    """One of [[firewall.source_nat]]: forwarded packets get another source."""

    address: IPAddress | None
    """None: the own address of the port that it leaves by, unless it is exempt. Of a range: the first."""
    sources: Areas = ()
    targets: Areas = ()
    source: Addresses = ()
    destination: Addresses = ()
    last: IPAddress | None = None
    """Of a range; None: it is one address."""
    exempt: bool = False
    """It keeps its source, whatever later ones say."""

    @property
    def is_own(self) -> bool:
        """It gets the own address of the port that it leaves by."""
        return self.address is None and not self.exempt

    @property
    def addresses(self) -> tuple[IPAddress, ...]:
        """All that it may get, where they are named."""
        if self.address is None:
            return ()
        count = int(self.last or self.address) - int(self.address) + 1
        return tuple(self.address + step for step in range(count))


@dataclass(frozen=True, slots=True)
class DestinationNat:
    """One of [[firewall.destination_nat]], usually a port forward. What it translates is allowed, unless a
    rule or a snippet forbids it."""

    address: IPAddress
    """Where clients send it."""
    to: IPAddress
    """Where it goes."""
    services: Services
    """Empty: everything."""
    sources: Areas = ()
    source: Addresses = ()
    to_port: int | None = None
    """None: the same port."""


@dataclass(frozen=True, slots=True)
class Firewall:
    """[firewall] of cluster.toml. Without anything in it nothing is forwarded."""

    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ports by the zone's name."""
    rules: tuple[Rule, ...] = ()
    source_nat: tuple[SourceNat, ...] = ()
    destination_nat: tuple[DestinationNat, ...] = ()
    ping: bool = True
    """Whether the node answers echo requests."""
    log_invalid: Rate | None = Rate(10, "minute")
    log_dropped: Rate | None = None
    established: Established = Established.ALLOW

    @property
    def forwards(self) -> bool:
        """Whether anything could pass from port to port."""
        return bool(self.destination_nat) or any(not rule.to_node for rule in self.rules)

    def ports(self, places: Areas) -> frozenset[str]:
        """The ports that zones and ports name together."""
        return frozenset(port for place in places for port in self.zones.get(place, (place,)))
