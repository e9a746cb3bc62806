"""A host on the lab's LAN or WAN: it pings, asks who has an address, and keeps a record of who answered.

Frames are built and read with scapy, on the switch's own ports: no privileges, no interface of this
machine. It behaves as an ordinary host: an address that it knows moves only when the new owner announces
itself by gratuitous ARP.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address
from itertools import pairwise

from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.switch import Switch
from firmware.lab.topology import PlannedClient

ARP_TYPE = b"\x08\x06"
IPV4_TYPE = b"\x08\x00"
BROADCAST = "ff:ff:ff:ff:ff:ff"
IS_AT = 2
WHO_HAS = 1
ECHO_REQUEST = 8
ECHO_REPLY = 0
PING_ID = 0x4853
PROBE_SECONDS = 0.2
"""Interval of a watch: five questions a second."""
NEIGHBOUR_SECONDS = 5.0
"""A neighbour that leaves every ping unanswered for so long is asked for anew, as an ordinary host does."""
STALE_SECONDS = 1.5
"""An address whose answer is older than this has no owner."""


@dataclass(slots=True)
class Probe:
    """One question and what came back."""

    asked: float
    """Monotonic seconds."""
    answers: dict[str, float] = field(default_factory=dict)
    """Who said the address was its own (MAC), and when first."""
    pinged: str | None = None
    """The MAC the echo request was sent to; None: the client knew none."""
    replied: float | None = None
    """When the echo reply came."""


class Watch:
    """Asks for one address five times a second until closed, and remembers everything."""

    def __init__(self, client: "Client", address: IPv4Address, beyond: IPv4Address | None = None) -> None:
        """Starts watching. `beyond` is pinged by way of the address, in place of the address itself."""
        self.client = client
        self.address = address
        self.pinged = beyond or address
        self._probes: list[Probe] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"watch-{address}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops asking; the record stays."""
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> "Watch":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops asking."""
        self.close()

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Everything asked so far, oldest first."""
        return tuple(self._probes)

    @property
    def owner(self) -> str | None:
        """The MAC that answered last, if that was just now."""
        newest = max(
            ((when, mac) for probe in self._probes[-10:] for mac, when in list(probe.answers.items())),
            default=None,
        )
        return newest[1] if newest and time.monotonic() - newest[0] < STALE_SECONDS else None

    @property
    def owners(self) -> tuple[str, ...]:
        """Who answered, one after the other, without repetitions; probes with two answers are left out."""
        single = [next(iter(probe.answers)) for probe in self.probes if len(probe.answers) == 1]
        return tuple(mac for index, mac in enumerate(single) if index == 0 or mac != single[index - 1])

    def longest_silence(self) -> float:
        """Seconds of the longest time without a ping's answer, up to now."""
        replies = [probe.replied for probe in self.probes if probe.replied is not None]
        if not self._probes:
            return 0.0
        moments = [self._probes[0].asked, *sorted(replies), time.monotonic()]
        return max(later - earlier for earlier, later in pairwise(moments))

    def longest_conflict(self) -> float:
        """Seconds of the longest time in which every question had answers of two nodes."""
        longest, since = 0.0, None
        for probe in self.probes:
            if len(probe.answers) < 2:
                since = None
                continue
            since = probe.asked if since is None else since
            longest = max(longest, probe.asked - since + PROBE_SECONDS)
        return longest

    def wait_for_owner(self, mac: str, deadline: Deadline) -> None:
        """Waits until exactly that MAC answers for the address; what was asked before does not count.

        Raises:
            DeadlineExceeded: it does not.
        """
        now = time.monotonic()
        wait_until(
            lambda: any(set(probe.answers) == {mac} for probe in self._probes[-3:-1] if probe.asked >= now),
            deadline,
            f"an answer of {mac} for {self.address}",
            self.client.data.name,
            explain=lambda: f"Answers came from: {', '.join(self.owners) or 'nobody'}.",
        )

    def wait_for_no_owner(self, deadline: Deadline) -> None:
        """Waits until nobody answers for the address any more.

        Raises:
            DeadlineExceeded: somebody still does.
        """
        wait_until(
            lambda: len(self._probes) > 0 and self.owner is None,
            deadline,
            f"silence of {self.address}",
            self.client.data.name,
            explain=lambda: f"Answers came from: {', '.join(self.owners)}.",
        )

    def _loop(self) -> None:
        while not self._stop.is_set():
            probe = Probe(time.monotonic())
            self._probes.append(probe)
            self.client.ask(self.address, partial(self._note_answer, probe))
            if self._gone_quiet():
                self.client.forget(self.address)
            probe.pinged = self.client.neighbour(self.address)
            if probe.pinged:
                self.client.send_echo(self.pinged, probe.pinged, partial(self._note_reply, probe))
            self._stop.wait(PROBE_SECONDS)

    def _gone_quiet(self) -> bool:
        recent = self._probes[-int(NEIGHBOUR_SECONDS / PROBE_SECONDS) - 1 :]
        asked_long = recent[-1].asked - recent[0].asked >= NEIGHBOUR_SECONDS - PROBE_SECONDS
        return asked_long and all(probe.pinged and not probe.replied for probe in recent[:-1])

    @staticmethod
    def _note_answer(probe: Probe, mac: str) -> None:
        probe.answers.setdefault(mac, time.monotonic())

    @staticmethod
    def _note_reply(probe: Probe) -> None:
        probe.replied = time.monotonic()


class Client:
    """A host that answers for its own address and can watch others."""

    def __init__(self, data: PlannedClient, switch: Switch) -> None:
        """Plugs itself into the switch."""
        self.data = data
        self.silent_to: frozenset[IPv4Address] = frozenset()
        """Whose pings it leaves unanswered; a test may change it."""
        self._address = data.address.ip
        self._pinged_as = {str(address) for address in (data.address.ip, *data.behind)}
        self._mac = bytes.fromhex(data.mac.replace(":", ""))
        self._neighbours: dict[IPv4Address, str] = {}
        self._question: dict[IPv4Address, Callable[[str], None]] = {}
        self._echoes: dict[int, Callable[[], None]] = {}
        self._sequence = 0
        self._lock = threading.Lock()
        self._send = switch.attach(data.name, self._receive, data.vlan)

    def neighbour(self, address: IPv4Address) -> str | None:
        """The MAC that this host believes the address is at."""
        return self._neighbours.get(address)

    def forget(self, address: IPv4Address) -> None:
        """Drops what this host believes of an address, so that it asks anew."""
        with self._lock:
            self._neighbours.pop(address, None)

    def watch(self, address: IPv4Address, beyond: IPv4Address | None = None) -> Watch:
        """Starts asking for an address; with `beyond` it is a gateway, and somebody beyond it is pinged."""
        return Watch(self, address, beyond)

    def ping(self, address: IPv4Address, deadline: Deadline) -> float:
        """Resolves an address anew and pings it once; returns the seconds it took.

        Raises:
            DeadlineExceeded: there was no answer, or nobody has the address.
        """
        answered = threading.Event()
        self.forget(address)
        while not self.neighbour(address):
            deadline.check(f"an ARP answer for {address}", self.data.name)
            self.ask(address, lambda _: None)
            time.sleep(min(PROBE_SECONDS, deadline.remaining))
        started = time.monotonic()
        self.send_echo(address, self._neighbours[address], answered.set)
        if not answered.wait(deadline.remaining):
            deadline.check(f"an echo reply of {address}", self.data.name)
        return time.monotonic() - started

    def ask(self, address: IPv4Address, answered: Callable[[str], None]) -> None:
        """Asks who has an address; each answer, until the next question, calls `answered` with its MAC."""
        with self._lock:
            self._question[address] = answered
        question = ARP(op=WHO_HAS, hwsrc=self.data.mac, psrc=str(self._address), pdst=str(address))
        self._send(bytes(Ether(src=self.data.mac, dst=BROADCAST) / question))

    def send_echo(self, address: IPv4Address, mac: str, replied: Callable[[], None]) -> None:
        """Sends an echo request to a MAC; its reply calls `replied`."""
        with self._lock:
            self._sequence = self._sequence % 0xFFFF + 1
            sequence = self._sequence
            self._echoes[sequence] = replied
        request = ICMP(type=ECHO_REQUEST, id=PING_ID, seq=sequence) / Raw(b"hotspare lab")
        self._send_ipv4(mac, address, request)

    def _send_ipv4(self, mac: str, address: IPv4Address, payload: Packet, source: str = "") -> None:
        header = IP(src=source or str(self._address), dst=str(address))
        self._send(bytes(Ether(src=self.data.mac, dst=mac) / header / payload))

    def _receive(self, frame: bytes) -> None:
        """Called in the switch's thread with every frame that reaches this port."""
        kind = frame[12:14]
        if kind == ARP_TYPE:
            self._receive_arp(Ether(frame))
        elif kind == IPV4_TYPE and frame[:6] == self._mac:
            self._receive_ipv4(Ether(frame))

    def _receive_arp(self, packet: Packet) -> None:
        arp = packet[ARP]
        sender = IPv4Address(arp.psrc)
        for_us = arp.pdst == str(self._address)
        with self._lock:
            # A host that has an entry does not ask, so the answers to our own questions must not repair it:
            # only an announcement moves an address, and only for those who knew it (RFC 826, RFC 5227).
            if arp.psrc == arp.pdst and sender in self._neighbours:
                self._neighbours[sender] = arp.hwsrc
            elif for_us:
                self._neighbours.setdefault(sender, arp.hwsrc)
            answered = self._question.get(sender) if arp.op == IS_AT and for_us else None
        if answered:
            answered(arp.hwsrc)
        if arp.op == WHO_HAS and for_us:
            reply = ARP(
                op=IS_AT, hwsrc=self.data.mac, psrc=str(self._address), hwdst=arp.hwsrc, pdst=arp.psrc
            )
            self._send(bytes(Ether(src=self.data.mac, dst=arp.hwsrc) / reply))

    def _receive_ipv4(self, packet: Packet) -> None:
        if ICMP not in packet or packet[IP].dst not in self._pinged_as:
            return
        icmp = packet[ICMP]
        if icmp.type == ECHO_REQUEST:
            self._answer_ping(packet)
        elif icmp.type == ECHO_REPLY and icmp.id == PING_ID:
            with self._lock:
                replied = self._echoes.pop(icmp.seq, None)
            if replied:
                replied()

    def _answer_ping(self, packet: Packet) -> None:
        """As whoever was pinged: this host, or one behind it."""
        asked, sender = packet[ICMP], IPv4Address(packet[IP].src)
        if sender not in self.silent_to:
            reply = ICMP(type=ECHO_REPLY, id=asked.id, seq=asked.seq) / Raw(bytes(asked.payload))
            self._send_ipv4(packet[Ether].src, sender, reply, source=packet[IP].dst)
