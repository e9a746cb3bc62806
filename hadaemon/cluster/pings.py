"""Ping checks: a host fails after several unanswered pings in a row, a group when all its hosts do."""

from collections.abc import Iterable, Iterator

from hadaemon.cluster.blame import TRY_AGAIN
from hadaemon.cluster.counted import Counted, Group
from hadaemon.cluster.events import PingResult
from hadaemon.config.model import PingGroup
from hadaemon.problems import Problem, kinds
from hadaemon.status.node import PingGroupStatus


class PingChecks:
    """The ping groups, counted."""

    def __init__(self, groups: Iterable[PingGroup]) -> None:
        self._groups = {group.name: group for group in groups}
        self.counted = Counted(
            {
                name: Group(group.hosts, group.failures, group.recoveries, group.counts_on)
                for name, group in self._groups.items()
            }
        )

    def note(self, result: PingResult, now: float) -> None:
        """Takes one result."""
        self.counted.note(result.group, result.host, result.answered, now)

    def status(self) -> tuple[PingGroupStatus, ...]:
        """In the order of the configuration."""
        return tuple(
            PingGroupStatus(
                name,
                self.counted.is_fault(name),
                tuple(str(host) for host in group.hosts if self.counted.has_failed(name, host)),
            )
            for name, group in self._groups.items()
        )

    def problems(self) -> Iterator[Problem]:
        """What an administrator should look at."""
        for name in self.counted.faults():
            hosts = ", ".join(str(host) for host in self._groups[name].hosts)
            if self.counted.is_kept(name):
                said = f"{hosts} did not answer when this node was active: {TRY_AGAIN}"
            else:
                said = f"{hosts} do not answer"
            yield Problem(kinds.PING_FAILED, name, f"ping group {name}: {said}")
