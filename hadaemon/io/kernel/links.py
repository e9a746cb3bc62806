"""The kernel's network interfaces and their addresses, kept current from netlink messages.

`LinkTable` only takes in facts; it opens nothing, so that it can be tested without a kernel.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hadaemon.vrrp import IPInterface

VIRTUAL_ADDRESS_PROTOCOL = 0x48
"""IFA_PROTO of every address that this product adds: anyone can tell them and drop them."""

FOLLOWING = 0x48
"""Group of the links that are up on the active node only (IFLA_GROUP): one request takes all of them down."""

HELD = 0x49
"""Group of the links that are on for the beacon of a new box only: a daemon that finds one on a box that is
no longer new, perhaps left by a predecessor that was killed, switches it off."""

STACKED_KINDS = frozenset({"vlan", "macvlan", "macvtap", "ipvlan", "bridge", "bond", "team", "hsr", "dsa"})
"""Kinds of interface that may carry the MAC address of a port below them: never the port itself."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address of either family on an interface."""

    interface: IPInterface
    protocol: int
    """IFA_PROTO; 0 where the kernel is older than 5.18, or whoever added it gave none."""

    @property
    def virtual(self) -> bool:
        """Added by this product."""
        return self.protocol == VIRTUAL_ADDRESS_PROTOCOL


class LinkState(NamedTuple):
    """What goes up and down."""

    up: bool
    """Administratively."""
    carrier: bool
    """And the lower layer is up."""


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface of the kernel."""

    index: int
    name: str
    mac: str
    """Lower case, colons; empty where the link has none."""
    permanent_mac: str
    """What the hardware was made with; empty where the driver does not say."""
    kind: str
    """Of a software interface (`veth`, `vlan`, ...); empty for hardware."""
    carrier: bool
    """Administratively up, and the lower layer is up."""
    parent: int = 0
    """Index of the interface below; 0: none."""
    vlan: int | None = None
    """The tag, if it is a VLAN's (802.1Q)."""
    up: bool = True
    """Administratively."""
    group: int = 0
    """Of `FOLLOWING` or `HELD`: the daemon takes it up and down."""

    @property
    def mac_bytes(self) -> bytes:
        """As it stands in a frame."""
        return bytes.fromhex(self.mac.replace(":", ""))


@dataclass(frozen=True, slots=True)
class LinkGone:
    """The interface was removed."""

    index: int


@dataclass(frozen=True, slots=True)
class AddressAdded:
    """The address is on the interface."""

    index: int
    address: Address


@dataclass(frozen=True, slots=True)
class AddressRemoved:
    """The address is no longer on the interface."""

    index: int
    interface: IPInterface


Fact = Link | LinkGone | AddressAdded | AddressRemoved
"""One message of the kernel, typed."""


class LinkTable:
    """What the kernel has reported so far."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._links: dict[int, Link] = {}
        self._addresses: dict[int, dict[IPInterface, Address]] = {}
        for fact in facts:
            self.take(fact)

    def take(self, fact: Fact) -> None:
        """Takes in one fact; repeating it does no harm."""
        match fact:
            case Link():
                self._links[fact.index] = fact
            case LinkGone():
                self._links.pop(fact.index, None)
                self._addresses.pop(fact.index, None)
            case AddressAdded():
                self._addresses.setdefault(fact.index, {})[fact.address.interface] = fact.address
            case AddressRemoved():
                self._addresses.get(fact.index, {}).pop(fact.interface, None)

    def addresses(self, index: int) -> tuple[Address, ...]:
        """All addresses on the interface, in the kernel's order."""
        return tuple(self._addresses.get(index, {}).values())

    def links(self) -> tuple[Link, ...]:
        """Every interface, by index."""
        return tuple(self._links[index] for index in sorted(self._links))

    def states(self) -> dict[int, LinkState]:
        """What is up and what is down, by index."""
        return {index: LinkState(link.up, link.carrier) for index, link in self._links.items()}

    def cards(self) -> tuple[Link, ...]:
        """Network cards, and the virtual interfaces that stand for them in a namespace."""
        return tuple(
            link for link in self.links() if link.name != "lo" and link.kind not in STACKED_KINDS and link.mac
        )

    def named(self, name: str) -> Link | None:
        """The interface with that name of the kernel's."""
        return next((link for link in self._links.values() if link.name == name), None)

    def find(self, mac: str, vlan: int | None = None, bonded: bool = False) -> Link | None:
        """The interface that a port is: the network card with that MAC address, the bond that has it, or a
        VLAN on one of them."""
        card = self._bond(mac) if bonded else self._card(mac)
        if vlan is None or card is None:
            return card
        above = (link for link in self.links() if link.parent == card.index)
        return next((link for link in above if link.kind == "vlan" and link.vlan == vlan), None)

    def _bond(self, mac: str) -> Link | None:
        return next((link for link in self.links() if link.kind == "bond" and link.mac == mac), None)

    def _card(self, mac: str) -> Link | None:
        """A permanent MAC address counts before a present one."""
        ports = [link for link in self.links() if link.kind not in STACKED_KINDS]
        by_permanent = (link for link in ports if link.permanent_mac == mac)
        by_present = (link for link in ports if link.mac == mac and link.permanent_mac in ("", mac))
        return next(by_permanent, None) or next(by_present, None)
