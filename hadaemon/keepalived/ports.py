"""Interfaces of two boxes as logical ports: their names, VLANs, bonds, cards and own addresses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, ip_interface

from hadaemon.config.model import Port
from hadaemon.config.network_model import BondMode
from hadaemon.keepalived.links import BoxLink
from hadaemon.keepalived.pair import Side
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import Place
from hadaemon.vrrp.model import IPAddress, IPInterface

_VLAN = re.compile(r"(?P<parent>.+)\.(?P<tag>[1-9][0-9]{0,3})\Z")
_MAX_TAG = 4094
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]+")
_LONGEST, _LONGEST_MADE = 15, 10
"""Characters of a port's name; of one whose interface is made (a VLAN or a bond)."""
_USUAL = {4: 24, 6: 64}

MISSING = "FILL IN the MAC address of "
"""Begins what stands for a MAC address that nobody has said: no node takes it for one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an interface is."""

    parent: str = ""
    """Of a VLAN: the interface that carries it."""
    tag: int = 0
    bond: bool = False


@dataclass(slots=True)
class Ports:
    """The ports of the pair. An interface goes by the first node's name for it."""

    sides: tuple[Side, Side]
    asked: Mapping[str, str]
    """Names of ports that were asked for, by interface."""
    cards: Mapping[tuple[str, str], tuple[str, ...]]
    """MAC addresses that were said, by node and port or interface."""
    names: dict[str, str] = field(default_factory=dict)
    """The port of each interface in use."""
    own: dict[tuple[int, str], list[IPInterface]] = field(default_factory=dict)
    """Own addresses by node and interface, in order."""

    def kind(self, interface: str) -> Kind:
        """As the box says, else as the name does."""
        link = self._link(0, interface) or self._link(1, interface)
        if link is not None and link.kind == "vlan" and link.parent:
            return Kind(link.parent, link.vlan)
        if link is not None:
            return Kind(bond=link.kind == "bond")
        named = _VLAN.match(interface)
        if named and int(named["tag"]) <= _MAX_TAG:
            return Kind(named["parent"], int(named["tag"]))
        return Kind(bond=interface.startswith("bond"))

    def use(self, interface: str) -> str:
        """The port of that interface, which both nodes then have."""
        if interface not in self.names:
            kind = self.kind(interface)
            if kind.parent:
                self.use(kind.parent)
            self.names[interface] = self._name(interface, kind)
        return self.names[interface]

    def _name(self, interface: str, kind: Kind) -> str:
        longest = _LONGEST_MADE if kind.parent or kind.bond else _LONGEST
        name = self.asked.get(interface, _NOT_IN_NAMES.sub("-", interface.lower()).strip("-"))
        if not name[:1].isalpha() or not name.isascii():
            name = f"port-{name}".rstrip("-")
        if len(name) > longest and kind.parent:
            name = f"vlan{kind.tag}"
        name, number = name[:longest], 1
        whole = name
        while whole in self.names.values():
            number += 1
            whole = f"{name[: longest - len(str(number)) - 1]}-{number}"
        return whole

    def add_own(self, side: int, interface: str, address: IPInterface, first: bool = False) -> None:
        """An own address; `first`: what the node sends comes from it."""
        known = self.own.setdefault((side, interface), [])
        same = [each for each in known if each.ip == address.ip]
        if same and first:
            known.remove(same[0])
            address = same[0]
        if not same or first:
            known.insert(0 if first else len(known), address)

    def with_prefix(
        self, ip: IPAddress, near: tuple[IPInterface, ...], place: Place, findings: Findings
    ) -> IPInterface:
        """An address that a file has without its network's prefix length, which is that of a neighbour."""
        for each in near:
            if each.network.prefixlen < each.max_prefixlen and ip in each.network:
                return ip_interface(f"{ip}/{each.network.prefixlen}")
        findings.changed(
            place,
            f"{ip}: the prefix length of its network is in no file, and /{_USUAL[ip.version]} is a guess",
            "look at it in node.toml",
        )
        return ip_interface(f"{ip}/{_USUAL[ip.version]}")

    def of(self, side: int) -> Iterator[Port]:
        """As node.toml of that node has them."""
        for interface, name in self.names.items():
            kind = self.kind(interface)
            own = tuple(self.own.get((side, interface), ()))
            if kind.parent:
                yield Port(name, "", own, parent=self.names[kind.parent], vlan=kind.tag)
            elif kind.bond:
                cards, link = self._cards(side, interface), self._link(side, interface)
                mode = (link.bond_mode if link else None) or BondMode.ACTIVE_BACKUP
                yield Port(name, cards[0], own, members=cards, bond_mode=mode, bonded=True)
            else:
                yield Port(name, self._cards(side, interface)[0], own)

    def of_other_kinds(self) -> Iterator[str]:
        """What is neither a network card nor a VLAN nor a bond, each with the node that has it."""
        for at, side in enumerate(self.sides):
            for interface, name in self.names.items():
                link = self._link(at, interface)
                if link is not None and link.kind not in ("", "vlan", "bond"):
                    yield f"{name} of {side.name} (it was a {link.kind})"

    def unknown(self) -> Iterator[str]:
        """What was asked for about ports and nodes that there are not."""
        known = {
            (side.name, name)
            for side in self.sides
            for interface, port in self.names.items()
            for name in (port, side.device(interface), interface)
        }
        there = ", ".join(f"{node}.{port}" for node, port in sorted(known) if port in self.names.values())
        for node, port in self.cards:
            if (node, port) not in known:
                yield f"--mac {node}.{port}: there is no such port: there are {there}"
        for interface in self.asked:
            if interface not in self.names:
                interfaces = ", ".join(sorted(self.names))
                yield f"--port {interface}: there is no such interface: there are {interfaces}"

    def _cards(self, side: int, interface: str) -> tuple[str, ...]:
        node, link = self.sides[side].name, self._link(side, interface)
        device = self.sides[side].device(interface)
        for key in (self.names[interface], device, interface):
            if (node, key) in self.cards:
                return self.cards[node, key]
        if link is not None and link.members:
            return link.members
        if link is not None and link.mac and link.kind != "bond":
            return (link.mac,)
        return (f"{MISSING}{device}",)

    def _link(self, side: int, interface: str) -> BoxLink | None:
        return self.sides[side].box.get(self.sides[side].device(interface))


def ipv4(addresses: list[IPInterface]) -> list[IPv4Interface]:
    """Those of IPv4."""
    return [each for each in addresses if isinstance(each, IPv4Interface)]
