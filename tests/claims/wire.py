"""Excerpts of captures: the frames that matter, one line each."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from scapy.error import Scapy_Exception
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet
from scapy.utils import RawPcapReader

_VRRP = 112
MOST = 40
"""Lines of one excerpt."""

Wanted = Callable[[Packet], bool]


def frames(capture: Path, since: float = 0.0) -> Iterator[tuple[float, Packet]]:
    """Each frame that the file has now, and when it was seen: seconds since the epoch, from `since` on. The
    last one may be half written: it is left out."""
    with RawPcapReader(str(capture)) as reader:
        try:
            for data, seen in reader:
                when = seen.sec + seen.usec / 1e6
                if when >= since and len(data) == seen.caplen:
                    yield when, Ether(data)
        except (EOFError, Scapy_Exception):
            return


def excerpt(capture: Path, wanted: Wanted, since: float = 0.0) -> tuple[str, ...]:
    """The first lines of what is wanted; `since` is in seconds since the epoch."""
    found = [told(when, packet) for when, packet in frames(capture, since) if wanted(packet)]
    more = (f"… and {len(found) - MOST} more",) if len(found) > MOST else ()
    return (*found[:MOST], *more)


def first(capture: Path, wanted: Wanted, since: float) -> float | None:
    """Seconds from a moment to the first frame that is wanted; None: there is none."""
    return next((when - since for when, packet in frames(capture, since) if wanted(packet)), None)


def told(when: float, packet: Packet) -> str:
    """One frame as a line."""
    clock = time.strftime("%H:%M:%S", time.gmtime(when)) + f".{int(when % 1 * 1000):03}"
    return f"{clock}  {packet.src} > {packet.dst}  {_content(packet)}"


def _content(packet: Packet) -> str:
    if ARP in packet:
        arp = packet[ARP]
        if arp.psrc == arp.pdst:
            return f"ARP announcement: {arp.psrc} is at {arp.hwsrc}"
        if arp.op == 1:
            return f"ARP: who has {arp.pdst}? tell {arp.psrc}"
        return f"ARP: {arp.psrc} is at {arp.hwsrc}"
    if IP in packet:
        ip = packet[IP]
        for layer, name in ((TCP, "TCP"), (UDP, "UDP")):
            if layer in packet:
                inner = packet[layer]
                flags = f" {inner.flags}" if layer is TCP else ""
                return f"{name}{flags} {ip.src}:{inner.sport} > {ip.dst}:{inner.dport}"
        return f"{ip.payload.summary()} {ip.src} > {ip.dst}"
    return str(packet.payload.summary())


def is_announcement(address: object) -> Wanted:
    """Gratuitous ARP for an address."""
    return lambda packet: ARP in packet and packet[ARP].psrc == packet[ARP].pdst == str(address)


def is_advertisement(mac: str) -> Wanted:
    """VRRP over IPv4, of a network card."""
    return lambda packet: packet.src == mac and IP in packet and packet[IP].proto == _VRRP


def goes_to(address: object, protocol: str = "") -> Wanted:
    """IPv4 to an address; `protocol` is scapy's name of a layer, such as UDP."""
    return lambda packet: IP in packet and packet[IP].dst == str(address) and packet.haslayer(protocol or IP)
