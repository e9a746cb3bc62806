"""The other end of a tunnel: a host of the Internet with a network behind it.

Its WireGuard runs in user space, because not every machine's kernel has one.
"""

import subprocess
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from firmware.lab.client import IPV4_TYPE
from firmware.lab.deadline import Deadline, stretched, wait_until
from firmware.lab.provider import MAC as PROVIDER
from firmware.lab.provider import OWN, Provider
from firmware.lab.switch import Switch
from tests.claims.wire import Wanted
from tests.lab.host import PORT

from .site import Site

ADDRESS = IPv4Address("203.0.113.20")
"""In the Internet."""
INNER = IPv4Interface("10.30.0.5/24")
"""Of a host of the branch: the router itself."""
MAC = "52:54:00:48:e0:02"
WIREGUARD_PORT = 51820
_MESSAGES = (1, 2, 3, 4)
"""Types of WireGuard's messages: two of a handshake, a cookie, and data."""
_START_SECONDS = 20.0
_HEADER = 14
"""Of Ethernet; bytes."""


def make_key() -> str:
    """A private one."""
    return _wg("genkey")


def public_key(private: str) -> str:
    """What belongs to it."""
    return _wg("pubkey", private)


class Branch:
    """It is connected to the provider, and waits for the pair to begin."""

    def __init__(self, site: Site, provider: Provider, pair: str, lan: IPv4Network) -> None:
        """`pair`: the public key of the pair; `lan`: the network behind it."""
        key = make_key()
        self.public_key = public_key(key)
        self._line = Switch("internet", site.lab.folder / "internet.pcap")
        site.closing(self._line)
        self.host = site.plugged("branch", self._line, MAC)
        self._forward = provider.connect(ADDRESS, self._deliver)
        self._send = self._line.attach("provider", self._take)
        run = self.host.namespace.run
        run("ip", "neighbour", "add", str(OWN), "lladdr", PROVIDER, "dev", PORT, "nud", "permanent")
        run("ip", "address", "add", f"{ADDRESS}/32", "dev", PORT)
        run("ip", "route", "add", "default", "via", str(OWN), "dev", PORT, "onlink")
        self._name = f"wg{self.host.namespace.pid}"  # Its socket has a name that the whole machine shares.
        self._process = self.host.namespace.start(
            "wireguard-go", "-f", self._name, log=site.lab.folder / "wireguard-go.log"
        )
        site.closing(self)
        wait_until(lambda: bool(self._show(check=False)), Deadline(_START_SECONDS), "wireguard-go")
        settings = ("private-key", "/dev/stdin", "listen-port", str(WIREGUARD_PORT))
        peer = ("peer", pair, "allowed-ips", str(lan))
        run("wg", "set", self._name, *settings, *peer, stdin=key)
        run("ip", "address", "add", str(INNER), "dev", self._name)
        run("ip", "link", "set", self._name, "up")
        run("ip", "route", "add", str(lan), "dev", self._name, "src", str(INNER.ip))

    @property
    def endpoint(self) -> str:
        """Where the pair is for the branch, now."""
        return self._show("endpoints").split()[-1]

    def told(self) -> list[str]:
        """What `wg show` has of the pair."""
        return self._show().splitlines()

    def close(self) -> None:
        """Ends WireGuard, which removes its socket."""
        self._process.terminate()
        self._process.wait(stretched(_START_SECONDS))

    def _show(self, *what: str, check: bool = True) -> str:
        return self.host.namespace.run("wg", "show", self._name, *what, check=check)

    def _deliver(self, packet: bytes) -> None:
        self._send(bytes(Ether(src=PROVIDER, dst=MAC, type=0x0800)) + packet)

    def _take(self, frame: bytes) -> None:
        if frame[12:_HEADER] == IPV4_TYPE:
            self._forward(frame[_HEADER:])


def is_of_branch(*inside: IPv4Address) -> Wanted:
    """What comes from the branch or goes there; also what is for the hosts of the tunnel themselves."""
    known = {str(ADDRESS), str(INNER.ip), *map(str, inside)}
    return lambda packet: IP in packet and bool({packet[IP].src, packet[IP].dst} & known)


def is_encrypted(packet: Packet, *hidden: IPv4Address) -> bool:
    """It is a message of WireGuard, and shows none of these addresses."""
    if UDP not in packet or WIREGUARD_PORT not in (packet[UDP].sport, packet[UDP].dport):
        return False
    content = bytes(packet[UDP].payload)
    return content[0] in _MESSAGES and not any(each.packed in content for each in hidden)


def _wg(verb: str, said: str = "") -> str:
    return subprocess.run(["wg", verb], input=said, capture_output=True, text=True, check=True).stdout.strip()
