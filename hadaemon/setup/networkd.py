"""The base network as files for systemd-networkd. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Interface

from hadaemon.config import BondMode, ClusterConfig, NodeConfig, Port, Route, System
from hadaemon.config.system_pair import own_address, port_of
from hadaemon.hotwire.addresses import hotwire_ends, hotwire_port

PREFIX = "10-hotspare-"
"""What the names of all these files begin with."""

_BONDS = {
    # GratuitousARP: after a member has failed, the switches learn where the addresses are now.
    BondMode.ACTIVE_BACKUP: ("Mode=active-backup", "GratuitousARP=3"),
    BondMode.LACP: ("Mode=802.3ad", "LACPTransmitRate=fast", "TransmitHashPolicy=layer3+4"),
}


def effective(node: NodeConfig, cluster: ClusterConfig | None) -> System:
    """The settings that count on this node."""
    return node.system if cluster is None else node.system.over(cluster.system)


def network_files(node: NodeConfig, cluster: ClusterConfig | None) -> dict[str, str]:
    """systemd.network(5) of every port and every bonded card, and systemd.netdev(5) of every VLAN and bond,
    by file name."""
    hotwire, ends = hotwire_port(node, cluster), hotwire_ends(node, cluster)
    system = effective(node, cluster)
    texts = {}
    for port in node.ports.values():
        routes = tuple(route for route in system.routes if not route.is_kept and port_of(node, route) == port)
        if port.name == hotwire and ends is not None and ends.own not in port.addresses:
            port = replace(port, addresses=(*port.addresses, ends.own))
        vlans = tuple(other for other in node.ports.values() if other.parent == port.name)
        following = cluster.follow.ports if cluster is not None else ()
        texts[f"{PREFIX}{port.name}.network"] = network_file(
            port, vlans, routes, system, exclusive=port.name == hotwire, follows=port.name in following
        )
        if port.interface is not None:
            texts[f"{PREFIX}{port.name}.netdev"] = netdev_file(port)
        for number, mac in enumerate(port.members, start=1):
            texts[f"{PREFIX}{port.name}-member-{number}.network"] = _member_file(port, mac)
    return texts


def netdev_file(port: Port) -> str:
    """systemd.netdev(5) of a VLAN or a bond."""
    head = ["[NetDev]", f"Name={port.interface}"]
    if port.parent is not None:
        lines = [
            *head,
            f"Description=VLAN {port.vlan} of {port.parent}",
            "Kind=vlan",
            "",
            "[VLAN]",
            f"Id={port.vlan}",
        ]
    else:
        # Links are looked at ten times a second. The MAC address stays when the first card goes.
        watch = ("MIIMonitorSec=100ms", "MinLinks=1")
        lines = [*head, f"MACAddress={port.mac}", "Kind=bond", "", "[Bond]", *_BONDS[port.bond_mode], *watch]
    return "\n".join(lines) + "\n"


def _member_file(port: Port, mac: str) -> str:
    """A card of a bond has no addresses of its own. It is up without a carrier too: the bond watches it."""
    return "\n".join(
        (
            "[Match]",
            f"PermanentMACAddress={mac}",
            "",
            "[Link]",
            "RequiredForOnline=no",
            "",
            "[Network]",
            f"Description=member of port {port.name}",
            f"Bond={port.interface}",
            "LinkLocalAddressing=no",
            "LLDP=no",
            "",
        )
    )


def network_file(
    port: Port,
    vlans: tuple[Port, ...] = (),
    routes: tuple[Route, ...] = (),
    system: System | None = None,
    exclusive: bool = False,
    follows: bool = False,
) -> str:
    """systemd.network(5) of one port. What the daemon puts on the port is not networkd's to remove.

    `vlans`: the ports that share its network card. `routes`: those that leave by it. `exclusive`: the
    hotwire, from which nothing is ever forwarded. `follows`: it is up on the active node only.
    """
    lines = [
        "[Match]",
        f"PermanentMACAddress={port.mac}" if port.interface is None else f"Name={port.interface}",
        "",
        "[Link]",
        "RequiredForOnline=no",
        # The daemon takes it up, and then networkd sets it up; when it goes down, what was on it goes too.
        *(("ActivationPolicy=manual",) if follows else ()),
        "",
        "[Network]",
        f"Description=port {port.name}",
        *(f"Address={address}" for address in port.addresses),
        *(f"VLAN={vlan.interface}" for vlan in vlans),
        f"DHCP={'ipv4' if port.dhcp else 'no'}",
        "IPv6AcceptRA=no",
        f"LinkLocalAddressing={'ipv6' if any(own.version == 6 for own in port.addresses) else 'no'}",
        "LLDP=no",
        # Addresses outlive a pulled cable and a restart of networkd, own and virtual ones alike. `static`
        # would not keep virtual IPv6 addresses: their preferred lifetime is over. With DHCP there are none.
        "KeepConfiguration=yes" if not port.dhcp else "KeepConfiguration=dynamic-on-stop",
        *(() if follows else ("ConfigureWithoutCarrier=yes", "IgnoreCarrierLoss=yes")),
    ]
    if not any(own.version == 4 for own in port.addresses) and not port.dhcp:
        # The other node's advertisements come from link-local addresses then, to which there is no route
        # back.
        lines.append("IPv4ReversePathFilter=no")
    if exclusive:
        lines += ["IPv4Forwarding=no", "IPv6Forwarding=no"]
    if port.dhcp:
        lines += _dhcp_client(system or System())
    for route in routes:
        lines += ["", "[Route]", *_route(port, route)]
    return "\n".join(lines) + "\n"


def _dhcp_client(system: System) -> Iterator[str]:
    """What the files name wins over what the provider names. The lease follows the card, not the name."""
    yield from ("", "[DHCPv4]", "ClientIdentifier=mac", "UseHostname=no", "UseMTU=yes")
    yield f"UseDNS={'no' if system.dns else 'yes'}"
    yield f"UseNTP={'no' if system.ntp else 'yes'}"


def _route(port: Port, route: Route) -> Iterator[str]:
    yield f"Destination={route.destination}"
    if route.gateway is not None:
        yield f"Gateway={route.gateway}"
        own = own_address(port, route.gateway)
        if own is None and not route.gateway.is_link_local:
            # The source is there once this node has the virtual addresses.
            yield "GatewayOnLink=yes"
        if isinstance(own, IPv4Interface):
            # Connections of the node itself never come from a virtual address.
            yield f"PreferredSource={own.ip}"
    else:
        yield "Scope=link"
    if route.metric is not None:
        yield f"Metric={route.metric}"


def remade(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """The VLANs and bonds that are gone or must be made anew, by the files before and now: networkd does not
    change those that exist."""
    gone = (text for name, text in old.items() if name.endswith(".netdev") and text != new.get(name))
    return tuple(text.partition("Name=")[2].partition("\n")[0] for text in gone)
