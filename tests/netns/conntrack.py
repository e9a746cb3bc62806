"""Two kernels' connection tables joined by conntrackd on a hotwire: what the tests of its facts stand on."""

import re
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import ClassVar

from hadaemon.config.conntrack_model import EVERYTHING, Conntrack
from hadaemon.conntrack.conntrackd_conf import ConntrackdFiles, Ends, conntrackd_conf

from .namespaces import Namespace, Namespaces
from .waiting import stretched, wait_for

ADDRESSES = {"alpha": IPv4Address("192.168.180.2"), "beta": IPv4Address("192.168.180.3")}
MAX_ENTRIES = 1 << 18
_TCP = "--state ESTABLISHED -t 3600 -u SEEN_REPLY,ASSURED"
_MIXTURE = (
    f"-p tcp -s 10.0.0.1 -d 203.0.113.9 --sport 1 --dport 443 {_TCP}",
    "-p tcp -s 10.0.0.1 -d 203.0.113.9 --sport 2 --dport 443 --state SYN_SENT -t 100",
    # Translated: the source on its way out, the destination on its way in.
    f"-p tcp -s 10.0.0.2 -d 203.0.113.9 --sport 3 --dport 443 {_TCP} --src-nat 198.51.100.1",
    "-p udp -s 203.0.113.7 -d 198.51.100.1 --sport 53 --dport 53 -t 100 -u SEEN_REPLY --dst-nat 10.0.0.3",
    "-p udp -s 10.0.0.1 -d 203.0.113.9 --sport 5 --dport 53 -t 100",
    "-p icmp -s 10.0.0.1 -d 203.0.113.9 --icmp-type 8 --icmp-code 0 --icmp-id 7 -t 100",
    "-p sctp -s 10.0.0.1 -d 203.0.113.9 --sport 6 --dport 7 --state ESTABLISHED -t 100 "
    "--orig-vtag 1 --reply-vtag 2",
    f"-p tcp -s 2001:db8::1 -d 2001:db8::2 --sport 1 --dport 443 {_TCP}",
    "-p icmpv6 -s 2001:db8::1 -d 2001:db8::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 7 -t 100",
)
"""One of each kind."""


@dataclass
class Kernel:
    """A node's kernel and its conntrackd."""

    name: str
    namespace: Namespace
    folder: Path
    process: "subprocess.Popen[str] | None" = None
    settings: Conntrack = EVERYTHING
    OWN: ClassVar = ("192.0.2.33",)
    """Addresses of its own, beside the hotwire's."""

    @staticmethod
    def identity(line: str) -> str:
        """An entry as conntrack prints it, without what differs between two kernels: time left and age."""
        return re.sub(r" delta-time=\d+", "", re.sub(r"^(\S+\s+\d+) \d+", r"\1", line))

    @property
    def configuration(self) -> Path:
        return self.folder / "conntrackd.conf"

    @property
    def log(self) -> Path:
        return self.folder / "conntrackd.log"

    def configure(self) -> None:
        """Writes what the image would have."""
        own, peer = ADDRESSES[self.name], ADDRESSES[other(self.name)]
        places = ConntrackdFiles(f"{self.folder}/ctl", f"{self.folder}/lock")
        ends = Ends("hotwire", own, peer)
        own = map(ip_address, self.OWN)
        self.configuration.write_text(conntrackd_conf(ends, own, MAX_ENTRIES, places, self.settings))

    def start(self) -> None:
        """Starts conntrackd and waits until it answers."""
        command = ["conntrackd", "-C", str(self.configuration)]
        self.process = self.namespace.start(*command, log=self.log)
        wait_for(f"{self.name}: conntrackd answers", self.answers, 5)

    def stop(self) -> None:
        """Ends conntrackd at once; what it leaves behind goes."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(stretched(5))
        for name in ("ctl", "lock"):
            (self.folder / name).unlink(missing_ok=True)

    def answers(self) -> bool:
        return "cache internal" in self.namespace.run(
            "conntrackd", "-C", str(self.configuration), "-s", check=False
        )

    def order(self, *orders: str) -> None:
        """Orders for conntrackd, one after the other."""
        for each in orders:
            self.namespace.run("conntrackd", "-C", str(self.configuration), each)

    def count(self) -> int:
        """Entries of the kernel's table."""
        return int(self.namespace.run("conntrack", "-C"))

    def entries(self, *selection: str) -> list[str]:
        """Entries of the kernel's table, as conntrack prints them."""
        return self.namespace.run("conntrack", "-L", *selection).splitlines()

    def add(self, entry: str) -> None:
        """One entry, as a packet would have made it."""
        self.namespace.run("conntrack", "-I", *entry.split())

    def add_mixture(self) -> None:
        """One entry of each kind."""
        for entry in _MIXTURE:
            self.add(entry)

    def load(self, count: int) -> None:
        """So many established TCP connections, in one go."""
        lines = (
            f"-A -p tcp -s 10.{number >> 16}.{number >> 8 & 255}.{number & 255} -d 203.0.113.9 "
            f"--sport {1024 + number % 60000} --dport 443 {_TCP}"
            for number in range(count)
        )
        file = self.folder / "load"
        file.write_text("\n".join(lines) + "\n")
        self.namespace.run("conntrack", "-R", str(file))

    def wait_count(self, count: int, within: float = 5.0) -> None:
        wait_for(f"{self.name} has {count} entries", lambda: self.count() == count, within)


class Flow:
    """A UDP flow within a namespace, a packet at once and each `period` seconds; never answered."""

    SOURCE, TARGET = ("10.99.0.1", 4000), ("10.99.0.2", 4001)

    def __init__(self, namespace: Namespace, timeout: int, period: float = 0.2) -> None:
        self._period = period
        namespace.run("sh", "-c", f"echo {timeout} > /proc/sys/net/netfilter/nf_conntrack_udp_timeout")
        namespace.run(
            "nft",
            "add table inet t; add chain inet t c { type filter hook output priority 0; }; "
            "flush chain inet t c; add rule inet t c ct state new accept",
        )
        for address, _ in (self.SOURCE, self.TARGET):
            namespace.run("ip", "address", "replace", f"{address}/32", "dev", "lo")
        self._sockets = [namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> "Flow":
        sender, target = self._sockets
        target.bind(self.TARGET)
        sender.bind(self.SOURCE)
        sender.connect(self.TARGET)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(stretched(5))
        for each in self._sockets:
            each.close()

    def on(self, namespace: Namespace) -> str | None:
        """When the flow's entry there was made, to the second where the kernel keeps it; None: it has none.

        Entries have numbers too, but a new one in the old one's place in memory has the old one's number.
        """
        listed = namespace.run("conntrack", "-L", "-p", "udp", "-s", self.SOURCE[0], "-o", "ktimestamp")
        found = re.search(r"^udp .*?(\[start=.*\]|$)", listed, re.MULTILINE)
        return found[1] if found else None

    def _send(self) -> None:
        self._sockets[0].send(b"x")
        while not self._end.wait(self._period):
            self._sockets[0].send(b"x")


def other(name: str) -> str:
    return "beta" if name == "alpha" else "alpha"


def build_kernels(namespaces: Namespaces, folder: Path) -> tuple[Kernel, Kernel]:
    """Two nodes with the hotwire plugged in, and no conntrackd running."""
    kernels = []
    for name in ADDRESSES:
        (folder / name).mkdir()
        kernels.append(Kernel(name, namespaces.make(name), folder / name))
    alpha, beta = kernels
    alpha.namespace.run("ip", "link", "add", "hotwire", "type", "veth", "peer", "name", "far")
    alpha.namespace.run("ip", "link", "set", "far", "netns", beta.namespace.entry[2])
    beta.namespace.run("ip", "link", "set", "far", "name", "hotwire")
    for kernel in kernels:
        kernel.namespace.run("ip", "address", "add", f"{ADDRESSES[kernel.name]}/24", "dev", "hotwire")
        kernel.namespace.run("ip", "link", "set", "hotwire", "up")
        kernel.namespace.run("sh", "-c", "echo 1 > /proc/sys/net/netfilter/nf_conntrack_timestamp")
        kernel.configure()
    return alpha, beta
