"""Single values: text to something that cannot be wrong. Every function raises ValueError with what to do."""

import base64
import binascii
import re
from collections.abc import Iterable
from decimal import Decimal
from ipaddress import IPv4Interface, ip_address, ip_interface, ip_network

from hadaemon.vrrp.model import MAX_INTERVAL, Centiseconds, Checksum, IPAddress, IPInterface, IPNetwork

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_PORT = re.compile(r"[a-z][a-z0-9_-]{0,14}\Z")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s)\Z", re.ASCII)
_CRYPT = re.compile(r"\$(y|gy|7|2[aby]|6|5)\$[!-9;-~]{8,}\Z")
_KEY_TYPES = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)

MAX_HOST_NAME = 63
"""Characters of a node's name."""
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}\Z")
LANGUAGES = ("en", "de")
"""The languages of the menu and of `hactl`."""

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


def label(text: str) -> str:
    """The name of a cluster or a ping group: one label of a host name (RFC 1123 §2.1), lower case."""
    if not _LABEL.match(text):
        raise ValueError(
            f"{shown(text)} is not a name: use 1 to 63 lower-case letters, digits and hyphens, "
            "no hyphen at the ends"
        )
    return text


def host_name(text: str) -> str:
    """The name of a node: a host name (RFC 1123 §2.1) with its domain or without, lower case. Linux and the
    hotwire's messages have room for MAX_HOST_NAME characters."""
    parts = text.split(".")
    good = len(text) <= MAX_HOST_NAME and all(map(_LABEL.match, parts))
    if not good or (len(parts) > 1 and parts[-1].isdigit()):  # As addresses end.
        raise ValueError(
            f"{shown(text)} is not a host name: use 1 to {MAX_HOST_NAME} lower-case letters, digits and "
            "hyphens, no hyphen at the ends, with a domain or without, e.g. alpha or fw01.example.com"
        )
    return text


def language(text: str) -> str:
    """A language of the menu."""
    if text not in LANGUAGES:
        raise not_known(text, LANGUAGES)
    return text


def time_zone(text: str) -> str:
    """The name of a time zone. Whether it exists is checked where the time zone database is."""
    if not _ZONE.match(text) or len(text) > _SHOWN:
        raise ValueError(f"{shown(text)} is not the name of a time zone: write e.g. Europe/Berlin or UTC")
    return text


def port_name(text: str) -> str:
    """The logical name of a port."""
    if not _PORT.match(text):
        raise ValueError(
            f"{shown(text)} is not a port name: use 1 to 15 lower-case letters, digits, hyphens and "
            "underscores, a letter first"
        )
    return text


def mac(text: str) -> str:
    """A unicast MAC address, normalised to lower case and colons."""
    normal = text.lower().replace("-", ":")
    if not _MAC.match(normal):
        raise ValueError(
            f"{shown(text)} is not a MAC address: write six pairs of hex digits, e.g. 52:54:00:12:34:56"
        )
    if int(normal[:2], 16) & 1:
        raise ValueError(f"{shown(text)} is a multicast address: take the MAC address of the network card")
    if normal == "00:00:00:00:00:00":
        raise ValueError("all zero is not the MAC address of a network card")
    return normal


def interface_address(text: str) -> IPInterface:
    """A unicast address of either family with its prefix length."""
    _refuse_zone(text)
    try:
        address = ip_interface(text)
    except ValueError:
        raise ValueError(
            f"{shown(text)} is not an address with prefix length: write it as in 192.168.12.1/24"
        ) from None
    if "/" not in text:
        raise ValueError(f"{shown(text)} has no prefix length: write it as in {text}/{_usual(address)}")
    _refuse_special(address)
    return address


def address(text: str) -> IPAddress:
    """A unicast address of either family, without prefix length."""
    _refuse_zone(text)
    try:
        found = ip_address(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is not an address: write it as in 192.168.12.141") from None
    _refuse_unusable(found)
    return found


def _refuse_zone(text: str) -> None:
    """RFC 4007 §11. It may have any characters, also some that begin a line in another program's file."""
    if "%" in text:
        raise ValueError(f"{shown(text)} has a zone: leave it out, the port says where the address is")


def _usual(address: IPInterface) -> int:
    return 24 if address.version == 4 else 64


def _refuse_unusable(ip: IPAddress) -> None:
    if ip.is_unspecified or ip.is_loopback or ip.is_multicast or ip.is_reserved:
        raise ValueError(f"{ip} cannot be the address of an interface: take a unicast address")


def _refuse_special(address: IPInterface) -> None:
    ip, network = address.ip, address.network
    _refuse_unusable(ip)
    if network.prefixlen == 0:
        raise ValueError(f"{address} has prefix length 0: take that of the network, mostly {_usual(address)}")
    if network.prefixlen >= network.max_prefixlen - 1:
        return
    if ip == network.network_address:
        if ip.version == 4:
            raise ValueError(
                f"{ip} is the network address of {network}: take an address between its first and last"
            )
        raise ValueError(
            f"{ip} is the subnet-router anycast address of {network}: take an address between its first and "
            "last"
        )
    if ip.version == 4 and ip == network.broadcast_address:
        raise ValueError(
            f"{ip} is the broadcast address of {network}: take an address between its first and last"
        )


def interval(text: str) -> Centiseconds:
    """An Advertisement_Interval: 10 ms to 40.95 s in steps of 10 ms (RFC 9568 §5.2.7)."""
    milliseconds = _milliseconds(text)
    if not 10 <= milliseconds <= MAX_INTERVAL * 10:
        raise ValueError(f"{text} is out of range: from 10ms to 40.95s")
    if milliseconds % 10:
        raise ValueError(f"{text} is not a multiple of 10ms, the unit of VRRP")
    return Centiseconds(int(milliseconds) // 10)


def heartbeat_interval(text: str) -> int:
    """Milliseconds between two heartbeats of the hotwire: 50 to 1000."""
    milliseconds = interval(text) * 10
    if not 50 <= milliseconds <= 1000:
        raise ValueError(f"{text} is out of range: from 50ms to 1s")
    return milliseconds


def ipv4_interface(text: str) -> IPv4Interface:
    """A unicast IPv4 address with its prefix length."""
    found = interface_address(text)
    if not isinstance(found, IPv4Interface):
        raise ValueError(f"{text} is an IPv6 address: the hotwire speaks IPv4")
    return found


def delay(text: str) -> float:
    """Seconds, up to an hour."""
    milliseconds = _milliseconds(text)
    if milliseconds > 3_600_000:
        raise ValueError(f"{text} is out of range: from 0s to 3600s")
    if milliseconds % 1:
        raise ValueError(f"{text} is too exact: write whole milliseconds")
    return float(milliseconds / 1000)


def _milliseconds(text: str) -> Decimal:
    found = _DURATION.match(text)
    if not found:
        raise ValueError(f"{shown(text)} is not a duration: write a number and ms or s, e.g. 100ms or 1s")
    return Decimal(found[1]) * (1000 if found[2] == "s" else 1)


def checksum(text: str) -> Checksum:
    """Which checksum to send."""
    try:
        return Checksum(text)
    except ValueError:
        raise not_known(text, Checksum) from None


def password_hash(text: str) -> str:
    """A hash as in crypt(5), never a password. The value is not repeated in the message."""
    if not _CRYPT.match(text):
        raise ValueError("is not a password hash as in crypt(5): make one with mkpasswd --method=sha512crypt")
    return text


def ssh_key(text: str) -> str:
    """One public key as in authorized_keys, without options."""
    kind, _, rest = text.partition(" ")
    if kind not in _KEY_TYPES:
        raise ValueError(
            f"{shown(text)} is not an SSH public key: copy one line of a .pub file, e.g. ssh-ed25519 AAAA…"
        )
    if not text.isprintable():
        raise ValueError(f"{shown(text)} has line breaks or control characters: one key is one line")
    if not _key_matches(kind, rest.partition(" ")[0]):
        raise ValueError(f"{shown(text)} is damaged: copy the whole line of the .pub file")
    return text


def _key_matches(kind: str, blob: str) -> bool:
    """The blob is a row of strings, each after its length; the first names the type (RFC 4253 §6.6)."""
    try:
        data = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return False
    at, fields = 0, []
    while at < len(data):
        begin = at + 4
        at = begin + int.from_bytes(data[at:begin], "big")
        fields.append(data[begin:at])
    return at == len(data) and len(fields) > 1 and fields[0] == kind.encode()


def shown(text: str) -> str:
    """A wrong value, safe to print."""
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return ascii(short) if not short.isprintable() else f'"{short}"'


def not_known(text: str, known: Iterable[str]) -> ValueError:
    """That a text is none of a few words."""
    return ValueError(f"{shown(text)} is not known: write one of {', '.join(known)}")


def network(text: str) -> IPNetwork:
    """An address or a network of either family."""
    _refuse_zone(text)
    try:
        return ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            near = ip_network(text, strict=False)
            raise ValueError(
                f"{text} is an address within a network: write the network, {near}, or the address alone"
            ) from None
        raise ValueError(f"{shown(text)} is not a network: write it as in 192.168.12.0/24") from None
