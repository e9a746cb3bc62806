"""Instances to HA interfaces, and which interface is the hotwire.

A port has the addresses of one HA interface, all move together, and each has a VRID of its own. The hotwire
serves nothing else: it is the link that only instances, or conntrackd, speak over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from hadaemon.config.model import HaInterface
from hadaemon.keepalived.model import Address, Instance
from hadaemon.keepalived.pair import Both
from hadaemon.keepalived.ports import Ports
from hadaemon.keepalived.report import Findings
from hadaemon.vrrp.model import Centiseconds, IPAddress, IPInterface, Vrid

_MOST = {4: 255, 6: 88}
"""Virtual addresses of an HA interface, by family."""


@dataclass(slots=True)
class Draft:
    """An HA interface in the making."""

    interface: str
    """The interface that has its addresses."""
    vrid: int
    instances: list[Both]
    addresses: dict[IPAddress, IPInterface] = field(default_factory=dict)
    speaks_on: str = ""
    """Another interface that its advertisements go over; empty: none."""
    peers: dict[str, IPAddress] = field(default_factory=dict)
    own_interval: Centiseconds | None = None
    """None: that of [vrrp]."""

    def finished(self, ports: Ports) -> HaInterface:
        """VRIDs are as they were: the offset is 0."""
        speaks = self.speaks_on or self.interface
        return HaInterface(
            ports.names[speaks],
            self.vrid,
            Vrid(self.vrid),
            tuple(self.addresses.values()),
            ports.names[self.interface] if self.speaks_on else None,
            self.peers,
            own_interval=self.own_interval,
        )


def draft_interfaces(both: Sequence[Both], second: dict[str, str], findings: Findings) -> list[Draft]:
    """`second`: what the second node calls an interface, by the first one's name for it."""
    first = {theirs: ours for ours, theirs in second.items()}
    taken = {each.first.vrid for each in both}
    drafts: dict[str, Draft] = {}
    for each in both:
        places = dict(_by_device(each, first, findings))
        if not places:
            findings.lost(
                each.first.place,
                f"vrrp_instance {each.first.name} has no virtual addresses, and an HA interface has some",
                "track what it stood for by [[ping_groups]], or give it an address",
            )
        for device, addresses in places.items():
            if device in drafts:
                _tell_joined(each.first, drafts[device], findings)
                drafts[device].instances.append(each)
            else:
                drafts[device] = Draft(device, _vrid(each.first, drafts, taken), [each])
                _tell_begun(each.first, drafts[device], findings)
            _add(drafts[device], addresses, findings)
    return list(drafts.values())


def _by_device(each: Both, first: dict[str, str], findings: Findings) -> Iterator[tuple[str, list[Address]]]:
    """The addresses of both nodes by the first one's name of the interface."""
    found: dict[str, list[Address]] = {}
    for side, instance in ((0, each.of(0)), (1, each.of(1))):
        for address in instance.addresses if instance else ():
            device = address.device or (instance.interface if instance else "")
            if not device:
                findings.refuse(
                    address.place, f"{address.value} is on no interface: write dev, or interface above"
                )
            found.setdefault(first.get(device, device) if side else device, []).append(address)
    yield from found.items()


def _vrid(instance: Instance, drafts: dict[str, Draft], taken: set[int]) -> int:
    """That of the instance; if another interface has it, the first one that nobody has."""
    if all(draft.vrid != instance.vrid for draft in drafts.values()):
        return instance.vrid
    free = next(number for number in range(1, 256) if number not in taken)
    taken.add(free)
    return free


def _tell_begun(instance: Instance, draft: Draft, findings: Findings) -> None:
    name = f"vrrp_instance {instance.name}"
    if draft.vrid == instance.vrid:
        findings.carried(instance.place, f"{name}: HA interface on {draft.interface}, VRID {draft.vrid}")
        return
    findings.changed(
        instance.at("virtual_router_id"),
        f"{name}: HA interface on {draft.interface} with VRID {draft.vrid}: another HA interface has VRID "
        f"{instance.vrid}, and a pair uses each once",
        f"see that nobody else on that network uses VRID {draft.vrid}",
    )


def _tell_joined(instance: Instance, draft: Draft, findings: Findings) -> None:
    name, other = f"vrrp_instance {instance.name}", draft.instances[0].first.name
    if instance.vrid == draft.vrid:
        findings.carried(
            instance.place, f"{name}: its addresses are of the HA interface of {other}, VRID {draft.vrid}"
        )
        return
    findings.changed(
        instance.at("virtual_router_id"),
        f"{name}: a port has the addresses of one HA interface, so these go with those of {other}, and VRID "
        f"{instance.vrid} is not used any more",
    )


def _add(draft: Draft, addresses: Sequence[Address], findings: Findings) -> None:
    for address in addresses:
        family = address.value.version
        same = [each for each in draft.addresses.values() if each.version == family]
        known = draft.addresses.get(address.value.ip)
        if known is not None:
            draft.addresses[known.ip] = min(known, address.value, key=lambda each: each.network.prefixlen)
            continue
        if len(same) >= _MOST[family]:
            findings.lost(
                address.place,
                f"{address.value}: an HA interface has up to {_MOST[family]} virtual addresses of "
                f"IPv{family}",
                "route a network to a virtual address instead",
            )
            continue
        draft.addresses[address.value.ip] = address.value
        findings.carried(address.place, f"virtual addresses of {draft.interface}")


def hotwire_of(drafts: Sequence[Draft], both: Sequence[Both], ports: Ports, findings: Findings) -> str:
    """The interface of the exclusive cable; empty: none can be told."""
    busy = {draft.interface for draft in drafts}
    busy |= {ports.kind(draft.interface).parent for draft in drafts}
    for side in ports.sides:
        link = side.conntrackd
        if link is None or not link.interface:
            continue
        interface = next(
            (ours for ours, own in side.own_names.items() if own == link.interface), link.interface
        )
        card = ports.kind(interface).parent or interface
        if card in busy or interface in busy:
            findings.changed(
                link.place,
                f"connections went over {interface}, which carries something else too: the hotwire is a "
                "cable of its own",
                "join the boxes with a cable, and write [hotwire] into cluster.toml (docs/hotwire.md)",
            )
            return ""
        if card == interface:
            findings.carried(link.place, f"Interface {card}: the hotwire")
        else:
            said = f"{interface}: the hotwire is the network card itself, {card}, no VLAN"
            findings.changed(link.place, said)
        return card
    speaks = [each.first for each in both if each.first.interface and each.first.interface not in busy]
    cards = [each for each in speaks if not ports.kind(each.interface).parent]
    if not cards:
        return ""
    findings.changed(
        cards[0].at("interface"),
        f"interface {cards[0].interface}: only VRRP is there, so it is the hotwire now",
        "see that it is one cable from box to box, and nothing else",
    )
    return cards[0].interface


def settle_ways(drafts: Sequence[Draft], hotwire: str, ports: Ports, findings: Findings) -> None:
    """Over which port each one advertises: that of its addresses, unless it alone spoke elsewhere."""
    busy = {draft.interface for draft in drafts}
    for draft in drafts:
        instance = draft.instances[0].first
        speaks = instance.interface
        if not speaks or speaks == draft.interface:
            continue
        alone = sum(other.instances[0].first.interface == speaks for other in drafts) == 1
        if speaks != hotwire and speaks not in busy and alone:
            draft.speaks_on = speaks
            findings.carried(
                instance.place, f"vrrp_instance {instance.name}: advertises over {speaks} (addresses_on)"
            )
            continue
        what = "another HA interface" if speaks in busy else "not used for that any more"
        what = "the hotwire now" if speaks == hotwire else what
        findings.changed(
            instance.at("interface"),
            f"vrrp_instance {instance.name}: advertises on {draft.interface}, where its addresses are, and a "
            f"lost link there counts; {speaks} is {what}",
            "see that VRRP passes between the boxes on that network",
        )


def settle_peers(drafts: Sequence[Draft], ports: Ports, findings: Findings) -> None:
    """Unicast, where each node's address is known and in use."""
    for draft in drafts:
        one, other = draft.instances[0].of(0), draft.instances[0].of(1)
        told = [each for each in (one, other) if each is not None and each.peers]
        if not told:
            continue
        instance = told[0]
        speaks = draft.speaks_on or draft.interface
        sources = (_source(one, other), _source(other, one))
        reason = _no_unicast(draft, instance, sources, speaks)
        if reason:
            findings.changed(
                instance.at("unicast_peer"),
                f"vrrp_instance {instance.name}: advertises by multicast, because {reason}",
                "write `peers` of that HA interface with both nodes' own addresses, if multicast does not "
                "pass",
            )
            continue
        for side, source in zip(ports.sides, sources, strict=True):
            assert source is not None
            draft.peers[side.name] = source
        findings.carried(
            instance.at("unicast_peer"), f"vrrp_instance {instance.name}: unicast between the nodes"
        )


def _source(mine: Instance | None, other: Instance | None) -> IPAddress | None:
    """The address that a node speaks from, as it says itself or as the other one knows it."""
    if mine is not None and mine.source is not None:
        return mine.source
    return other.peers[0] if other is not None and len(other.peers) == 1 else None


def _no_unicast(
    draft: Draft, instance: Instance, sources: tuple[IPAddress | None, IPAddress | None], speaks: str
) -> str:
    """Why it cannot be had; empty: it can."""
    one, other = sources
    if len(instance.peers) > 1:
        return f"a pair has two nodes, and here are {len(instance.peers) + 1}"
    if instance.interface and instance.interface != speaks:
        return f"its peers are on {instance.interface}"
    if one is None or other is None:
        return "no file says both nodes' addresses: add unicast_src_ip"
    if one == other:
        return f"both nodes would be {one}"
    families = {one.version, other.version, *(each.version for each in draft.addresses.values())}
    return "unicast speaks one family, and here are two" if len(families) > 1 else ""


def hotwire_addresses(
    one: Sequence[IPInterface], other: Sequence[IPInterface]
) -> tuple[IPInterface, IPInterface] | None:
    """Two addresses of one IPv4 network, if the nodes have such."""
    for mine in one:
        for theirs in other:
            network = ip_network(mine.network)
            fits = mine.version == 4 and mine.network == theirs.network and mine.ip != theirs.ip
            edges = (network.network_address, network.broadcast_address) if network.prefixlen < 31 else ()
            if fits and not {mine.ip, theirs.ip} & set(edges):
                return mine, theirs
    return None
