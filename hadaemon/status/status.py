"""Everything that a node tells of itself, its alarms aside."""

from dataclasses import dataclass

from hadaemon.status.hotwire import Hotwire
from hadaemon.status.node import NodeStatus
from hadaemon.status.parts import (
    CardStatus,
    ConfigurationSync,
    ConntrackStatus,
    FirmwareStatus,
    PortStatus,
    ServiceStatus,
    UpgradeStatus,
)
from hadaemon.status.states import Condition
from hadaemon.status.verdict import Verdict

SCHEMA = 2
"""Raised when a field changes its meaning or goes; new fields do not raise it."""


@dataclass(frozen=True, slots=True)
class Status:
    """A node at one moment."""

    configuration: Condition
    status: NodeStatus
    """The node as what decides knows it, and every problem."""
    ports: tuple[PortStatus, ...]
    """Every port of node.toml."""
    hotwire: Hotwire | None
    """None: the configuration names none."""
    conntrack: ConntrackStatus | None
    """None: connections are not told to another node."""
    services: tuple[ServiceStatus, ...]
    sync: ConfigurationSync | None
    """None: no hotwire."""
    unbound: tuple[CardStatus, ...]
    """What to look at when a port is absent."""
    firmware: FirmwareStatus
    upgrade: UpgradeStatus | None
    """None: there never was one."""
    pid: int
    """Of the daemon."""
    verdict: Verdict | None = None
    """Would a takeover work now? None: the node has no cluster."""
    schema: int = SCHEMA
    """Of this answer."""
