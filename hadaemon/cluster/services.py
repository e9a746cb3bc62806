"""Services that follow the active node and count: one that has failed here is a fault as a check is that
counts on the active node alone. A backup runs none of them, and is not blamed; who gave way keeps the fault.
"""

from collections.abc import Iterator

from hadaemon.cluster.blame import TRY_AGAIN
from hadaemon.cluster.counted import Counted, Group
from hadaemon.cluster.events import ServiceSeen
from hadaemon.config.check_model import CountsOn
from hadaemon.config.follow_model import Follow
from hadaemon.problems import Problem, kinds


class CountedServices:
    """Whether one has failed is decided where it is kept running: see `hadaemon.follow.kept_unit`."""

    def __init__(self, follow: Follow) -> None:
        units = [service.unit for service in follow.services if service.counts]
        self.counted = Counted({unit: Group((unit,), 1, 1, CountsOn.ACTIVE) for unit in units})

    def note(self, event: ServiceSeen, now: float) -> None:
        """Takes the present truth about one."""
        self.counted.note(event.unit, event.unit, event.well, now)

    def problems(self) -> Iterator[Problem]:
        """What an administrator should look at. While the node is active, who keeps it running tells more."""
        for unit in self.counted.faults():
            if self.counted.is_kept(unit):
                text = f"{unit} did not run when this node was active: {TRY_AGAIN}"
                yield Problem(kinds.SERVICE, unit, text)
