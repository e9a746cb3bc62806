"""Ping checks: a host fails after several unanswered pings in a row, a group when all its hosts do."""

from collections.abc import Iterable

from hadaemon.cluster.events import PingResult
from hadaemon.config.model import PingGroup
from hadaemon.problems import Problem, kinds
from hadaemon.status.node import PingGroupStatus
from hadaemon.vrrp.model import IPAddress


class PingChecks:
    """Counts answers. A host about which nothing is known yet has not failed."""

    def __init__(self, groups: Iterable[PingGroup]) -> None:
        self._groups = {group.name: group for group in groups}
        self._failed: set[tuple[str, IPAddress]] = set()
        self._streaks: dict[tuple[str, IPAddress], int] = {}
        """Results in a row that contradict the present verdict."""

    def go_on(self, before: "PingChecks") -> None:
        """Takes over what was known of the hosts that are still pinged."""
        for name, group in self._groups.items():
            hosts = {(name, host) for host in group.hosts}
            self._failed |= hosts & before._failed
            self._streaks |= {host: before._streaks[host] for host in hosts & before._streaks.keys()}

    def note(self, result: PingResult) -> None:
        """Takes one result; ignores that of a group or host that is not configured (any more)."""
        group = self._groups.get(result.group)
        if group is None or result.host not in group.hosts:
            return
        host = (group.name, result.host)
        failed = host in self._failed
        if result.answered != failed:
            self._streaks.pop(host, None)
            return
        streak = self._streaks.get(host, 0) + 1
        self._streaks[host] = streak
        if streak >= (group.recoveries if failed else group.failures):
            (self._failed.discard if failed else self._failed.add)(host)
            del self._streaks[host]

    def failed_groups(self) -> tuple[str, ...]:
        """Names of the groups in which no host answers."""
        return tuple(name for name, group in self._groups.items() if self._has_failed(group))

    def status(self) -> tuple[PingGroupStatus, ...]:
        return tuple(
            PingGroupStatus(
                name,
                self._has_failed(group),
                tuple(str(host) for host in group.hosts if (name, host) in self._failed),
            )
            for name, group in self._groups.items()
        )

    def problems(self) -> list[Problem]:
        """What an administrator should look at."""
        return [
            Problem(kinds.PING_FAILED, name, f"ping group {name}: {self._hosts(name)} do not answer")
            for name in self.failed_groups()
        ]

    def _hosts(self, name: str) -> str:
        return ", ".join(str(host) for host in self._groups[name].hosts)

    def _has_failed(self, group: PingGroup) -> bool:
        return all((group.name, host) in self._failed for host in group.hosts)
