"""Tracked routes: one that the active node has lacked for too long is a fault, as a failed ping group is.

A backup may well lack a route that follows the active node, such as a dial-in's: `hadaemon.cluster.blame` has
the rule. All times are monotonic seconds.
"""

from collections.abc import Iterable, Iterator

from hadaemon.cluster.blame import TRY_AGAIN, Blame
from hadaemon.cluster.events import RouteChanged
from hadaemon.config.model import TrackedRoute
from hadaemon.problems import Problem, kinds
from hadaemon.status.node import TrackedRouteStatus


class RouteChecks:
    """A route of which nothing is known yet is not missing."""

    def __init__(self, routes: Iterable[TrackedRoute]) -> None:
        self._routes = tuple(routes)
        self.blame = Blame({route: route.patience for route in self._routes})

    def note(self, event: RouteChanged, now: float) -> None:
        """Takes the present truth about one route; of one that is not tracked (any more): nothing."""
        self.blame.note(event.route, event.present, now)

    @property
    def faults(self) -> int:
        """How many missing routes count."""
        return len(self.blame.faulty)

    def status(self) -> tuple[TrackedRouteStatus, ...]:
        """In the order of the configuration."""
        return tuple(
            TrackedRouteStatus(
                str(route.destination),
                route.port,
                route not in self.blame.missing,
                route in self.blame.faulty,
            )
            for route in self._routes
        )

    def problems(self) -> Iterator[Problem]:
        """What an administrator should look at."""
        for route in self._routes:
            if route not in self.blame.faulty:
                continue
            if self.blame.active:
                text = f"there is no route to {route}"
            else:
                text = f"there was no route to {route} when this node was active: {TRY_AGAIN}"
            yield Problem(kinds.ROUTE_MISSING, str(route), text)
