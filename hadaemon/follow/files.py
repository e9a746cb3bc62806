"""The files of what follows, as texts: for dnsmasq, WireGuard, pppd, HAProxy and systemd."""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from hadaemon.config.follow_model import DhcpNetwork, DialIn, Tunnel
from hadaemon.config.model import ClusterConfig
from hadaemon.config.objects_model import networks_of
from hadaemon.config.variables import filled
from hadaemon.follow.follower import DHCP_UNIT, HAPROXY_UNIT, pppoe_unit, wireguard_unit
from hadaemon.follow.table import TUNNEL_MARK, TUNNEL_TABLE, source_set
from hadaemon.hotwire.exclusive import HAPROXY_PORT

LEASES = "/var/lib/hotspare-dhcp/leases"
DNSMASQ_FILE = "dnsmasq.conf"
HAPROXY_GROUP = "haproxy"
HAPROXY_FOLDER = "haproxy"
"""Of the administrator's own part: cluster.d/haproxy/*.cfg."""
HAPROXY_OWN = "00-hotspare.cfg"
"""Beside it, what cluster.toml makes."""
PEERS = "hotspare"
"""The name of HAProxy's section of peers."""

_HEAD = "# Written from cluster.toml. Changes are lost.\n"


@dataclass(frozen=True, slots=True)
class File:
    """One file, below the folder of the services."""

    name: str
    text: str
    unit: str
    """Who reads it."""
    group: str | None = None
    """Who may read it beside root; None: nobody."""
    public: bool = False
    """Everybody may read it."""


def files(
    node: str,
    cluster: ClusterConfig,
    interfaces: Mapping[str, str],
    seats: Mapping[str, str],
    haproxy: Mapping[str, str],
) -> tuple[File, ...]:
    """All of them. `interfaces`: the kernel's name of each port that is there; a dial-in and a DHCP server on
    one that is not have no file, and do not start. `seats`: the same of the interface that has the virtual
    addresses. `haproxy`: the administrator's own part, by file name."""
    follow = cluster.follow
    found: list[File] = []
    for tunnel in follow.wireguard:
        found += _tunnel_files(tunnel)
    for dial_in in follow.pppoe:
        if dial_in.port in interfaces:
            found += _ppp_files(dial_in, interfaces[dial_in.port])
    networks = [each for each in follow.dhcp if each.port in seats]
    if networks:
        text = _HEAD + "".join(_dnsmasq(cluster, networks, seats))
        found.append(File(DNSMASQ_FILE, text, DHCP_UNIT, public=True))
    if follow.haproxy is not None:
        text = _HEAD + "".join(_haproxy(node, cluster))
        found.append(File(f"{HAPROXY_FOLDER}/{HAPROXY_OWN}", text, HAPROXY_UNIT, HAPROXY_GROUP))
        found += (
            File(f"{HAPROXY_FOLDER}/{name}", filled(own, cluster.variables), HAPROXY_UNIT, HAPROXY_GROUP)
            for name, own in haproxy.items()
        )
    return tuple(found)


def drop_ins(cluster: ClusterConfig, refused: Container[str] = ()) -> dict[str, str]:
    """What systemd is to know of units, by the path below its folder: their control group is put into a set
    of nftables, by which their packets are known. Nothing of those that are `refused`."""
    return {
        f"{each.unit}.d/50-hotspare-source.conf": (
            f"{_HEAD}[Service]\nNFTSet=cgroup:inet:hotspare_follow:{source_set(each.unit)}\n"
        )
        for each in cluster.follow.services
        if each.source is not None and each.unit not in refused
    }


def _tunnel_files(tunnel: Tunnel) -> Iterator[File]:
    unit = wireguard_unit(tunnel.name)
    lines = ["[Interface]", f"PrivateKey = {tunnel.private_key}", f"FwMark = {TUNNEL_MARK:#x}"]
    if tunnel.listen_port is not None:
        lines.append(f"ListenPort = {tunnel.listen_port}")
    for peer in tunnel.peers:
        lines += ["", "[Peer]", f"PublicKey = {peer.public_key}"]
        if peer.preshared_key is not None:
            lines.append(f"PresharedKey = {peer.preshared_key}")
        if peer.endpoint is not None:
            lines.append(f"Endpoint = {peer.endpoint}")
        if peer.keepalive:
            lines.append(f"PersistentKeepalive = {peer.keepalive}")
        lines.append(f"AllowedIPs = {', '.join(map(str, networks_of(peer.allowed)))}")
    yield File(f"{tunnel.name}.wg", _HEAD + "\n".join(lines) + "\n", unit)
    name, near = tunnel.name, {address.network for address in tunnel.addresses}
    routes = {network for peer in tunnel.peers for network in networks_of(peer.allowed)} - near
    steps = [f"address add {address} dev {name}" for address in tunnel.addresses]
    steps.append(f"link set dev {name} mtu {tunnel.mtu} up")
    for network in sorted(routes, key=str):
        table = "" if network.prefixlen else f" table {TUNNEL_TABLE}"
        steps.append(f"route replace {network} dev {name}{table}")
    yield File(f"{name}.ip", "\n".join(steps) + "\n", unit)


def _ppp_files(dial_in: DialIn, port: str) -> Iterator[File]:
    """What pppd reads, and what `ip` does before it."""
    unit, interface = pppoe_unit(dial_in.name), port
    steps = ""
    if dial_in.vlan is not None:
        interface = dial_in.vlan_interface
        steps = f"link add link {port} name {interface} type vlan id {dial_in.vlan}\n"
        steps += f"link set dev {interface} up\n"
    options = (
        "plugin pppoe.so",
        f"nic-{interface}",
        ppp_options(dial_in),
        # One dial: the daemon dials again, and knows by then why it failed. A short search, because a node
        # that gives up waits for its end.
        "pppoe-padi-timeout 3",
        "pppoe-padi-attempts 2",
    )
    yield File(f"ppp-{dial_in.name}", _HEAD + "\n".join(options) + "\n", unit)
    yield File(f"ppp-{dial_in.name}.ip", steps, unit)


def ppp_options(dial_in: DialIn) -> str:
    """Those that pppd itself reads; the others are its plugin's."""
    route = ("defaultroute", "replacedefaultroute") if dial_in.default_route else ("nodefaultroute",)
    lines = (
        f"ifname {dial_in.name}",
        f"user {_ppp_word(dial_in.user)}",
        f"password {_ppp_word(dial_in.password)}",
        "hide-password",
        "noauth",
        "noipdefault",
        "noipv6",
        *route,
        f"mtu {dial_in.mtu}",
        f"mru {dial_in.mtu}",
        "lcp-echo-interval 10",
        "lcp-echo-failure 3",
    )
    return "\n".join(lines)


def _ppp_word(text: str) -> str:
    """As pppd reads a word with any printable characters."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _dnsmasq(cluster: ClusterConfig, networks: list[DhcpNetwork], seats: Mapping[str, str]) -> Iterator[str]:
    yield "port=0\nno-hosts\nno-resolv\nbind-dynamic\nexcept-interface=lo\ndhcp-authoritative\n"
    yield f"dhcp-leasefile={LEASES}\n"
    for network in networks:
        tag, virtual = network.port, _virtual_address(cluster, network)
        yield f"interface={seats[network.port]}\n"
        yield f"dhcp-range=set:{tag},{network.first},{network.last},{virtual[1]},{network.lease}s\n"
        yield f"dhcp-option=tag:{tag},option:router,{network.gateway or virtual[0]}\n"
        if network.dns:
            yield f"dhcp-option=tag:{tag},option:dns-server,{','.join(map(str, network.dns))}\n"
        else:
            yield f"dhcp-option=tag:{tag},option:dns-server\n"
        if network.domain is not None:
            yield f"dhcp-option=tag:{tag},option:domain-name,{network.domain}\n"
        for mac, address in network.hosts.items():
            yield f"dhcp-host={mac},{address}\n"


def _virtual_address(cluster: ClusterConfig, network: DhcpNetwork) -> tuple[IPv4Address, IPv4Address]:
    """The server's own, and its netmask."""
    for each in cluster.ha_interfaces:
        for address in each.virtual_addresses if each.address_port == network.port else ():
            if isinstance(address.ip, IPv4Address) and network.first in address.network:
                return address.ip, IPv4Address(address.network.netmask.packed)
    raise AssertionError(f"port {network.port} has no virtual address in the network of its range")


def _haproxy(node: str, cluster: ClusterConfig) -> Iterator[str]:
    yield f"global\n    localpeer {node}\n    log /dev/log daemon\n"
    addresses = cluster.hotwire.addresses if cluster.hotwire is not None else {}
    yield f"\npeers {PEERS}\n"
    # Alone it is a peer too, so that the administrator's part is the same.
    ends = {name: str(address.ip) for name, address in addresses.items()} or {node: "127.0.0.1"}
    for name, address in ends.items():
        yield f"    peer {name} {address}:{HAPROXY_PORT}\n"


def haproxy_file(name: str) -> bool:
    """Whether a file of cluster.d/haproxy is read."""
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.cfg", name) is not None and name != HAPROXY_OWN
