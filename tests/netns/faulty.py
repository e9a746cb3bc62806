"""A pair to which anything may happen: its faults as verbs, and what is broken at the moment."""

import signal
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from hadaemon.io.errors import ControlError
from hadaemon.io.sockets.control_client import ask
from hadaemon.vrrp import IPV4_GROUP, Advertisement, Centiseconds, Priority, Vrid, encode

from .capture import VRRP_PROTOCOL
from .hotwire import HotwireNode, HotwirePair
from .pair import INTERVAL, PORTS, VIRTUAL, VRID
from .waiting import stretched, wait_for

HOTWIRE = "hotwire"
FROM, TO = "ingress", "egress"
"""The two ways of a cable, seen from the switch: from the node and to it, as hooks of nftables are called."""
STRANGER = "192.168.12.66"
STRANGERS_OWN = "192.168.12.77"
EXTRA = ('["192.168.12.1/24"]', '["192.168.12.1/24", "192.168.12.2/24"]')
ABSENT = '\n[[ha_interfaces]]\nport = "dmz"\nnumber = 77\nvirtual_addresses = ["198.51.100.1/24"]\n'
"""An HA interface whose network card is nowhere."""
LAST = "[hotwire]\n"
"""What comes after the HA interfaces in the configuration."""
_ANSWER = 10.0
"""Seconds that a daemon may take to carry out a request."""


class Diary:
    """What was done to the pair, and what its daemons said, in the order of time."""

    def __init__(self, nodes: tuple[HotwireNode, ...]) -> None:
        self._begin = time.monotonic()
        self._lines: deque[tuple[float, bool, str]] = deque(maxlen=3_000)
        self._nodes = nodes
        self._read = {node.name: 0 for node in nodes}
        self._lock = threading.Lock()

    def note(self, step: str) -> None:
        """What is done to the pair."""
        with self._lock:
            self._lines.append((time.monotonic() - self._begin, True, step))

    def finding(self, what: str) -> None:
        """What was seen of the pair."""
        with self._lock:
            self._lines.append((time.monotonic() - self._begin, False, f"    {what}"))

    def follow(self) -> None:
        """Takes up what the daemons have said since."""
        for node in self._nodes:
            if not node.log.exists() or node.log.stat().st_size == self._read[node.name]:
                continue
            with node.log.open("rb") as file:
                file.seek(self._read[node.name])
                new = file.read()
            self._read[node.name] += len(new)
            with self._lock:
                for line in new.decode(errors="replace").splitlines():
                    said = f"    {node.name}: {line}"
                    self._lines.append((time.monotonic() - self._begin, False, said))

    def last(self, steps: int) -> str:
        """From that many steps ago to now."""
        with self._lock:
            lines = list(self._lines)
        starts = [number for number, line in enumerate(lines) if line[1]][-steps:]
        return "\n".join(f"{at:9.3f} {text}" for at, _, text in lines[starts[0] if starts else 0 :])


@dataclass
class Plight:
    """What is wrong with a node and its cables."""

    runs: bool = True
    stalled: bool = False
    kept_out: bool = False
    """In maintenance, or asked to be."""
    cardless: bool = False
    """Its configuration has an HA interface without a network card."""
    pulled: set[str] = field(default_factory=set)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    """Cables, each with a way that lets nothing through."""
    lapses: int = 0
    """How often it was disturbed otherwise than by a cable, and came to itself."""

    def is_whole(self, port: str) -> bool:
        """The cable is in, and lets through in both ways."""
        return port not in self.pulled and not self.is_blocked(port)

    def is_blocked(self, port: str) -> bool:
        return any(each == port for each, _ in self.blocked)

    @property
    def is_awake(self) -> bool:
        return self.runs and not self.stalled

    @property
    def must_serve(self) -> bool:
        """If nobody else does, it has to."""
        able = self.is_awake and not self.kept_out and not self.cardless
        return able and all(self.is_whole(port) for port in PORTS)


class FaultyPair:
    """The verbs; each is noted before anything is broken, and when it is whole again."""

    def __init__(self, pair: HotwirePair) -> None:
        self.pair = pair
        self.nodes = {node.name: node for node in pair.hot_nodes}
        self.plights = {name: Plight() for name in self.nodes}
        self.diary = Diary(pair.hot_nodes)
        self.rival_at = 0.0
        """When a stranger last claimed the virtual addresses with a priority that nobody else may have."""
        self._names = set(self.nodes)
        self._wild = pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._wild.bind(("eth0", 0))
        rules = [self._filter(name, port) for name in self.nodes for port in (*PORTS, HOTWIRE)]
        pair.switch.run("nft", "-f", "-", stdin="".join(rules))

    @property
    def common_ways(self) -> set[str]:
        """The cables by which both nodes hear each other, or would: one that stands still has a guard."""
        plights = self.plights.values()
        return {port for port in (*PORTS, HOTWIRE) if all(plight.is_whole(port) for plight in plights)}

    @property
    def lapses(self) -> int:
        """Of both nodes."""
        return sum(plight.lapses for plight in self.plights.values())

    def other(self, name: str) -> str:
        (found,) = self._names - {name}
        return found

    # cables

    def pull(self, name: str, port: str) -> None:
        self._cable(name, f"the cable {port} of {name} is pulled").pulled.add(port)
        self.nodes[name].pull(port)

    def plug(self, name: str, port: str) -> None:
        self.nodes[name].plug(port)
        self._cable(name, f"the cable {port} of {name} is plugged in").pulled.discard(port)

    def block(self, name: str, port: str, way: str) -> None:
        entry = f"the cable {port} of {name} lets nothing through any more {_words(way)} the node"
        self._cable(name, entry).blocked.add((port, way))
        self._policy(name, port, way, "drop")

    def unblock(self, name: str, port: str, way: str) -> None:
        self._policy(name, port, way, "accept")
        entry = f"the cable {port} of {name} lets through again {_words(way)} the node"
        self._cable(name, entry).blocked.discard((port, way))

    def _policy(self, name: str, port: str, way: str, policy: str) -> None:
        self.pair.switch.run("nft", "-f", "-", stdin=_chain(name, port, way, policy))

    def _filter(self, name: str, port: str) -> str:
        head = f"add table netdev {name}-{port}\n".replace("-", "_")
        return head + "".join(_chain(name, port, way, "accept") for way in (FROM, TO))

    # daemons

    def stall(self, name: str) -> None:
        self._lapse(name, f"the daemon of {name} stands still").stalled = True
        self.nodes[name].signal(signal.SIGSTOP)

    def wake(self, name: str) -> None:
        self.nodes[name].signal(signal.SIGCONT)
        self._lapse(name, f"the daemon of {name} goes on").stalled = False

    def kill(self, name: str) -> None:
        plight = self._lapse(name, f"the daemon of {name} is killed")
        plight.runs, plight.stalled = False, False
        self.nodes[name].kill()

    def start(self, name: str) -> None:
        self.diary.note(f"the daemon of {name} is started")
        self.nodes[name].start()
        wait_for(f"{name} takes part", lambda: self.nodes[name].state() not in ("", "off"), within=10)
        self._lapse(name, f"the daemon of {name} takes part").runs = True

    # the administrator

    def ask(self, name: str, command: str, **more: object) -> bool:
        """One request; whether it was met."""
        words = " ".join([command, *(f"{key}={value}" for key, value in more.items())])
        self.diary.note(f"{name} is asked: {words}")
        request = {"command": command, **more}
        answer: dict[str, Any]
        try:
            answer = ask(
                self.nodes[name].folder / "run" / "control.sock", request, timeout=stretched(_ANSWER)
            )
        except (ControlError, OSError) as error:
            answer = {"error": str(error)}
        self.diary.note(f"{name} has answered: {answer.get('error') or answer.get('reason') or 'yes'}")
        return "error" not in answer

    def begin_maintenance(self, name: str, forced: bool) -> None:
        self._lapse(name, f"{name} is to be kept out").kept_out = True
        if not self.ask(name, "maintenance", on=True, force=forced):
            self._see_whether_kept_out(name)

    def end_maintenance(self, name: str) -> None:
        self.ask(name, "maintenance", on=False)
        self._see_whether_kept_out(name)

    def _see_whether_kept_out(self, name: str) -> None:
        state = self.nodes[name].state()
        self._lapse(name, f"{name} is {state}").kept_out = state == "maintenance"

    def read_again(self, name: str) -> None:
        """Without an answer. Who stands still does it later, and who does not run, at its start."""
        self.diary.note(f"{name} is to read its configuration again")
        if self.plights[name].runs:
            self.nodes[name].signal(signal.SIGHUP)

    def edit(self, name: str, old: str, new: str) -> None:
        """Changes a node's configuration, which it reads again."""
        self.diary.note(f"in the configuration of {name}, {old!r} becomes {new!r}")
        node = self.nodes[name]
        node.cluster = node.cluster.replace(old, new)
        node.configure()
        if ABSENT in node.cluster:
            with (node.state_folder / "node.toml").open("a") as file:
                file.write('[ports.dmz]\nmac = "52:54:00:99:99:99"\n')
        if self.plights[name].is_awake:
            assert self.ask(name, "reload")
        else:
            self.read_again(name)

    def add_cardless(self, name: str) -> None:
        self._lapse(name, f"{name} gets an HA interface without a network card").cardless = True
        self.edit(name, LAST, ABSENT + LAST)

    def remove_cardless(self, name: str) -> None:
        self.edit(name, ABSENT, "")
        self._lapse(name, f"{name} has lost the HA interface without a network card").cardless = False

    # strangers

    def rival(self) -> None:
        """A foreign router takes the virtual address of the LAN, for a moment."""
        self.rival_at = time.monotonic()
        self.diary.note("a foreign router claims the virtual address with priority 255")
        self._advertise(VIRTUAL["lan"], ttl=255)

    def distant_rival(self) -> None:
        self.diary.note("an advertisement of priority 255 comes with a wrong TTL")
        self._advertise(VIRTUAL["lan"], ttl=64)

    def other_group(self) -> None:
        self.diary.note("another group advertises with priority 255")
        self._advertise(STRANGERS_OWN, ttl=255)

    def _advertise(self, address: str, ttl: int) -> None:
        interval = Centiseconds(round(INTERVAL * 100))
        advertisement = Advertisement(Vrid(VRID["lan"]), Priority(255), interval, (IPv4Address(address),))
        ip = IP(src=STRANGER, dst="224.0.0.18", ttl=ttl, proto=VRRP_PROTOCOL)
        message = Raw(encode(advertisement, IPv4Address(STRANGER), IPV4_GROUP))
        self._wild.send(bytes(Ether(src="02:00:00:00:00:66", dst="01:00:5e:00:00:12") / ip / message))

    # what is known

    def _cable(self, name: str, entry: str) -> Plight:
        """Before it is broken, or after it was mended."""
        self.diary.note(entry)
        return self.plights[name]

    def _lapse(self, name: str, entry: str) -> Plight:
        """Before the node is disturbed, or after it has come to itself."""
        self.diary.note(entry)
        self.plights[name].lapses += 1
        return self.plights[name]


def _words(way: str) -> str:
    return "from" if way == FROM else "to"


def _chain(name: str, port: str, way: str, policy: str) -> str:
    device, table = f"{name}-{port}", f"{name}_{port}"
    hook = f'type filter hook {way} device "{device}" priority 0; policy {policy};'
    return f"add chain netdev {table} {way}_way {{ {hook} }}\n"
