"""How many advertisements a second a configuration asks for, and how many a node keeps up with."""

from hadaemon.config.model import ClusterConfig
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import SECOND, Centiseconds

MAX_RATE = 700
"""Advertisements a second. Measured, a pair kept 2500 with no gap of three intervals, and did not keep 3200.
This is less than a third of what was kept, for boxes that are slower and have other work.
docs/configuration.md says how it was measured."""

_UNIT = 10
"""Milliseconds of a centisecond."""


def note_too_many_advertisements(table: Table, cluster: ClusterConfig) -> None:
    """Checks that a node can keep up: a backup that cannot misses advertisements, and takes over from a
    healthy node."""
    routers = cluster.virtual_routers
    rate = sum(SECOND * len(each.families) / cluster.interval_of(each) for each in cluster.ha_interfaces)
    if rate <= MAX_RATE:
        return
    least = Centiseconds(-(-routers * SECOND // MAX_RATE))
    table.mistakes.add(
        f"{table.at('vrrp')}.advertisement_interval",
        f"{routers} virtual routers (one for each HA interface and family) are {rate:.0f} advertisements a "
        f"second, and a node keeps up with {MAX_RATE}: write {least * _UNIT}ms or more",
    )
