"""The verdict on the pair: would a takeover work now?"""

from dataclasses import dataclass
from enum import StrEnum


class Redundancy(StrEnum):
    """In a word or two."""

    REDUNDANT = "redundant"
    """It would."""
    DEGRADED = "degraded"
    """It would, and not everything is as it should be."""
    NONE = "no redundancy"
    """It would not, or nobody is active."""
    SPLIT = "split"
    """Both nodes are active."""
    UNKNOWN = "unknown"
    """Without a hotwire the active node does not hear the other one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one node can say of the pair."""

    redundancy: Redundancy
    reasons: tuple[str, ...]
    """One sentence each, the worst first; none where it is redundant."""

    def __str__(self) -> str:
        """In one line."""
        more = f" (and {len(self.reasons) - 1} more)" if len(self.reasons) > 1 else ""
        return f"{self.redundancy}: {self.reasons[0]}{more}" if self.reasons else str(self.redundancy)
