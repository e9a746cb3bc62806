"""Configurations of a pair and a driver for one node, shared by the tests of the cluster."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from types import MappingProxyType

from hadaemon.cluster import (
    Action,
    AdvertisementReceived,
    Event,
    FrameReceived,
    Memory,
    Node,
    NodeState,
    PortChanged,
    Remember,
    SendAdvertisement,
    SetAddresses,
    Start,
    Tick,
)
from hadaemon.cluster.memory import EMPTY
from hadaemon.config import (
    Check,
    ClusterConfig,
    ElectionConfig,
    HaInterface,
    Hotwire,
    NodeConfig,
    PingGroup,
    Port,
    TrackedRoute,
    VrrpConfig,
)
from hadaemon.config.follow_model import Follow, Service
from hadaemon.vrrp import Advertisement, Centiseconds, Priority, Vrid

ALPHA, BETA, GAMMA = "alpha", "beta", "gamma"
PORTS = ("lan", "wan", "dmz")


def own_address(node: str, port: str) -> IPv4Address:
    """Ordered alpha < beta on lan and dmz, beta < alpha on wan; gamma is greater than both."""
    first = (node == ALPHA) == (port != "wan")
    last = 3 if node == GAMMA else 1 if first else 2
    return IPv4Address(f"192.0.2.{10 * (PORTS.index(port) + 1) + last}")


def own_address6(node: str, port: str) -> IPv6Address:
    """Link-local; ordered as the IPv4 addresses."""
    return IPv6Address(f"fe80::{int(own_address(node, port)) & 0xFF:x}")


def virtual_address(port: str) -> IPv4Interface:
    return IPv4Interface(f"198.51.100.{PORTS.index(port) + 1}/24")


def virtual_addresses6(port: str) -> tuple[IPv6Interface, ...]:
    """The first is link-local (RFC 9568, erratum 8300)."""
    number = PORTS.index(port) + 1
    return IPv6Interface(f"fe80::48:{number}/64"), IPv6Interface(f"2001:db8:{number}::1/64")


def node_config(
    name: str, ports: tuple[str, ...] = PORTS[:2], macs: Mapping[str, str] = MappingProxyType({})
) -> NodeConfig:
    known = {port: f"52:54:00:00:00:{PORTS.index(port):02x}" for port in ports}
    return NodeConfig(name, {port: Port(port, mac) for port, mac in {**known, **macs}.items()})


def cluster_config(
    ports: tuple[str, ...] = PORTS[:2],
    interval: int = 100,
    preempt: bool = True,
    master: str = ALPHA,
    enabled: bool = True,
    witness: bool = False,
    families: tuple[int, ...] = (4,),
    addresses_on: str | None = None,
    preempt_delay: float = 0.0,
    priorities: Mapping[str, int] = MappingProxyType({}),
    ping_groups: tuple[PingGroup, ...] = (),
    tracked_routes: tuple[TrackedRoute, ...] = (),
    checks: tuple[Check, ...] = (),
    services: tuple[Service, ...] = (),
    **election: object,
) -> ClusterConfig:
    return ClusterConfig(
        name="office",
        master=master,
        enabled=enabled,
        vrrp=VrrpConfig(
            advertisement_interval=Centiseconds(interval),
            preempt=preempt,
            preempt_delay=preempt_delay,
            priorities={node: Priority(priority) for node, priority in priorities.items()},
        ),
        ha_interfaces=tuple(
            HaInterface(port, number, Vrid(50 + number), _virtual_addresses(port, families), addresses_on)
            for number, port in enumerate(ports, start=1)
        ),
        hotwire=Hotwire("hotwire") if witness else None,
        election=replace(ElectionConfig(flap_switches=0), **election),
        ping_groups=ping_groups,
        tracked_routes=tracked_routes,
        checks=checks,
        follow=Follow(services=services),
    )


def _virtual_addresses(port: str, families: tuple[int, ...]) -> tuple[IPv4Interface | IPv6Interface, ...]:
    known = {4: (virtual_address(port),), 6: virtual_addresses6(port)}
    return tuple(address for family in families for address in known[family])


class Driver:
    """One node with a clock in its hand; the rival is played by the test."""

    def __init__(
        self,
        name: str = ALPHA,
        start: bool = True,
        before: "Driver | None" = None,
        macs: Mapping[str, str] = MappingProxyType({}),
        memory: Memory = EMPTY,
        **cluster: object,
    ) -> None:
        """`before`: the node that read its configuration again."""
        self.config = cluster_config(**cluster)  # type: ignore[arg-type]
        self.ports = tuple(interface.port for interface in self.config.ha_interfaces)
        self.name = name
        self.rival = BETA if name == ALPHA else ALPHA
        self.now = 1000.0 if before is None else before.now
        self.memory = memory if before is None else before.memory
        predecessor = None if before is None else before.node
        self.node = Node(node_config(name, self.ports, macs), self.config, self.now, predecessor)
        self.facts: dict[str, PortChanged] = {}
        self.last: tuple[Action, ...] = ()
        if start:
            for port in self.ports:
                self.link(port)
                self.do(FrameReceived(port))
            self.do(Start(memory=memory))

    @property
    def problems(self) -> tuple[str, ...]:
        """What the node's status complains of, in sentences."""
        return tuple(each.text for each in self.node.status(self.now).problems)

    def do(self, event: Event, after: float = 0.0) -> tuple[Action, ...]:
        self.now += after
        self.last = self.node.handle(event, self.now)
        if isinstance(event, PortChanged):
            self.facts[event.port] = event
        for action in self.last:
            if isinstance(action, Remember):
                self.memory = action.memory
        return self.last

    def link(
        self,
        port: str,
        carrier: bool = True,
        present: bool = True,
        after: float = 0.0,
        address: bool = True,
        address6: bool = True,
    ) -> tuple[Action, ...]:
        own = own_address(self.name, port) if address and present else None
        own6 = own_address6(self.name, port) if address6 and present else None
        return self.do(PortChanged(port, present, carrier and present, own, own6), after)

    def hear(
        self,
        priority: int,
        port: str = "lan",
        after: float = 0.0,
        interval: int | None = None,
        source: IPv4Address | None = None,
        family: int = 4,
    ) -> tuple[Action, ...]:
        interface = next(found for found in self.config.ha_interfaces if found.port == port)
        advertisement = Advertisement(
            interface.vrid,
            Priority(priority),
            Centiseconds(interval or self.config.vrrp.advertisement_interval),
            tuple(address.ip for address in interface.virtual_addresses if address.version == family),
        )
        rival = source or (own_address if family == 4 else own_address6)(self.rival, port)
        return self.do(AdvertisementReceived(port, rival, advertisement), after)

    def run(self, seconds: float) -> list[tuple[float, Action]]:
        """Wakes the node exactly at its deadlines for so long."""
        end = self.now + seconds
        done: list[tuple[float, Action]] = []
        turns = 0
        while (due := self.node.next_deadline) is not None and due <= end:
            assert due >= self.now or not done, "a deadline in the past: the loop would spin"
            turns = 0 if due > self.now else turns + 1
            assert turns < 100, "a deadline that does not move: the loop would spin"
            self.now = max(due, self.now)
            done += [(self.now, action) for action in self.do(Tick())]
        self.now = end
        return done

    def become_active(self) -> "Driver":
        """The next regular round is a whole interval away."""
        assert self.node.next_deadline is not None
        self.now = self.node.next_deadline
        self.do(Tick())
        assert self.node.state is NodeState.ACTIVE
        return self

    def sent(self, port: str | None = None) -> list[int]:
        """Priorities of the advertisements in the last answer."""
        return priorities(self.last, port)

    def addresses(self) -> dict[str, frozenset[IPv4Interface]]:
        """What the last answer sets."""
        return {action.port: action.addresses for action in self.last if isinstance(action, SetAddresses)}


def priorities(actions: tuple[Action, ...], port: str | None = None) -> list[int]:
    return [
        action.advertisement.priority
        for action in actions
        if isinstance(action, SendAdvertisement) and port in (None, action.port)
    ]
