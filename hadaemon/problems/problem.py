"""Something that is wrong now."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hadaemon.problems.kinds import BY_WORD, OTHER, Kind
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


def as_json(problem: Problem) -> dict[str, str]:
    """For the status."""
    return {
        "kind": problem.kind.word,
        "resource": problem.resource,
        "severity": problem.severity,
        "text": problem.text,
    }


def from_json(raw: Mapping[str, Any]) -> Problem:
    """What `as_json` made. A kind that only another version knows is one without a word of its own."""
    kind = BY_WORD.get(raw["kind"], OTHER)
    severity = Severity(raw["severity"])
    return Problem(kind, raw["resource"], raw["text"], None if severity is kind.severity else severity)
