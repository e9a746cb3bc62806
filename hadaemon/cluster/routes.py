"""Tracked routes: one that the active node has lacked for too long is a fault, as a failed ping group is.

A backup may well lack a route that follows the active node, such as a dial-in's: it is not blamed for that.
But a node that was active without it keeps the fault until it sees the route again, or until an administrator
says that it may try again (`hactl resume`). Otherwise the two nodes would take turns for as long as one of
them cannot reach the network. All times are monotonic seconds.
"""

from collections.abc import Iterable, Iterator

from hadaemon.cluster.events import RouteChanged
from hadaemon.config.model import TrackedRoute
from hadaemon.problems import Problem, kinds
from hadaemon.status.node import TrackedRouteStatus


class RouteChecks:
    """A route of which nothing is known yet is not missing."""

    def __init__(self, routes: Iterable[TrackedRoute]) -> None:
        self._routes = tuple(routes)
        self._active = False
        self._missing: set[TrackedRoute] = set()
        self._faulty: set[TrackedRoute] = set()
        """Of the missing ones, those that count."""
        self._faulty_from: dict[TrackedRoute, float] = {}
        """Of the others, while the node is active: when they begin to count."""

    def go_on(self, before: "RouteChecks") -> None:
        """Knows what was known of the routes that are still tracked."""
        tracked = set(self._routes)
        self._missing |= tracked & before._missing
        self._faulty |= tracked & before._faulty
        self._faulty_from |= {route: time for route, time in before._faulty_from.items() if route in tracked}

    def note(self, event: RouteChanged, now: float) -> None:
        """Takes the present truth about one route; of one that is not tracked (any more): nothing."""
        if event.present:
            self._missing.discard(event.route)
            self._faulty.discard(event.route)
            self._faulty_from.pop(event.route, None)
        elif event.route in self._routes:
            self._missing.add(event.route)
            self._begin(now)

    def note_state(self, active: bool, now: float) -> None:
        """Whether the node is active from now on."""
        self._active = active
        if active:
            self._begin(now)
        else:
            self._faulty_from.clear()

    def pass_time(self, now: float) -> None:
        """What has been missing for too long counts."""
        due = {route for route, time in self._faulty_from.items() if time <= now}
        self._faulty |= due
        for route in due:
            del self._faulty_from[route]

    def forgive(self, now: float) -> None:
        """The node may try again."""
        self._faulty.clear()
        self._begin(now)

    @property
    def next_deadline(self) -> float | None:
        """When the next missing route begins to count; None: none is about to."""
        return min(self._faulty_from.values(), default=None)

    @property
    def faults(self) -> int:
        """How many missing routes count."""
        return len(self._faulty)

    def status(self) -> tuple[TrackedRouteStatus, ...]:
        """In the order of the configuration."""
        return tuple(
            TrackedRouteStatus(
                str(route.destination), route.port, route not in self._missing, route in self._faulty
            )
            for route in self._routes
        )

    def problems(self) -> Iterator[Problem]:
        """What an administrator should look at."""
        for route in self._routes:
            if route not in self._faulty:
                continue
            if self._active:
                text = f"there is no route to {route}"
            else:
                text = (
                    f"there was no route to {route} when this node was active: see to it, then let the node "
                    "try again (`hactl resume`)"
                )
            yield Problem(kinds.ROUTE_MISSING, str(route), text)

    def _begin(self, now: float) -> None:
        if self._active:
            for route in self._missing - self._faulty:
                self._faulty_from.setdefault(route, now + route.patience)
