"""The node score: how fit a node is, packed into the VRRP priority so that standard peers understand it.

It has two parts that are never mixed. *Health* (links, then lesser faults) always wins; *preference* only
decides between equally healthy nodes. Packed as a deficit from the best:
254 - (8 * links down + 2 * lesser faults + 1 if not preferred).
"""

from dataclasses import dataclass

from hadaemon.vrrp.model import OWNER, Priority

BEST = 254
LOWEST = Priority(1)
"""What any router that takes part may advertise: 0 means that it leaves."""

_LINK = 8
_MAX_LINKS = 29
_LESSER = 2
_MAX_LESSER = 3
_NOT_PREFERRED = 1


@dataclass(frozen=True, slots=True, order=True)
class Health:
    """What a node has lost; less is better, and a link weighs more than any number of lesser faults."""

    links_down: int
    """HA interfaces that cannot serve."""
    lesser_faults: int = 0
    """Ping groups in which no host answers, missing tracked routes, failed checks and services, and links
    that are not proven yet."""

    @property
    def deficit(self) -> int:
        """What it costs in priority; even, so that preference has the last bit for itself."""
        return _LINK * min(self.links_down, _MAX_LINKS) + _LESSER * min(self.lesser_faults, _MAX_LESSER)


@dataclass(frozen=True, slots=True)
class Score:
    """What a node is worth at this moment."""

    health: Health
    preferred: bool
    """This node is the one meant to be active."""
    base: Priority | None = None
    """Configured for this node, in place of 254 and the bit of preference; None: packed as above."""
    rival: Priority | None = None
    """Configured for the other node, if `base` is."""

    @property
    def priority(self) -> Priority:
        """The same for every VRID, so that the group moves as one."""
        if self.is_owner:
            return OWNER
        if self.base is not None:
            return Priority(max(LOWEST, self.base - self.health.deficit))
        return Priority(BEST - self.health.deficit - (0 if self.preferred else _NOT_PREFERRED))

    @property
    def health_floor(self) -> Priority:
        """The lowest priority that still says: no less healthy than we are.

        With configured priorities it is not above our own: a claim that loses is worse than none. Where it
        cannot be known (a foreign peer whose priority is not configured), any priority says so.
        """
        if self.base is None:
            return Priority(BEST - self.health.deficit - _NOT_PREFERRED)
        if self.rival is None:
            return LOWEST
        return Priority(max(LOWEST, min(self.priority, self.rival - self.health.deficit)))

    @property
    def is_owner(self) -> bool:
        """This node is the address owner."""
        return self.base == OWNER

    def beats(self, other: "Score", preempt: bool) -> bool:
        """Whether this node is to be active in place of the other; preference counts if it preempts."""
        if self.health < other.health:
            return True
        if self.health > other.health:
            return False
        return preempt and self.preferred and not other.preferred
