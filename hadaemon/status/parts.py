"""What only the edge of the daemon knows: ports, services, connections, firmware and what both nodes have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hadaemon.status.flat import FLAT
from hadaemon.status.service_phase import Phase
from hadaemon.sync.head import SyncStatus
from hadaemon.upgrade.agreement import Agreement
from hadaemon.upgrade.plan import Plan
from hadaemon.upgrade.rolling import NodeView, UpgradeStep
from hadaemon.upgrade.trial import Check


@dataclass(frozen=True, slots=True)
class AddressStatus:
    """An address that is on an interface now."""

    address: str
    """With prefix length."""
    virtual: bool


@dataclass(frozen=True, slots=True)
class PortStatus:
    """A port of node.toml, and the link that it is."""

    port: str
    mac: str
    interface: str | None
    """None: absent."""
    driver: str
    carrier: bool
    addresses: tuple[AddressStatus, ...]


@dataclass(frozen=True, slots=True)
class CardStatus:
    """A network card that no port is bound to."""

    interface: str
    mac: str
    driver: str
    path: str
    """Of the bus, e.g. `pci-0000:02:00.0`."""
    carrier: bool


@dataclass(frozen=True, slots=True)
class ConntrackStatus:
    """The connections of the pair. Numbers are entries; None: not known."""

    running: bool
    """conntrackd runs, and does what it is told."""
    here: int | None
    """In this node's table."""
    there: int | None
    """In the other node's table."""
    missing: int
    """Of the other node's, so many are not here."""
    errors: Mapping[str, int]
    """That conntrackd has counted; only those that occurred."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A unit or a port that follows the active node."""

    unit: str
    wanted: bool
    """It is to be up now."""
    state: Phase

    @property
    def well(self) -> bool:
        """It is as it is to be."""
        return self.state is Phase.UP if self.wanted else self.state in (Phase.DOWN, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class ConfigurationSync:
    """Whether both nodes have the same configuration."""

    status: SyncStatus = field(metadata=FLAT)
    generation: int
    """Of this node's."""


@dataclass(frozen=True, slots=True)
class FirmwareStatus:
    """The firmware that runs."""

    version: str | None
    """None: it is not a node's own firmware, or it does not say."""
    slot: str | None
    failing: Mapping[Check, str]
    """The checks that the node does not pass now, and why."""
    on_trial: bool
    pair: Agreement | None
    """Whether both nodes run the same; None: no hotwire."""


@dataclass(frozen=True, slots=True)
class UpgradeStatus:
    """The newest upgrade of the pair's firmware, under way or over."""

    plan: Plan = field(metadata=FLAT)
    step: UpgradeStep | None
    """What this node does now."""
    waits: str
    """Why it does that, or what it waits for."""
    progress: str
    """Of the installation, in its own words."""
    peer: NodeView | None
    """The other node by its last words, its plan aside; None: not heard."""
