"""Single values of the base network: text to values that cannot be wrong, or ValueError with what to do."""

import re
from ipaddress import IPv6Address, IPv6Network, ip_network

from hadaemon.config.network_model import BondMode, RouteKind, Transport, While
from hadaemon.config.values import address, network, not_known, shown
from hadaemon.vrrp.model import IPNetwork

_HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\Z"
)
_SECONDS = re.compile(r"([0-9]{1,9})s\Z", re.ASCII)
_DIGITS = re.compile(r"[0-9.]+\Z")
DEFAULT = "default"


def domain(text: str) -> str:
    """A domain name (RFC 1123 §2.1), in lower case."""
    if not _HOST.match(text):
        raise ValueError(f"{shown(text)} is not a domain name: write it as in example.org")
    return text.lower()


def host(text: str) -> str:
    """A name or a unicast address."""
    if ":" in text or _DIGITS.match(text):
        return str(address(text))
    try:
        return domain(text)
    except ValueError:
        raise ValueError(
            f"{shown(text)} is neither a name nor an address: write e.g. ntp.example.org"
        ) from None


def destination(text: str) -> IPNetwork | None:
    """Where a route leads; None: `default`, whose family the gateway says."""
    if text == DEFAULT:
        return None
    try:
        found = network(text)
    except ValueError as error:
        raise ValueError(f'{error}, or write "{DEFAULT}"') from None
    if found.is_multicast or found.is_loopback:
        raise ValueError(f"{found} is no network that a route can lead to: take a unicast one")
    return found


def route_kind(text: str) -> RouteKind:
    """What becomes of packets."""
    try:
        return RouteKind(text)
    except ValueError:
        raise not_known(text, RouteKind) from None


def route_while(text: str) -> While:
    """When a route exists."""
    try:
        return While(text)
    except ValueError:
        raise not_known(text, While) from None


def everything(gateway: object) -> IPNetwork:
    """The network of all addresses, of a gateway's family."""
    return ip_network("::/0" if isinstance(gateway, IPv6Address) else "0.0.0.0/0")


def prefix(text: str) -> IPv6Network:
    """An IPv6 network that can be advertised to hosts."""
    found = network(text)
    if not isinstance(found, IPv6Network) or found.is_link_local or found.is_multicast or not found.prefixlen:
        raise ValueError(
            f"{shown(text)} is no prefix for hosts: write an IPv6 network, e.g. 2001:db8:12::/64"
        )
    return found


def seconds(text: str) -> int:
    """Whole seconds."""
    found = _SECONDS.match(text)
    if not found:
        raise ValueError(f"{shown(text)} is not a time in whole seconds: write e.g. 600s")
    return int(found[1])


def bond_mode(text: str) -> BondMode:
    """How cards are bonded."""
    try:
        return BondMode(text)
    except ValueError:
        raise not_known(text, BondMode) from None


def transport(text: str) -> Transport:
    """How log messages travel."""
    try:
        return Transport(text)
    except ValueError:
        raise not_known(text, Transport) from None


def ipv6_address(text: str) -> IPv6Address:
    """A unicast IPv6 address."""
    found = address(text)
    if not isinstance(found, IPv6Address):
        raise ValueError(f"{found} is an IPv4 address: router advertisements tell IPv6 ones")
    return found
