"""Ping checks: a host fails after several unanswered pings in a row, a group when all its hosts do.

A group that counts on the active node alone is a fault by the rule of `hadaemon.cluster.blame`: what a node
found as backup says nothing, and once it is active it begins to ask anew. All times are monotonic seconds.
"""

from collections.abc import Iterable, Iterator

from hadaemon.cluster.blame import TRY_AGAIN, Blame
from hadaemon.cluster.events import PingResult
from hadaemon.config.model import CountsOn, PingGroup
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
        self._lone = [name for name, group in self._groups.items() if group.counts_on is CountsOn.ACTIVE]
        # The pings that a host may leave unanswered are patience enough.
        self.blame = Blame(dict.fromkeys(self._lone, 0.0))
        """Of the groups that count on the active node alone, by name."""

    def go_on(self, before: "PingChecks") -> None:
        """Takes over what was known of the hosts that are still pinged."""
        for name, group in self._groups.items():
            hosts = {(name, host) for host in group.hosts}
            self._failed |= hosts & before._failed
            self._streaks |= {host: before._streaks[host] for host in hosts & before._streaks.keys()}
        self.blame.go_on(before.blame)
        # What a group is, and whom it counts on, may be another thing now.
        self.blame.missing = {name for name in self._lone if self._is_silent(self._groups[name])}
        self.blame.faulty &= self.blame.missing

    def note(self, result: PingResult, now: float) -> None:
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
            self.blame.note(group.name, not self._is_silent(group), now)

    def note_state(self, active: bool, now: float) -> None:
        """Whether the node is active from now on."""
        if active and not self.blame.active:
            for name in set(self._lone) - self.blame.faulty:
                for host in self._groups[name].hosts:
                    self._failed.discard((name, host))
                    self._streaks.pop((name, host), None)
                self.blame.note(name, True, now)
        self.blame.note_state(active, now)

    def failed_groups(self) -> tuple[str, ...]:
        """Names of the groups that count as a fault."""
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

    def problems(self) -> Iterator[Problem]:
        """What an administrator should look at."""
        for name in self.failed_groups():
            hosts = ", ".join(str(host) for host in self._groups[name].hosts)
            if name in self.blame.faulty and not self.blame.active:
                said = f"{hosts} did not answer when this node was active: {TRY_AGAIN}"
            else:
                said = f"{hosts} do not answer"
            yield Problem(kinds.PING_FAILED, name, f"ping group {name}: {said}")

    def _has_failed(self, group: PingGroup) -> bool:
        if group.counts_on is CountsOn.ACTIVE:
            return group.name in self.blame.faulty
        return self._is_silent(group)

    def _is_silent(self, group: PingGroup) -> bool:
        return all((group.name, host) in self._failed for host in group.hosts)
