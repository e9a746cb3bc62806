"""`hactl capture`: the advertisements on a port, decoded, as they come. scapy listens, our codec judges."""

import argparse
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from hadaemon.cli.asking import CommandFailed, Exit, ask_daemon

if TYPE_CHECKING:
    from hadaemon.vrrp import IPAddress

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SUMMARY = "show the advertisements (VRRP) on a port, decoded"
_V2 = 2


def add_capture(commands: "Commands") -> None:
    """Adds the command."""
    capture = commands.add_parser("capture", help=_SUMMARY, description=_SUMMARY)
    capture.add_argument("port", help="its name in node.toml, e.g. lan")
    capture.add_argument("--seconds", type=_positive, default=10, help="how long (%(default)s)")
    capture.add_argument("--count", type=_positive, default=0, help="end after so many advertisements")
    capture.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    answer = ask_daemon(options.socket, {"command": "status"})
    interfaces = {port["port"]: port["interface"] for port in answer["ports"]}
    interface = interfaces.get(options.port)
    if interface is None:
        known = ", ".join(interfaces) or "none"
        raise CommandFailed(Exit.REFUSED, f"there is no port {options.port} here: there is {known}")
    count = _listen(interface, options.seconds, options.count, lambda line: print(line, flush=True))
    print(
        f"{count} advertisements in {options.seconds} s" if not options.count else f"{count} advertisements"
    )


def _listen(interface: str, seconds: int, count: int, tell: Callable[[str], None]) -> int:
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
        clock = time.strftime("%H:%M:%S", time.localtime(float(packet.time)))
        line = advertisement_line(bytes(ip.payload), ip_address(ip.src), ip_address(ip.dst), ttl)
        tell(f"{clock}.{int(float(packet.time) % 1 * 1000):03} {line}")

    try:
        sniff(iface=interface, filter=wanted, prn=show, store=False, timeout=seconds, count=count)
    except PermissionError as error:
        raise CommandFailed(Exit.NO_PERMISSION, "capturing: be root (`sudo hactl capture …`)") from error
    except OSError as error:
        raise CommandFailed(Exit.REFUSED, f"{interface}: {error}") from error
    return seen


def advertisement_line(payload: bytes, source: "IPAddress", destination: "IPAddress", ttl: int) -> str:
    """One advertisement, or why it is none."""
    from hadaemon.vrrp import Discard, Version, decode

    version = Version.V2 if payload and payload[0] >> 4 == _V2 else Version.V3
    try:
        advertisement = decode(payload, source, destination, ttl, version)
    except Discard as error:
        return f"{source} > {destination}: discarded ({error.reason})"
    addresses = ", ".join(map(str, advertisement.addresses))
    release = " (hands over)" if advertisement.priority == 0 else ""
    return (
        f"{source} > {destination}: VRRP version {version}, VRID {advertisement.vrid}, "
        f"priority {advertisement.priority}{release}, each {advertisement.interval * 10} ms: {addresses}"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r}: a number from 1 to 86400 is wanted")
    return int(text)
