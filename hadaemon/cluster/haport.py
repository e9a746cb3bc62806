"""One HA interface of the node: its link, its virtual router, and what has been heard on it."""

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address

from hadaemon.cluster.events import PortChanged
from hadaemon.cluster.status import InterfaceStatus, Link
from hadaemon.config.model import HaInterface, VrrpConfig
from hadaemon.vrrp.model import RELEASE, Advertisement, DiscardReason, IPAddress, Priority, Vrid
from hadaemon.vrrp.router import VirtualRouter
from hadaemon.vrrp.timers import active_down_interval

_RECENT = 60.0
"""Seconds for which a dropped packet is worth a problem in the status."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The last advertisement for our virtual router, acceptable to the election or not."""

    source: IPAddress
    advertisement: Advertisement
    at: float
    """Monotonic seconds."""


class HaPort:
    """Facts and counters of one HA interface; it decides nothing."""

    def __init__(self, config: HaInterface, vrrp: VrrpConfig, priority: Priority) -> None:
        self.config = config
        self.addresses = tuple(interface.ip for interface in config.virtual_addresses)
        self.router = VirtualRouter(config.vrid, self.addresses, vrrp.advertisement_interval, priority)
        self.facts = PortChanged(config.port, present=False, carrier=False, address=None)
        self.was_present = False
        """It has been there at some time since the start of the daemon."""
        self.was_up = False
        """It could send and receive at some time since the start of the daemon."""
        self.heard: Heard | None = None
        self.sent = 0
        self.received = 0
        self.discards: Counter[DiscardReason] = Counter()
        self._discarded_at: float | None = None

    @property
    def name(self) -> str:
        return self.config.port

    @property
    def vrid(self) -> Vrid:
        return self.config.vrid

    @property
    def address(self) -> IPv4Address | None:
        """Own primary address."""
        return self.facts.address

    @property
    def present(self) -> bool:
        return self.facts.present

    @property
    def link(self) -> Link:
        if not self.facts.present:
            return Link.ABSENT
        if not self.facts.carrier:
            return Link.DOWN
        return Link.UP if self.facts.address is not None else Link.NO_ADDRESS

    @property
    def is_up(self) -> bool:
        """It can send and receive."""
        return self.link is Link.UP

    def update(self, facts: PortChanged) -> None:
        """Notes the present truth about the port."""
        self.facts = facts
        self.was_present = self.was_present or facts.present
        self.was_up = self.was_up or self.is_up

    def refusal(self, source: IPAddress, advertisement: Advertisement) -> DiscardReason | None:
        """The last of the receive checks, which need to know the interface (RFC 9568 §7.1)."""
        return DiscardReason.OWN_SOURCE if source == self.address else self.router.refusal(advertisement)

    def note_discard(self, reason: DiscardReason, now: float) -> None:
        self.discards[reason] += 1
        if reason is not DiscardReason.VRID:
            self._discarded_at = now

    def note_advertisement(self, source: IPAddress, advertisement: Advertisement, now: float) -> None:
        self.received += 1
        self.heard = Heard(source, advertisement, now)

    def hears_now(self, now: float) -> bool:
        """Another router claims our virtual router: its last advertisement is no older than its time-out."""
        if self.heard is None or self.heard.advertisement.priority == RELEASE:
            return False
        advertisement = self.heard.advertisement
        return now - self.heard.at <= active_down_interval(
            advertisement.priority, advertisement.interval, advertisement.version
        )

    def status(self, held: bool, now: float) -> InterfaceStatus:
        heard = self.heard
        return InterfaceStatus(
            port=self.name,
            vrid=self.vrid,
            state=self.router.state,
            link=self.link,
            address=None if self.address is None else str(self.address),
            virtual_addresses=tuple(str(address) for address in self.config.virtual_addresses),
            held=held,
            sent=self.sent,
            received=self.received,
            last_heard=None if heard is None else now - heard.at,
            heard_from=None if heard is None else str(heard.source),
            heard_priority=None if heard is None else heard.advertisement.priority,
            discards={reason.value: count for reason, count in sorted(self.discards.items())},
        )

    def problems(self, now: float) -> list[str]:
        """What an administrator should look at on this port."""
        found = []
        if self.link is Link.ABSENT and self.was_present:
            found.append(
                f"port {self.name}: the network card is gone: look for a hardware fault in the journal"
            )
        elif self.link is Link.DOWN:
            found.append(f"port {self.name}: no carrier: check the cable and the switch port")
        elif self.link is Link.NO_ADDRESS:
            found.append(
                f"port {self.name}: no own address is on it, so nothing can be sent: "
                f"check ports.{self.name}.addresses in node.toml"
            )
        if self._addresses_differ(now):
            found.append(self._foreign_addresses())
        if self._discarded_at is not None and now - self._discarded_at <= _RECENT:
            found.append(self._discard_summary())
        return found

    def _addresses_differ(self, now: float) -> bool:
        """Tolerated by the protocol, but hardly meant (RFC 9568 §7.1)."""
        if self.heard is None or not self.hears_now(now):
            return False
        return set(self.heard.advertisement.addresses) != set(self.addresses)

    def _foreign_addresses(self) -> str:
        assert self.heard is not None
        theirs = ", ".join(str(address) for address in self.heard.advertisement.addresses)
        return (
            f"port {self.name}: {self.heard.source} advertises VRID {self.vrid} with other virtual addresses "
            f"({theirs}): another VRRP group uses this VRID, or the two nodes differ in cluster.toml"
        )

    def _discard_summary(self) -> str:
        if self.discards[DiscardReason.OWN_SOURCE]:
            return (
                f"port {self.name}: VRRP packets from our own address {self.address} come in: "
                "the address is used twice, or the network has a loop"
            )
        counts = ", ".join(
            f"{reason} {count}"
            for reason, count in sorted(self.discards.items())
            if reason is not DiscardReason.VRID
        )
        return (
            f"port {self.name}: unacceptable VRRP packets are dropped ({counts}): look for a foreign router"
        )
