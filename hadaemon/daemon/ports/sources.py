"""Where a port's advertisements come from: its own addresses, never a virtual one. Pure."""

import hashlib
from ipaddress import IPv4Address, IPv6Address

from hadaemon.daemon.ports.plan import HaPort
from hadaemon.io.kernel.links import Address
from hadaemon.vrrp import IPAddress

_LINK_LOCAL = int(IPv6Address("fe80::"))


def source_address(family: int, ha_port: HaPort, present: tuple[Address, ...]) -> IPAddress | None:
    """The source of what the port sends in a family; None: it has none now.

    Unicast comes from the configured address, as soon as it is there. Multicast over IPv4 comes from the
    first own address of the file that is there; over IPv6 from the link-local one (RFC 9568 §5.1.2.1). A port
    that is meant to have no IPv4 address takes any that somebody else put there. Where there is none at all,
    a fixed link-local one of the port's own serves, which needs not be on the interface.
    """
    own = [
        a.interface
        for a in present
        if a.interface.version == family and not a.virtual and a.interface not in ha_port.virtual_addresses
    ]
    if ha_port.unicast is not None:
        return next((interface.ip for interface in own if interface.ip == ha_port.unicast), None)
    if family == 6:
        local = [interface.ip for interface in own if interface.ip.is_link_local]
        return min(local, key=int, default=None) or link_local6(ha_port.port.mac)
    meant = [interface for interface in ha_port.port.addresses if interface.version == 4]
    named = [interface.ip for interface in meant if interface in own]
    if named:
        return named[0]
    if meant:
        return None
    return min((interface.ip for interface in own), key=int, default=None) or link_local(ha_port.port.mac)


def link_local(mac: str) -> IPv4Address:
    """A fixed address of 169.254.1.0-169.254.254.255 (RFC 3927 §2.1), from the port's MAC address."""
    number = int.from_bytes(hashlib.sha256(mac.encode()).digest()[:8], "big")
    return IPv4Address("169.254.1.0") + number % (254 * 256)


def link_local6(mac: str) -> IPv6Address:
    """The address that the kernel makes from the MAC address too (RFC 4291 appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Address(_LINK_LOCAL | int.from_bytes(identifier, "big"))
