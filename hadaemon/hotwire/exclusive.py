"""What the hotwire carries, in one list: the firewall's rules and the documentation follow from it.

Nothing else comes in, nothing else goes out, and nothing is forwarded over it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

HEARTBEAT_PORT = 3781
STREAM_PORT = 3782
BEACON_TYPE = 0x88B5
"""EtherType of the beacons of `hactl hotwire detect`: the first of those for local experiments (IEEE 802)."""

TABLE = "hotspare_hotwire"


class Protocol(StrEnum):
    """The transport."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class Service:
    """One thing that the hotwire carries."""

    name: str
    protocol: Protocol
    port: int
    purpose: str


SERVICES = (
    Service("ssh", Protocol.TCP, 22, "synchronization of the configuration, firmware, pairing"),
    Service("conntrackd", Protocol.UDP, 3780, "connection tracking"),
    Service("heartbeat", Protocol.UDP, HEARTBEAT_PORT, "the other node's state, as the election's witness"),
    Service("daemon", Protocol.TCP, STREAM_PORT, "the connection whose breaking says that a daemon died"),
)
"""The whole list. What a later function needs is added here and nowhere else."""


def ruleset(interface: str, services: Iterable[Service] = SERVICES) -> str:
    """The nftables rules for the hotwire's interface, for `nft -f`: they replace what was there.

    They only ever drop: what another table drops stays dropped. Answers over TCP pass by not being the begin
    of a connection, so that nothing depends on connection tracking.
    """
    listed = tuple(services)
    name = _quoted(interface)
    lines = [
        f"table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *_listed_only(listed),
        *_base("input", f"iifname {name} jump listed"),
        *_base("output", f"oifname {name} jump listed"),
        *_base("forward", f"iifname {name} counter drop", f"oifname {name} counter drop"),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _listed_only(services: tuple[Service, ...]) -> list[str]:
    rules = []
    for service in services:
        comment = f"accept comment {_quoted(service.name)}"
        rules.append(f"{service.protocol} dport {service.port} {comment}")
        if service.protocol is Protocol.TCP:
            rules.append(f"tcp sport {service.port} tcp flags & (syn | ack) != syn {comment}")
    return ["\tchain listed {", *(f"\t\t{rule}" for rule in rules), "\t\tcounter drop", "\t}"]


def _base(hook: str, *rules: str) -> list[str]:
    head = f"type filter hook {hook} priority filter - 10; policy accept;"
    return [f"\tchain {hook} {{", *(f"\t\t{line}" for line in (head, *rules)), "\t}"]


def _quoted(text: str) -> str:
    """A string of nftables. No name of an interface and none of our words has a quote in it."""
    return '"' + text.replace('"', "") + '"'
