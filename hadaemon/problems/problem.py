"""Something that is wrong now."""

import zlib
from dataclasses import dataclass

from hadaemon.problems.kinds import OTHER, Kind
from hadaemon.problems.severity import Severity


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; an alarm is one that lasted."""

    kind: Kind
    resource: str
    """What of the node it is about: a port, a unit, a file; empty: the node. Kind and resource stay the same
    for as long as it lasts, and one alarm is raised for both."""
    text: str
    """One sentence for people. It may change while the problem lasts, and nothing is decided by it."""
    worse: Severity | None = None
    """Where it is not as bad as its kind says."""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.worse or self.kind.severity


def other(resource: str, text: str) -> Problem:
    """One without a word of its own."""
    return Problem(OTHER, resource, text)


def unnamed(subject: str, text: str) -> Problem:
    """One of several whose sentence alone is known, as with notes on files: its resource is made of that."""
    return other(f"{subject}/{zlib.crc32(text.encode()):08x}", text)
