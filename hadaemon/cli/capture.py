"""`hactl capture`: the advertisements on a port, decoded, as they come. scapy listens, our codec judges."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.language.speech import _, counted, told
from hadaemon.operations.asking import ask_status

if TYPE_CHECKING:
    from hadaemon.vrrp import IPAddress, Version

_V2 = 2
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A packet on the wire."""

    time: float
    """Seconds since the epoch, by the node's clock."""
    payload: bytes
    """What follows the IP header."""
    source: "IPAddress"
    destination: "IPAddress"
    ttl: int


def add_capture(capture: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    port = capture.add_argument("port", help="its name in node.toml, e.g. lan")
    offers(port, Offer.PORTS)
    capture.add_argument("--seconds", type=_positive, default=10, help="how long (%(default)s)")
    capture.add_argument("--count", type=_positive, default=0, help="end after so many advertisements")
    capture.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    interfaces = {port.port: port.interface for port in ask_status(options.socket).node.ports}
    interface = interfaces.get(options.port)
    if interface is None:
        known = ", ".join(interfaces) or _("none")
        raise CommandFailed(
            Exit.REFUSED,
            _("there is no port {port} here: there is {known}").format(port=options.port, known=known),
        )
    as_line = _json_line if options.json else _text_line
    count = _listen(interface, options.seconds, options.count, lambda seen: print(as_line(seen), flush=True))
    if not options.json:
        within = "" if options.count else _(" in {seconds} s").format(seconds=options.seconds)
        print(counted("{count} advertisement", "{count} advertisements", count) + within)


def _text_line(seen: "Seen") -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(seen.time))
    line = advertisement_line(seen.payload, seen.source, seen.destination, seen.ttl)
    return f"{clock}.{int(seen.time % 1 * 1000):03} {line}"


def _json_line(seen: "Seen") -> str:
    return json.dumps({"schema": SCHEMA, "time": seen.time, **advertisement_values(seen)})


def _listen(interface: str, seconds: int, count: int, tell: Callable[["Seen"], None]) -> int:
    # Here and not above: it takes half a second.
    import scapy.layers.inet
    from scapy.layers.inet6 import IPv6
    from scapy.sendrecv import sniff

    from hadaemon.vrrp import IP_PROTOCOL

    wanted = f"ip proto {IP_PROTOCOL} or ip6 proto {IP_PROTOCOL}"
    seen = 0

    def show(packet: Any) -> None:
        nonlocal seen
        ip = packet.getlayer(scapy.layers.inet.IP) or packet.getlayer(IPv6)
        if ip is None:
            return
        seen += 1
        ttl = ip.ttl if ip.version == 4 else ip.hlim
        ends = ip_address(ip.src), ip_address(ip.dst)
        tell(Seen(float(packet.time), bytes(ip.payload), *ends, ttl))

    try:
        sniff(iface=interface, filter=wanted, prn=show, store=False, timeout=seconds, count=count)
    except PermissionError as error:
        raise CommandFailed(Exit.NO_PERMISSION, _("capturing: be root (`sudo hactl capture …`)")) from error
    except OSError as error:
        raise CommandFailed(Exit.REFUSED, f"{interface}: {error}") from error
    return seen


def advertisement_values(seen: Seen) -> dict[str, object]:
    """One advertisement for programs; `discarded` says why it is none."""
    from hadaemon.vrrp import Discard, decode

    found: dict[str, object] = {"source": str(seen.source), "destination": str(seen.destination)}
    try:
        advertisement = decode(
            seen.payload, seen.source, seen.destination, seen.ttl, version := _version(seen.payload)
        )
    except Discard as error:
        return {**found, "discarded": str(error.reason)}
    return {
        **found,
        "version": int(version),
        "vrid": advertisement.vrid,
        "priority": advertisement.priority,
        "milliseconds": advertisement.interval * 10,
        "addresses": [str(address) for address in advertisement.addresses],
    }


def _version(payload: bytes) -> "Version":
    from hadaemon.vrrp import Version

    return Version.V2 if payload and payload[0] >> 4 == _V2 else Version.V3


def advertisement_line(payload: bytes, source: "IPAddress", destination: "IPAddress", ttl: int) -> str:
    """One advertisement, or why it is none."""
    from hadaemon.vrrp import Discard, decode

    version = _version(payload)
    try:
        advertisement = decode(payload, source, destination, ttl, version)
    except Discard as error:
        return f"{source} > {destination}: {_('discarded')} ({told(str(error.reason))})"
    addresses = ", ".join(map(str, advertisement.addresses))
    release = _(" (hands over)") if advertisement.priority == 0 else ""
    said = _(
        "VRRP version {version}, VRID {vrid}, priority {priority}, each {interval} ms: {addresses}"
    ).format(
        version=version,
        vrid=advertisement.vrid,
        priority=f"{advertisement.priority}{release}",
        interval=advertisement.interval * 10,
        addresses=addresses,
    )
    return f"{source} > {destination}: {said}"


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 86400:
        raise argparse.ArgumentTypeError(
            _("{text}: a number from 1 to 86400 is wanted").format(text=repr(text))
        )
    return int(text)
