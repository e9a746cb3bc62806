"""For how long a node has been well: what `healthy`, `sick` and `soaked` mean.

Pure; times are monotonic seconds.
"""

STABLE = 5.0
"""Seconds of unbroken health until a node counts as healthy."""
PATIENCE = 300.0
"""Seconds without that, from the daemon's start or from when it was last healthy, until it counts as sick: so
long may a trial take. A slow box that is busy needs most of it for the units of its boot; only
hotspare-trial.timer is later."""
SOAK = 30.0
"""Seconds for which a node has to be active and healthy without a break, until the other one may go."""


class Fitness:
    """One life of the daemon."""

    def __init__(self, now: float) -> None:
        self._well_since: float | None = None
        self._active_since: float | None = None
        self._healthy_at = now
        """When it was last healthy; at first, when the daemon began."""
        self.healthy = self.sick = self.soaked = False

    def look(self, well: bool, active: bool, now: float) -> None:
        """Takes in how the node is now."""
        self._well_since = (self._well_since if self._well_since is not None else now) if well else None
        serves = well and active
        self._active_since = (
            (self._active_since if self._active_since is not None else now) if serves else None
        )
        self.healthy = self._well_since is not None and now - self._well_since >= STABLE
        if self.healthy:
            self._healthy_at = now
        self.sick = now - self._healthy_at > PATIENCE
        self.soaked = self.healthy and self._active_since is not None and now - self._active_since >= SOAK
