"""Own addresses of the nodes, as far as any file says them."""

from collections.abc import Mapping, Sequence

from hadaemon.config.model import Hotwire
from hadaemon.keepalived.conntrackd import Conntrackd
from hadaemon.keepalived.interfaces import Draft, hotwire_addresses
from hadaemon.keepalived.model import Address
from hadaemon.keepalived.pair import Both
from hadaemon.keepalived.ports import Ports, ipv4
from hadaemon.keepalived.report import Findings
from hadaemon.vrrp.model import IPAddress


def settle_own_addresses(
    ports: Ports,
    drafts: Sequence[Draft],
    both: Sequence[Both],
    hotwire: str,
    virtual: set[IPAddress],
    findings: Findings,
) -> None:
    """From `ip`, static_ipaddress, and where the node speaks from; never a virtual one."""
    for at, side in enumerate(ports.sides):
        ours = {theirs: mine for mine, theirs in side.own_names.items()}
        for link in side.box.values():
            for address in link.addresses:
                if address.ip not in virtual:
                    ports.add_own(at, ours.get(link.name, link.name), address)
        for own in side.told.own if side.told else ():
            _static(at, ours, own, ports, virtual, findings)
        if hotwire and side.conntrackd is not None and side.conntrackd.own is not None:
            _hotwire_end(at, side.conntrackd, hotwire, ports)
        for each in both:
            _spoken_from(at, each, drafts, hotwire, ports, virtual, findings)


def _static(
    at: int, ours: Mapping[str, str], own: Address, ports: Ports, virtual: set[IPAddress], findings: Findings
) -> None:
    device = ours.get(own.device, own.device)
    if own.value.ip in virtual or not device or device == "lo":
        findings.lost(own.place, f"static_ipaddress {own.value}: is no own address of a network card")
        return
    ports.use(device)
    ports.add_own(at, device, own.value)
    findings.carried(own.place, f"static_ipaddress {own.value}: an own address of {ports.sides[at].name}")


def _hotwire_end(at: int, link: Conntrackd, hotwire: str, ports: Ports) -> None:
    """Both ends, as far as this node's conntrackd names them. On a cable of two any prefix length will do."""
    for end, ip in ((at, link.own), (1 - at, link.peer)):
        known = tuple(ports.own.get((end, hotwire), ()))
        if ip is not None and all(each.ip != ip for each in known):
            ports.add_own(end, hotwire, ports.with_prefix(ip, known, link.place, Findings()), first=True)


def _spoken_from(
    at: int,
    each: Both,
    drafts: Sequence[Draft],
    hotwire: str,
    ports: Ports,
    virtual: set[IPAddress],
    findings: Findings,
) -> None:
    """The source of advertisements is the first own address of its port."""
    mine, other = each.of(at), each.of(1 - at)
    source = mine.source if mine else None
    if source is None and other is not None and len(other.peers) == 1:
        source = other.peers[0]
    told = mine or other
    if source is None or told is None or source in virtual:
        return
    interface = each.first.interface or next((d.interface for d in drafts if each in d.instances), "")
    if interface not in ports.names:
        return
    near = [*ports.own.get((at, interface), ())]
    near += [a for draft in drafts if draft.interface == interface for a in draft.addresses.values()]
    if any(own.ip == source for own in ports.own.get((at, interface), ())):
        own = next(own for own in near if own.ip == source)
    else:
        place = told.at("unicast_src_ip" if "unicast_src_ip" in told.given else "mcast_src_ip")
        own = ports.with_prefix(source, tuple(near), place, findings)
    ports.add_own(at, interface, own, first=interface != hotwire)


def finished_hotwire(ports: Ports, interface: str) -> Hotwire | None:
    """With both nodes' addresses if they are known, else with none: it has some by itself."""
    if not interface:
        return None
    found = hotwire_addresses(*(ports.own.get((at, interface), []) for at in (0, 1)))
    for at in (0, 1):
        ports.own[at, interface] = [found[at]] if found else []
    addresses = {side.name: ipv4([found[at]])[0] for at, side in enumerate(ports.sides)} if found else {}
    return Hotwire(ports.names[interface], addresses=addresses)
