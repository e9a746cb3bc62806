"""Real TCP connections through the pair, from a host on one side to a host on the other."""

import contextlib
import select
import socket
import time

from firmware.bench.failover.topology import PAIR, Topology

SIZE = 20
_PORT = 7000
_FAR = "10.48.2.60"
_PATIENCE = 5.0
"""Seconds for a word to arrive: TCP sends it again after 0.2, 0.6, 1.4 and 3 s."""
_ACCEPT = 10.0

GUARDED = """
table inet bench {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        ct state new iifname "lan" tcp flags & (syn | ack) == syn accept
    }
}
"""
"""What a firewall on a node lets pass: a connection that it does not know is not taken up in its middle."""
SETTINGS = ("net.ipv4.ip_forward=1", "net.netfilter.nf_conntrack_tcp_loose=0")


class Sample:
    """`SIZE` connections that are opened once, and are asked again and again whether they live."""

    def __init__(self, topology: Topology) -> None:
        """The hosts: who pings in the other bench, and the far side's switch. Nodes must forward already."""
        lan, wan = PAIR
        near, far = topology.client, topology.switch
        near.run("ip", "route", "replace", "10.48.2.0/24", "via", lan.virtual)
        far.run("ip", "address", "replace", f"{_FAR}/24", "dev", wan.name)
        far.run("ip", "route", "replace", "10.48.1.0/24", "via", wan.virtual)
        listener = far.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind((_FAR, _PORT))
        listener.listen(SIZE)
        listener.settimeout(_ACCEPT)
        self._ends: list[tuple[socket.socket, socket.socket]] = []
        for _ in range(SIZE):
            client = near.socket(socket.AF_INET, socket.SOCK_STREAM)
            client.settimeout(_ACCEPT)
            client.connect((_FAR, _PORT))
            self._ends.append((client, listener.accept()[0]))

    def alive(self) -> int:
        """How many still carry a word there, and one back."""
        for number in (0, 1):
            self._ends = self._carried(number)
        return len(self._ends)

    def close(self) -> None:
        """The far ends; the near ones belong to their namespace."""
        for _, server in self._ends:
            server.close()

    def _carried(self, sender: int) -> list[tuple[socket.socket, socket.socket]]:
        waiting = {ends[1 - sender]: ends for ends in self._ends if _sent(ends[sender])}
        good, end = [], time.monotonic() + _PATIENCE
        while waiting and (left := end - time.monotonic()) > 0:
            for ready in select.select(list(waiting), [], [], left)[0]:
                ends = waiting.pop(ready)
                with contextlib.suppress(OSError):
                    if ready.recv(1024):
                        good.append(ends)
        return good


def _sent(end: socket.socket) -> bool:
    try:
        return end.send(b"alive?") > 0
    except OSError:
        return False
