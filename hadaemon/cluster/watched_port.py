"""One HA interface of the node: its link, its virtual router, and what has been heard on it."""

from dataclasses import dataclass, replace

from hadaemon.cluster.discards import CLAIM, PAUSE, RECENT, Discards
from hadaemon.cluster.events import PortChanged
from hadaemon.config.model import ClusterConfig, HaInterface, Port
from hadaemon.problems import Problem, kinds, other
from hadaemon.status.node import InterfaceStatus, Link
from hadaemon.vrrp.learning import UNCONFIRMED, ActiveAdverInterval
from hadaemon.vrrp.model import (
    RELEASE,
    Advertisement,
    Centiseconds,
    DiscardReason,
    IPAddress,
    Priority,
    Version,
    Vrid,
)
from hadaemon.vrrp.router import VirtualRouter
from hadaemon.vrrp.timers import LONG_AGO, active_down_interval, seconds

ADDRESS_PATIENCE = 1.0
"""Seconds for which a port may be without an own address while its link stays: the network service changes
one by taking the old one away first."""

_MUCH_LONGER = Centiseconds(2 * UNCONFIRMED)
"""A longer interval that was named once is shown as a problem in the status; a shorter one is soon confirmed
or replaced."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The last advertisement for one of our virtual routers, acceptable to the election or not."""

    source: IPAddress
    advertisement: Advertisement
    at: float
    """Monotonic seconds."""
    interval: Centiseconds
    """The interval that is assumed, after the one that it names."""

    def is_current(self, now: float) -> bool:
        """Its sender still claims the virtual router: the advertisement is no older than its time-out."""
        if self.advertisement.priority == RELEASE:
            return False
        advertisement = self.advertisement
        silence = active_down_interval(advertisement.priority, self.interval, advertisement.version)
        return now - self.at <= silence


class WatchedPort:
    """Facts and counters of one HA interface; it decides nothing.

    It has one virtual router for each family of its virtual addresses. They are in the same state: the node
    drives them together.
    """

    def __init__(self, config: HaInterface, card: Port, cluster: ClusterConfig, priority: Priority) -> None:
        """`card`: what the port of that name is on this node."""
        self.config = config
        self._card = card
        self.addresses = tuple(interface.ip for interface in config.virtual_addresses)
        self.interval = cluster.interval_of(config)
        """Its Advertisement_Interval."""
        self.routers = _virtual_routers(config, self.interval, cluster.vrrp.version, priority)
        """IPv4 first."""
        self._learned = {
            family(router.addresses): ActiveAdverInterval(self.interval, cluster.vrrp.version)
            for router in self.routers
        }
        """By the version of IP."""
        self._take(PortChanged(config.port, present=False, carrier=False, address=None))
        self._address_facts = PortChanged(config.address_port, present=False, carrier=False, address=None)
        self.was_present = False
        """It has been there at some time since the start of the daemon."""
        self.was_up = False
        """It could send and receive at some time since the start of the daemon."""
        self.counts_from = LONG_AGO
        """A link that was lost counts again from then on; monotonic seconds."""
        self.awaited_until = LONG_AGO
        """A configuration that was read while the node ran names it for the first time: until then its
        interface may still be in the making, and does not count as a lost link; monotonic seconds."""
        self.sent = 0
        self.received = 0
        self._pause = max(PAUSE, 4 * seconds(self.interval))
        self.discards = Discards(self._pause)
        self._debounce = cluster.election.link_debounce
        self._heard: dict[int, Heard] = {}
        """By the version of IP."""
        self._foreign: dict[int, Heard] = {}
        """What was heard of another group that uses our VRID, by the version of IP."""
        self._rival: tuple[float, float] | None = None
        """Since when another router claims one of our virtual routers while this node is active, and when it
        last did."""
        self._doubted: Heard | None = None
        """It named a long interval, and was not believed."""
        self._address_lost_at: float | None = None
        """When the own address went while the link stayed; None: it is there, or the link is not."""

    @property
    def name(self) -> str:
        """The port that advertises."""
        return self.config.port

    @property
    def vrid(self) -> Vrid:
        return self.config.vrid

    @property
    def present(self) -> bool:
        return self.facts.present

    @property
    def address_port(self) -> str:
        """The port that has the virtual addresses, of no other HA interface: usually the one that
        advertises."""
        return self.config.address_port

    @property
    def can_carry(self) -> bool:
        """The port of the virtual addresses is there."""
        return self._address_facts.present

    @property
    def can_announce(self) -> bool:
        """It is there and has a link."""
        return self.can_carry and self._address_facts.carrier

    def serves(self, now: float) -> bool:
        """It can do everything that it is for, and its link has been there for long enough to count.

        A port that lost the source of one family cannot serve the addresses of that family, and counts as a
        lost link in the score. The other family still advertises, so that the peer knows.
        """
        return self.link is Link.UP and self.can_announce and now >= self.counts_from

    def is_lost(self, now: float) -> bool:
        """It does not serve, but should."""
        return not self.serves(now) and now >= self.patient_until

    @property
    def patient_until(self) -> float:
        """When it begins to count that it does not serve; monotonic seconds."""
        if self._address_lost_at is not None:
            return self._address_lost_at + ADDRESS_PATIENCE
        return LONG_AGO if self.was_up else self.awaited_until

    def go_on(self, before: "WatchedPort | None", awaited_until: float) -> None:
        """Takes over what the same port of the previous configuration knew. If there was none, it is awaited
        until then."""
        if before is None or (before._card, before.address_port) != (self._card, self.address_port):
            self.awaited_until = awaited_until
            return
        self.was_present, self.was_up = before.was_present, before.was_up
        self.counts_from, self.awaited_until = before.counts_from, before.awaited_until
        self.sent, self.received, self.discards = before.sent, before.received, before.discards
        self._address_facts = before._address_facts
        self._take(before.facts)
        for version in self._learned.keys() & before._learned.keys():
            self._learned[version].go_on(before._learned[version])
        heard = before._heard.items()
        self._heard = {version: one for version, one in heard if self._is_for_us(version, one.advertisement)}

    def depends_on(self, ports: frozenset[str]) -> bool:
        """One of them is a port that it advertises on, or that has its addresses."""
        return self.name in ports or self.address_port in ports

    def source(self, router: VirtualRouter) -> IPAddress | None:
        """Own primary address in the family of a virtual router."""
        return self.facts.address if family(router.addresses) == 4 else self.facts.address6

    def can_send(self, router: VirtualRouter) -> bool:
        return router in self.able

    def update_address_port(self, facts: PortChanged) -> None:
        """Notes the present truth about the port of the virtual addresses."""
        self._address_facts = facts

    def update(self, facts: PortChanged, now: float) -> None:
        """Notes the present truth about the port that advertises."""
        before, lost_at = self.link, self._address_lost_at
        self._take(facts)
        if self.link is not Link.NO_ADDRESS:
            self._address_lost_at = None
        elif before is Link.UP:
            self._address_lost_at = now
        changed = lost_at is not None and now < lost_at + ADDRESS_PATIENCE
        if self.was_up and before is not Link.UP and self.link is Link.UP and not changed:
            self.counts_from = now + self._debounce
        self.was_present = self.was_present or facts.present
        self.was_up = self.was_up or self.is_up

    def _take(self, facts: PortChanged) -> None:
        """What follows from the facts is worked out once: it is asked for at every event, for every port."""
        self.facts = facts
        connected = facts.present and facts.carrier
        self.able = tuple(router for router in self.routers if connected and self.source(router) is not None)
        """The virtual routers that can send and receive."""
        self.is_up = bool(self.able)
        """It can send and receive, in one family at least."""
        self.link = self._link()

    def _link(self) -> Link:
        if not self.facts.present:
            return Link.ABSENT
        if not self.facts.carrier:
            return Link.DOWN
        return Link.UP if self.able == self.routers else Link.NO_ADDRESS

    def router_of(self, advertisement: Advertisement) -> VirtualRouter:
        """The virtual router that an advertisement is for, which was not refused."""
        router = self._router(advertisement.family)
        assert router is not None
        return router

    def _is_for_us(self, version: int, advertisement: Advertisement) -> bool:
        router = self._router(version)
        return router is not None and router.refusal(advertisement) is None

    def refusal(self, source: IPAddress, advertisement: Advertisement) -> DiscardReason | None:
        """The last of the receive checks, which need to know the interface (RFC 9568 §7.1)."""
        if source in (self.facts.address, self.facts.address6):
            return DiscardReason.OWN_SOURCE
        router = self._router(advertisement.family) or self.routers[0]
        return router.refusal(advertisement)

    def note_foreign(self, source: IPAddress, advertisement: Advertisement, now: float) -> None:
        """It belongs to another group: it is reported, and has no part in the election."""
        self.discards.counts[DiscardReason.ADDRESSES] += 1
        self._foreign[advertisement.family] = Heard(source, advertisement, now, advertisement.interval)

    def note_rival(self, advertisement: Advertisement, now: float) -> None:
        """It came in while this node is active."""
        if advertisement.priority == RELEASE:
            self._rival = None
            return
        since, last = self._rival or (now, now)
        self._rival = since if now - last <= self._pause else now, now

    def has_rival(self, now: float) -> bool:
        """Neither gives way: mostly because one of them does not hear or believe the other."""
        if self._rival is None:
            return False
        since, last = self._rival
        return now - last <= self._pause and last - since >= CLAIM

    def note_advertisement(self, source: IPAddress, advertisement: Advertisement, now: float) -> None:
        self.received += 1
        self.discards.note_accepted(source)
        last, interval = self._heard.get(advertisement.family), advertisement.interval
        repeated = last is not None and (last.source, last.advertisement.interval) == (source, interval)
        believed = interval if repeated else min(interval, max(self.interval, UNCONFIRMED))
        self._heard[advertisement.family] = Heard(source, advertisement, now, believed)

    def learn(self, source: IPAddress, advertisement: Advertisement, now: float) -> Centiseconds:
        """Active_Adver_Interval of a virtual router after an advertisement that is accepted, or a release."""
        version = advertisement.family
        believed = self._learned[version].note(source, advertisement, now)
        heard = self._heard.get(version)
        if heard is not None and heard.source == source:
            self._heard[version] = replace(heard, interval=believed)
        if advertisement.interval > _MUCH_LONGER and advertisement.interval > believed:
            self._doubted = Heard(source, advertisement, now, believed)
        elif self._doubted is not None and self._doubted.source == source:
            self._doubted = None
        return believed

    @property
    def heard(self) -> Heard | None:
        """The last that was heard, in whichever family."""
        return max(self._heard.values(), key=lambda heard: heard.at, default=None)

    def heard_by(self, router: VirtualRouter) -> Heard | None:
        """The last that was heard for that virtual router."""
        return self._heard.get(family(router.addresses))

    def all_heard(self, now: float) -> list[Heard]:
        """Who claims one of our virtual routers, one a family."""
        return [heard for heard in self._heard.values() if heard.is_current(now)]

    def hears_now(self, now: float) -> bool:
        """Another router claims one of our virtual routers."""
        return bool(self.all_heard(now))

    def status(self, held: bool, now: float) -> InterfaceStatus:
        heard = self.heard
        return InterfaceStatus(
            port=self.name,
            addresses_on=self.config.addresses_on,
            vrid=self.vrid,
            state=self.routers[0].state,
            link=self.link,
            address=None if self.facts.address is None else str(self.facts.address),
            address6=None if self.facts.address6 is None else str(self.facts.address6),
            virtual_addresses=tuple(str(address) for address in self.config.virtual_addresses),
            held=held,
            sent=self.sent,
            received=self.received,
            last_heard=None if heard is None else now - heard.at,
            heard_from=None if heard is None else str(heard.source),
            heard_priority=None if heard is None else heard.advertisement.priority,
            discards={reason.value: count for reason, count in sorted(self.discards.counts.items())},
        )

    def problems(self, active: bool, now: float) -> list[Problem]:
        """What an administrator should look at; `active`: the node is."""
        found = []
        if self.link is not Link.UP:
            found.append(Problem(kinds.LINK_DOWN, self.name, self._linkless()))
        if self.address_port != self.name and not self.can_announce:
            text = f"port {self.address_port}: no carrier, and the virtual addresses are on it"
            found.append(Problem(kinds.LINK_DOWN, self.address_port, text))
        found += self._foreign_addresses(now)
        found += self._doubt(now)
        return found + self.discards.problems(self.name, active, now)

    def _linkless(self) -> str:
        if self.link is Link.ABSENT:
            return self._absent()
        if self.link is Link.NO_ADDRESS:
            return self._sourceless()
        return f"port {self.name}: no carrier: check the cable and the switch port"

    def _absent(self) -> str:
        if self.was_present:
            return f"port {self.name}: the network card is gone: look for a hardware fault in the journal"
        if self._card.parent is not None:
            vlan = f"VLAN {self._card.vlan} of {self._card.parent}"
            return f"port {self.name}: there is no interface for {vlan}"
        return (
            f"port {self.name}: no network card has its MAC address {self._card.mac}: correct it in node.toml"
        )

    def _router(self, version: int) -> VirtualRouter | None:
        return next((router for router in self.routers if family(router.addresses) == version), None)

    def _sourceless(self) -> str:
        mute = [family(router.addresses) for router in self.routers if self.source(router) is None]
        if mute == [6]:
            return (
                f"port {self.name}: no link-local address is on it, so nothing can be sent over IPv6: "
                "look for a duplicate address in the journal"
            )
        return (
            f"port {self.name}: no own address is on it, so nothing can be sent: "
            f"check ports.{self.name}.addresses in node.toml"
        )

    def _foreign_addresses(self, now: float) -> list[Problem]:
        """Tolerated by the protocol, but hardly meant (RFC 9568 §7.1)."""
        found = []
        for router in self.routers:
            version = family(router.addresses)
            candidates = (self._heard.get(version), self._foreign.get(version))
            heard = next(
                (each for each in candidates if each is not None and _differs(each, router, now)), None
            )
            if heard is None:
                continue
            theirs = ", ".join(str(address) for address in heard.advertisement.addresses)
            text = (
                f"port {self.name}: {heard.source} advertises VRID {self.vrid} with other virtual addresses "
                f"({theirs}): another VRRP group uses this VRID, or the two nodes differ in cluster.toml"
            )
            found.append(other(f"{self.name}/vrid-{self.vrid}/ipv{version}", text))
        return found

    def _doubt(self, now: float) -> list[Problem]:
        doubted = self._doubted
        if doubted is None or now - doubted.at > RECENT:
            return []
        named, ours = seconds(doubted.advertisement.interval), seconds(self.interval)
        text = (
            f"port {self.name}: {doubted.source} named an advertisement interval of {named:g} s, and this "
            f"node, which has {ours:g} s, waits no longer for that: look for a foreign router, or set the "
            "same advertisement_interval on both"
        )
        return [other(f"{self.name}/interval", text)]


def _differs(heard: Heard, router: VirtualRouter, now: float) -> bool:
    """Its sender claims the VRID now, and not just our addresses."""
    return heard.is_current(now) and set(heard.advertisement.addresses) != set(router.addresses)


def family(addresses: tuple[IPAddress, ...]) -> int:
    """4 or 6: all virtual addresses of a virtual router are of one family."""
    return addresses[0].version


def _virtual_routers(
    config: HaInterface, interval: Centiseconds, version: Version, priority: Priority
) -> tuple[VirtualRouter, ...]:
    return tuple(
        VirtualRouter(config.vrid, config.addresses(family), interval, priority, version)
        for family in config.families
    )
