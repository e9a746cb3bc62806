"""Single values of keepalived's, read as it does. What is none is told with its place, and left out."""

import re
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_interface, ip_network

from hadaemon.config import values
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.tree import Statement
from hadaemon.vrrp.model import IPAddress, IPInterface, IPNetwork

_TRUE, _FALSE = ("on", "true", "yes"), ("off", "false", "no")
_MAX = 10**6
_SIGNED = re.compile(r"[+-]?[0-9]{1,9}\Z")


def number(each: Statement, findings: Findings, least: int, most: int, word: int = 1) -> int | None:
    """A whole number within bounds; None: it is none, which was told."""
    text = each.words[word] if len(each.words) > word else ""
    if text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    findings.refuse(each.place, f"{each.keyword} {values.shown(text)}: write a number from {least} to {most}")
    return None


def seconds(each: Statement, findings: Findings) -> Decimal | None:
    """Seconds with a fraction; None: it is none, which was told."""
    text = each.words[1] if len(each.words) > 1 else ""
    try:
        found = Decimal(text) if text.isascii() else Decimal("nan")
    except InvalidOperation:
        found = Decimal("nan")
    if found.is_finite() and 0 <= found <= _MAX:
        return found
    findings.refuse(each.place, f"{each.keyword} {values.shown(text)}: write seconds, e.g. 1 or 0.25")
    return None


def weight(each: Statement, findings: Findings, word: int = 1) -> int | None:
    """A whole number that may be less than nothing; None: it is none, which was told."""
    text = each.words[word] if len(each.words) > word else ""
    if _SIGNED.match(text):
        return int(text)
    findings.refuse(each.place, f"weight {values.shown(text)}: write a number, e.g. -20")
    return None


def flag(each: Statement, findings: Findings) -> bool:
    """Whether a switch is on: its name alone turns it on."""
    word = each.words[1] if len(each.words) > 1 else "on"
    if word not in (*_TRUE, *_FALSE):
        findings.refuse(each.place, f"{each.keyword} {values.shown(word)}: write on or off")
    return word in _TRUE


def address(text: str, each: Statement, findings: Findings) -> IPAddress | None:
    """A unicast address; None: it is none, which was told."""
    try:
        ip_address(text)
        return values.address(text)
    except ValueError as error:
        findings.refuse(each.place, str(error))
        return None


def interface_address(text: str, each: Statement, findings: Findings) -> IPInterface | None:
    """An address with prefix length, which is that of a host if none is written, as keepalived has it."""
    try:
        whole = text if "/" in text else str(ip_interface(values.address(text)))
        return values.interface_address(whole)
    except ValueError as error:
        findings.refuse(each.place, str(error))
        return None


def network(text: str) -> IPNetwork | None:
    """A destination of a route, `default` too; None: it is none."""
    try:
        return ip_network("0.0.0.0/0" if text == "default" else text, strict=False)
    except ValueError:
        return None
