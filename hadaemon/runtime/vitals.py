"""What the other node's administrator wants to see of this one, beside the node's own words."""

import hashlib
import os
from pathlib import Path

from hadaemon.config import ClusterConfig, render_cluster
from hadaemon.hotwire.report import Vitals

_CONNECTIONS = Path("/proc/sys/net/netfilter/nf_conntrack_count")
_AGE = 1.0
"""Seconds for which what was measured is good enough."""


class VitalSigns:
    """Measures at most once a second: two reads of the kernel's own files, which never wait for a disk."""

    def __init__(self, firmware: str, cluster: ClusterConfig) -> None:
        self._firmware = firmware
        self._configuration = hashlib.sha256(render_cluster(cluster).encode()).hexdigest()[:16]
        self._measured = Vitals()
        self._until = 0.0

    def measure(self, now: float) -> Vitals:
        """`now` is monotonic seconds."""
        if now >= self._until:
            self._until = now + _AGE
            self._measured = Vitals(
                firmware=self._firmware,
                configuration=self._configuration,
                connections=_connections(),
                load=os.getloadavg()[0],
            )
        return self._measured


def _connections() -> int | None:
    try:
        return int(_CONNECTIONS.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
