"""What a hotwire needs to know before it begins."""

from collections.abc import Callable
from dataclasses import dataclass

from hadaemon.config import ClusterConfig, NodeConfig, Port
from hadaemon.config import Hotwire as HotwireConfig
from hadaemon.config.hotwire_keys import Secret
from hadaemon.daemon.hotwire.epochs import Epochs
from hadaemon.hotwire.addresses import Ends, hotwire_ends
from hadaemon.hotwire.keying import Keying
from hadaemon.sync.head import Head
from hadaemon.upgrade.firmware_report import FirmwareReport


@dataclass(frozen=True, slots=True)
class Protection:
    """Of what the hotwire carries."""

    keying: Keying | None
    """Which keys; None: nothing is encrypted."""
    changed: Callable[[], None]
    """Something new was heard about them."""

    @property
    def stands(self) -> bool:
        """What needs no other protection may be sent."""
        return self.keying is None or self.keying.agreed


@dataclass(frozen=True, slots=True)
class HotwirePlan:
    """Of one session."""

    node: str
    port: Port
    config: HotwireConfig
    ends: Ends
    secret: Secret
    next_epoch: Callable[[], int]
    """For each life: greater than in all lives before."""
    firmware: str
    head: Callable[[], Head]
    """What this node has for a configuration now."""
    carried: Callable[[bytes], None]
    """Told of each piece of what this node needs to take over."""
    upgrade: Callable[[], FirmwareReport]
    """What this node says of the upgrade of the pair."""
    protection: Protection


def plan_hotwire(
    node: NodeConfig,
    cluster: ClusterConfig,
    secret: Secret | None,
    epochs: Epochs,
    firmware: str,
    head: Callable[[], Head],
    carried: Callable[[bytes], None],
    upgrade: Callable[[], FirmwareReport],
    protection: Protection,
) -> HotwirePlan | None:
    """None: there is no hotwire, or the nodes are not paired."""
    ends = hotwire_ends(node, cluster)
    if cluster.hotwire is None or ends is None or secret is None or not cluster.enabled:
        return None
    port = node.ports[cluster.hotwire.port]
    return HotwirePlan(
        node.name,
        port,
        cluster.hotwire,
        ends,
        secret,
        epochs.next,
        firmware,
        head,
        carried,
        upgrade,
        protection,
    )
