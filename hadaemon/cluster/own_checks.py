"""The administrator's own checks: one that fails counts as a ping group does whose only host is silent."""

from collections.abc import Iterable, Iterator

from hadaemon.cluster.blame import TRY_AGAIN
from hadaemon.cluster.counted import Counted, Group
from hadaemon.cluster.events import CheckResult
from hadaemon.config.check_model import Check
from hadaemon.problems import Problem, kinds
from hadaemon.status.node import CheckStatus


class OwnChecks:
    """The checks, counted. What a check looks at is what it is known by: another target begins anew."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._checks = {check.name: check for check in checks}
        self.counted = Counted(
            {
                name: Group((check.target,), check.fall, check.rise, check.counts_on)
                for name, check in self._checks.items()
            }
        )
        self._said: dict[str, str] = {}
        """What the last failed look of each said."""

    def go_on(self, before: "OwnChecks") -> None:
        """Takes over what was known of those that still look at the same."""
        self.counted.go_on(before.counted)
        self._said |= {name: said for name, said in before._said.items() if name in self._checks}

    def note(self, result: CheckResult, now: float) -> None:
        """Takes one result."""
        check = self._checks.get(result.check)
        if check is None:
            return
        if not result.good:
            self._said[result.check] = result.said
        self.counted.note(result.check, check.target, result.good, now)

    def status(self) -> tuple[CheckStatus, ...]:
        """In the order of the configuration."""
        return tuple(
            CheckStatus(
                name,
                str(check.target),
                not (failed := self.counted.has_failed(name, check.target)),
                self.counted.is_fault(name),
                self._said.get(name, "") if failed else "",
            )
            for name, check in self._checks.items()
        )

    def problems(self) -> Iterator[Problem]:
        """What an administrator should look at."""
        for name in self.counted.faults():
            said = self._said.get(name, "")
            if self.counted.is_kept(name):
                text = f"check {name} failed when this node was active ({said}): {TRY_AGAIN}"
            else:
                text = f"check {name} has failed: {said}"
            yield Problem(kinds.CHECK_FAILED, name, text)
