"""Words of [firewall]: text to something that cannot be wrong. Each raises ValueError with what to do."""

import re

from hadaemon.config.firewall_model import Rate, Service, ServiceObject

WITH_PORTS = ("tcp", "udp", "sctp")
ALONE = ("icmp", "ping", "gre", "esp", "ah")
KNOWN = {
    "ssh": (("tcp", 22),),
    "dns": (("udp", 53), ("tcp", 53)),
    "dhcp": (("udp", 67),),
    "http": (("tcp", 80),),
    "https": (("tcp", 443),),
    "ntp": (("udp", 123),),
    "smtp": (("tcp", 25),),
    "submission": (("tcp", 587),),
    "imaps": (("tcp", 993),),
    "syslog": (("udp", 514),),
    "snmp": (("udp", 161),),
    "ike": (("udp", 500), ("udp", 4500)),
    "openvpn": (("udp", 1194),),
    "wireguard": (("udp", 51820),),
    "rdp": (("tcp", 3389),),
}
"""Services that have a name here: protocol and port of each part."""

_RATE = re.compile(r"([1-9][0-9]{0,3})/(second|minute|hour)\Z")
_NUMBER = re.compile(r"[0-9]{1,5}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/()+,-]{0,47}\Z")


def services(text: str) -> tuple[Service, ...]:
    """`ssh`, `tcp`, `tcp/443`, `udp/8000-8100`, `ping`, …"""
    if text in KNOWN:
        return tuple(Service(protocol, (port, port)) for protocol, port in KNOWN[text])
    if text in (*WITH_PORTS, *ALONE):
        return (Service(text),)
    protocol, slash, ports = text.partition("/")
    if not slash or protocol not in WITH_PORTS:
        raise ValueError(
            f"{_shown(text)} is not a service: write e.g. tcp/443, udp/8000-8100, {', '.join(WITH_PORTS)}, "
            f"{', '.join(ALONE)}, or one of {', '.join(KNOWN)}"
        )
    first, dash, last = ports.partition("-")
    span = (_number(first, text), _number(last if dash else first, text))
    if span[0] > span[1]:
        raise ValueError(f"{_shown(text)}: the first port is greater than the last one: exchange them")
    return (Service(protocol, span),)


def written_service(service: Service | ServiceObject) -> str:
    """As `services` reads it, and a name as it is."""
    if isinstance(service, ServiceObject):
        return service.name
    if service.ports is None:
        return service.protocol
    first, last = service.ports
    return f"{service.protocol}/{first}" if first == last else f"{service.protocol}/{first}-{last}"


def rate(text: str) -> Rate | None:
    """`10/minute`, or `off`."""
    if text == "off":
        return None
    found = _RATE.match(text)
    if not found:
        raise ValueError(f"{_shown(text)} is not a rate: write e.g. 10/minute, 1/second, or off")
    return Rate(int(found[1]), found[2])


def written_rate(found: Rate | None) -> str:
    """As `rate` reads it."""
    return "off" if found is None else f"{found.count}/{found.unit}"


def rule_name(text: str) -> str:
    """A name that may stand in a log line and in the rule set."""
    if not _NAME.match(text):
        raise ValueError(
            f"{_shown(text)} cannot be a rule's name: up to 48 letters, digits, spaces and . _ : / ( ) + , -"
        )
    return text


def _number(text: str, whole: str) -> int:
    if not _NUMBER.match(text) or not 1 <= int(text) <= 65535:
        raise ValueError(f"{_shown(whole)}: a port is a number from 1 to 65535")
    return int(text)


def _shown(text: str) -> str:
    return ascii(text[:60])
