"""The node score: how fit a node is, packed into the VRRP priority so that standard peers understand it.

Packed as a deficit from the best: 254 - (8 * links down + 1 if not preferred); the bits between are kept for
failed ping groups. The lowest bit is preference, all above it is health: better health always wins,
preference only breaks its ties.
"""

from dataclasses import dataclass

from hadaemon.vrrp.model import Priority

BEST = 254
"""255 is the address owner's, which never takes part in an election (RFC 9568 §5.2.4)."""

_LINK = 8
_MAX_LINKS = 29
_NOT_PREFERRED = 1


@dataclass(frozen=True, slots=True)
class Score:
    """What a node is worth at this moment."""

    links_down: int
    """HA interfaces that cannot serve."""
    preferred: bool
    """This node is the one meant to be active."""

    @property
    def priority(self) -> Priority:
        """The same for every VRID, so that the group moves as one; 22-254."""
        deficit = _LINK * min(self.links_down, _MAX_LINKS)
        return Priority(BEST - deficit - (0 if self.preferred else _NOT_PREFERRED))

    @property
    def health_floor(self) -> Priority:
        """The lowest priority that still says: no less healthy than we are."""
        return Priority(BEST - ((BEST - self.priority) | _NOT_PREFERRED))
