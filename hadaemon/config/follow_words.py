"""Single values of [follow]: text to something that cannot be wrong. Each raises ValueError."""

import base64
import binascii
import re
from ipaddress import IPv4Address

from hadaemon.config.network_values import host

_UNIT = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,100}(@[A-Za-z0-9_.\\:-]{1,100})?\.(service|socket|timer|path)\Z"
)
_OURS = re.compile(r"(hadaemon|hotspare-|systemd-|(haproxy|dnsmasq|keepalived|conntrackd)\.)")
"""Told wherever the file is read; which units there may be is the image's to say."""
_INTERFACE = re.compile(r"[a-z][a-z0-9_-]{0,14}\Z")
_TAKEN = ("lo", "all", "default", "node", "vrrp")
_ENDPOINT = re.compile(r"([A-Za-z0-9.-]{1,253}|\[([0-9A-Fa-f:.]{2,45})\]):([0-9]{1,5})\Z")
_WORD = re.compile(r"[ -~]{1,128}\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_MINUTES = re.compile(r"([0-9]{1,6})(s|m|h|d)\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_KEY_BYTES = 32


def unit(text: str) -> str:
    """The name of a unit. Whether it may follow is said by the image (`state/services_check.py`)."""
    if not _UNIT.match(text):
        raise ValueError(f"{text!a} is no unit: write it with its type, e.g. openvpn-server@office.service")
    if _OURS.match(text):
        raise ValueError(
            f"{text} is not yours to start and stop: this node lives by it, or has a table for it"
        )
    return text


def interface(text: str) -> str:
    """The name of an interface to be made."""
    if not _INTERFACE.match(text) or text in _TAKEN or text.startswith("vrrp"):
        raise ValueError(
            f"{text!a} is no name for an interface: use 1 to 15 lower-case letters, digits, hyphens and "
            "underscores, a letter first"
        )
    return text


def wireguard_key(text: str) -> str:
    """A key as wg(8) writes it. The value is not repeated in the message."""
    try:
        if len(base64.b64decode(text, validate=True)) == _KEY_BYTES:
            return text
    except (binascii.Error, ValueError):
        pass
    raise ValueError("is not a WireGuard key: 32 bytes in base64, e.g. from `wg genkey` or `wg pubkey`")


def endpoint(text: str) -> str:
    """Host and port."""
    found = _ENDPOINT.match(text)
    if not found or not 1 <= int(found[3]) <= 65535:
        raise ValueError(f"{text!a} is no endpoint: write host and port, as in 198.51.100.7:51820")
    host(found[2] or found[1])
    return text


def word(text: str) -> str:
    """A provider's user or password. More than ASCII is refused: nobody says in which bytes it is sent."""
    if not _WORD.match(text):
        raise ValueError("has 1 to 128 printable ASCII characters")
    return text


def domain(text: str) -> str:
    """The domain that clients get."""
    if not _DOMAIN.match(text):
        raise ValueError(f"{text!a} is no domain: write it as in office.example.org")
    return text


def lease(text: str) -> int:
    """Seconds: 2 minutes to 30 days."""
    found = _MINUTES.match(text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 120 <= seconds <= 30 * 86400:
        raise ValueError(f"{text!a} is no duration of a lease: from 2m to 30d, e.g. 12h")
    return seconds


def address_range(text: str) -> tuple[IPv4Address, IPv4Address]:
    """First and last address."""
    first, dash, last = text.partition("-")
    try:
        span = IPv4Address(first.strip()), IPv4Address(last.strip())
    except ValueError:
        raise ValueError(f"{text!a} is no range: write it as in 192.168.12.100-192.168.12.199") from None
    if not dash or span[0] > span[1]:
        raise ValueError(f"{text!a} is no range: the first address comes first")
    return span
