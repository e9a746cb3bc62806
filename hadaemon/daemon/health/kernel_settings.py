"""Whether the kernel has the settings of cluster.toml, the values that they are to have, and memory for
them."""

import os
from collections.abc import Callable

from hadaemon.config.conntrack_model import BYTES_PER_CONNECTION, Conntrack
from hadaemon.daemon.part import Part
from hadaemon.daemon.today import Today
from hadaemon.io.kernel.settings import read_setting
from hadaemon.problems import Problem, other

_SHARE = 4
"""The table of connections may have this part of the memory."""


class KernelSettings(Part):
    """Looks at them whenever somebody asks; hotspare-kernel.service sets them."""

    def __init__(
        self, today: Today, read: Callable[[str], str | None] = read_setting, memory: int | None = None
    ) -> None:
        """`memory`: bytes; None: as the machine has it."""
        self._today = today
        self._read = read
        self._memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if memory is None else memory

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One for each setting that is not as cluster.toml says."""
        cluster = self._today.configuration.cluster
        if cluster is None:
            return ()
        found = ((name, self._wrong(name, value)) for name, value in cluster.kernel_settings.items())
        problems = [other(f"kernel/{name}", text) for name, text in found if text]
        crowded = self._crowded(cluster.conntrack)
        return (*problems, *([other("conntrack/max_connections", crowded)] if crowded else []))

    def _crowded(self, conntrack: Conntrack) -> str:
        """Empty: the table has room. The rest of the node needs most of the memory."""
        most, fits = conntrack.max_connections, self._memory // _SHARE // BYTES_PER_CONNECTION
        if most <= fits:
            return ""
        return (
            f"max_connections = {most} of [conntrack] may take {most * BYTES_PER_CONNECTION >> 20} MB of "
            f"this node's {self._memory >> 20} MB: {fits} at most leave enough for the rest"
        )

    def _wrong(self, name: str, value: str) -> str:
        """Empty: nothing."""
        found = self._read(name)
        if found is None:
            return f"this kernel has no setting {name}: remove it from cluster.toml"
        if found != value:
            return f"the kernel's {name} is {found}, not {value}: see `journalctl -u hotspare-kernel`"
        return ""
