"""A DHCP client of a lab's host: it gets a lease as a laptop does that was plugged in (RFC 2131 §4.4)."""

import contextlib
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from firmware.lab.client import BROADCAST
from firmware.lab.deadline import Deadline
from tests.lab.host import PORT, Host

_IPV4 = 0x0800
_CLIENT, _SERVER = 68, 67
_TO_ALL = 0x8000
"""The flag by which an answer comes to everybody: a host without an address takes no other."""
_OFFER, _ACK = 2, 5
_AGAIN = 4.0
"""Seconds after which a message is sent once more; a server may look for three whether an address is free."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What a client was given."""

    address: IPv4Interface
    gateway: IPv4Address
    server: IPv4Address


def ask_for_lease(host: Host, seconds: float) -> Lease:
    """For a host that has no address. Raises DeadlineExceeded."""
    deadline = Deadline(seconds)
    with host.namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IPV4)) as line:
        line.bind((PORT, 0))
        udp = UDP(sport=_CLIENT, dport=_SERVER)
        below = Ether(src=host.mac, dst=BROADCAST) / IP(src="0.0.0.0", dst="255.255.255.255") / udp

        def ask(wanted: int, *options: tuple[str, object]) -> Packet:
            message = BOOTP(chaddr=_raw(host.mac), flags=_TO_ALL)
            return _answer(line, Ether, below / message, wanted, options, deadline)

        offer = ask(_OFFER, ("message-type", "discover"))
        chosen = ("requested_addr", offer[BOOTP].yiaddr), ("server_id", _options(offer)["server_id"])
        return _lease(ask(_ACK, ("message-type", "request"), *chosen))


def renew(host: Host, lease: Lease, seconds: float) -> Lease:
    """The lease, as its server gives it for longer. Raises DeadlineExceeded."""
    with host.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((str(host.address), _CLIENT))
        line.connect((str(lease.server), _SERVER))
        message = BOOTP(chaddr=_raw(host.mac), ciaddr=str(host.address))
        return _lease(_answer(line, BOOTP, message, _ACK, [("message-type", "request")], Deadline(seconds)))


def _answer(
    line: socket.socket,
    read: Callable[[bytes], Packet],
    message: Packet,
    wanted: int,
    options: Sequence[tuple[str, object]],
    deadline: Deadline,
) -> Packet:
    """What comes back to this message, which is sent as often as it takes."""
    message[BOOTP].xid = random.getrandbits(32)
    message /= DHCP(options=[*options, "end"])
    while True:
        deadline.check(f"a DHCP answer of type {wanted}", message.summary())
        line.send(bytes(message))
        again = Deadline(_AGAIN)
        while not again.expired:
            line.settimeout(max(again.remaining, 0.01))
            # Nobody answers, or a server is just starting there.
            with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                packet = read(line.recv(2048))
                if _is_answer(packet, message, wanted):
                    return packet


def _is_answer(packet: Packet, asked: Packet, wanted: int) -> bool:
    return (
        DHCP in packet
        and packet[BOOTP].op == 2
        and packet[BOOTP].xid == asked[BOOTP].xid
        and _options(packet)["message-type"] == wanted
    )


def _options(packet: Packet) -> dict[str, Any]:
    return {each[0]: each[1] for each in packet[DHCP].options if isinstance(each, tuple)}


def _lease(packet: Packet) -> Lease:
    options = _options(packet)
    address = IPv4Interface(f"{packet[BOOTP].yiaddr}/{options['subnet_mask']}")
    return Lease(address, IPv4Address(options["router"]), IPv4Address(options["server_id"]))


def _raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
