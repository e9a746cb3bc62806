"""Which virtual addresses have been requested on which port, and with what result.

Level-triggered: only differences are requested, and what failed is requested again with a growing delay.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hadaemon.cluster.actions import SetAddresses
from hadaemon.problems import Problem, other

_FIRST_RETRY = 0.1
_LAST_RETRY = 5.0
"""Seconds before a failed change is tried again: doubled each time, up to the last."""


@dataclass(frozen=True, slots=True)
class _Failure:
    message: str
    attempts: int
    retry_at: float | None
    """None: it has been requested again, and no failure was reported since."""


class AddressBook:
    """What was last requested, port by port."""

    def __init__(self) -> None:
        self._asked: dict[str, SetAddresses] = {}
        self._failures: dict[str, _Failure] = {}

    @property
    def next_deadline(self) -> float | None:
        """When the next retry of something that failed is due; monotonic seconds."""
        retries = (failure.retry_at for failure in self._failures.values())
        return min((retry for retry in retries if retry is not None), default=None)

    def changes(self, desired: Iterable[SetAddresses], now: float) -> list[SetAddresses]:
        """What must be requested now, of all that should be on the present ports."""
        orders = []
        for order in desired:
            if self._asked.get(order.port) != order:
                self._failures.pop(order.port, None)
            elif not self._retry_due(order.port, now):
                continue
            self._asked[order.port] = order
            orders.append(order)
        return orders

    def forget(self, port: str) -> None:
        """The hardware is gone, and everything that was set on it too."""
        self._asked.pop(port, None)
        self._failures.pop(port, None)

    def failed(self, order: SetAddresses, message: str, now: float) -> None:
        """An order had no effect; a newer one for the same port makes that irrelevant."""
        if self._asked.get(order.port) != order:
            return
        before = self._failures.get(order.port)
        attempts = 0 if before is None else before.attempts + 1
        delay = min(_FIRST_RETRY * 2 ** min(attempts, 10), _LAST_RETRY)
        self._failures[order.port] = _Failure(message, attempts, now + delay)

    def has_failed(self, port: str) -> bool:
        failure = self._failures.get(port)
        return failure is not None and failure.retry_at is not None

    def problems(self) -> list[Problem]:
        return [
            other(
                f"{port}/addresses",
                f"port {port}: the virtual addresses could not be set: {failure.message}; trying again",
            )
            for port, failure in sorted(self._failures.items())
            if self.has_failed(port)
        ]

    def _retry_due(self, port: str, now: float) -> bool:
        failure = self._failures.get(port)
        if failure is None or failure.retry_at is None or failure.retry_at > now:
            return False
        self._failures[port] = _Failure(failure.message, failure.attempts, None)
        return True
