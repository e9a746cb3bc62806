"""Who has the virtual addresses: as a neighbour finds out by ARP, and as a node's kernel says."""

import contextlib
import socket
import struct

from .namespaces import Namespace

_ETH_P_ARP = 0x0806
_ARP = struct.Struct("!6s6sHHHBBH6s4s6s4s")
"""Ethernet's header and ARP's message, for IPv4."""
_REPLY = 2


class Asker:
    """A neighbour that asks for one address. It takes no part in anything else."""

    def __init__(self, namespace: Namespace, interface: str, own: str, address: str) -> None:
        """`own`: the address that it asks with."""
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ARP))
        self._socket.bind((interface, _ETH_P_ARP))
        self._socket.setblocking(False)
        self._mac: bytes = self._socket.getsockname()[4]
        self._own, self._address = socket.inet_aton(own), socket.inet_aton(address)

    def ask(self) -> None:
        """One question to all."""
        head = (b"\xff" * 6, self._mac, _ETH_P_ARP, 1, 0x0800, 6, 4, 1)
        with contextlib.suppress(BlockingIOError):
            self._socket.send(_ARP.pack(*head, self._mac, self._own, bytes(6), self._address))

    def answers(self) -> set[str]:
        """The MAC addresses of those who have answered since it was asked for last."""
        found: set[str] = set()
        while True:
            try:
                frame = self._socket.recv(2048)
            except BlockingIOError:
                return found
            destination, source, _, _, _, _, _, operation, _, sender, _, _ = _ARP.unpack_from(frame)
            if (destination, operation, sender) == (self._mac, _REPLY, self._address):
                found.add(source.hex(":"))


class Kernel:
    """The IPv4 addresses in a namespace, asked so cheaply that it can be done all the time."""

    _DUMP = struct.pack("=IHHIIBBBBI", 24, 22, 0x301, 0, 0, socket.AF_INET, 0, 0, 0, 0)
    """RTM_GETADDR with NLM_F_REQUEST and NLM_F_DUMP, rtnetlink(7)."""
    _DONE, _LOCAL = 3, 2
    """NLMSG_DONE, IFA_LOCAL."""

    def __init__(self, namespace: Namespace) -> None:
        self._socket = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)

    def addresses(self) -> set[str]:
        """All that are there now."""
        self._socket.send(self._DUMP)
        found: set[str] = set()
        while True:
            data = self._socket.recv(1 << 16)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind == self._DONE:
                    return found
                found.update(self._local(data[24:length]))
                data = data[(length + 3) & ~3 :]

    def _local(self, attributes: bytes) -> list[str]:
        found = []
        while attributes:
            length, kind = struct.unpack_from("=HH", attributes)
            if kind == self._LOCAL:
                found.append(socket.inet_ntoa(attributes[4:length]))
            attributes = attributes[(length + 3) & ~3 :]
        return found
