"""What the hotwire carries, in one list: the firewall's rules (`hadaemon.firewall.base`) follow from it.

Nothing else comes in, nothing else goes out, and nothing is forwarded over it. What has no keys of its own
passes only if the kernel has encrypted it and knows who did (`hadaemon.hotwire.keying`). Advertisements of HA
interfaces are the one thing that may be added to it: `hotwire.advertisements` of cluster.toml.
"""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_PORT = "hotwire"
"""The name of the port, as long as no cluster.toml names another one."""
HEARTBEAT_PORT = 3781
CONNTRACKD_PORT = 3780
STREAM_PORT = 3782
HAPROXY_PORT = 3784
BEACON_TYPE = 0x88B5
"""EtherType of the beacons of `hactl hotwire detect`: the first of those for local experiments (IEEE 802)."""


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
    clear: bool = False
    """It may pass without the kernel's encryption: it has keys of its own, or it is what leads to keys."""


SERVICES = (
    Service("ssh", Protocol.TCP, 22, "synchronization of the configuration, firmware", clear=True),
    Service("pairing", Protocol.TCP, 3783, "`hactl pair`, while it runs", clear=True),
    Service("conntrackd", Protocol.UDP, CONNTRACKD_PORT, "connection tracking"),
    Service(
        "heartbeat",
        Protocol.UDP,
        HEARTBEAT_PORT,
        "the other node's state, as the election's witness",
        clear=True,
    ),
    Service("daemon", Protocol.TCP, STREAM_PORT, "the connection whose breaking says that a daemon died"),
    Service("haproxy", Protocol.TCP, HAPROXY_PORT, "HAProxy's stick tables"),
)
"""The whole list. What a later function needs is added here and nowhere else."""
