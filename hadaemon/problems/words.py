"""A problem as JSON tells it."""

from dataclasses import dataclass

from hadaemon.problems.kinds import BY_WORD, OTHER
from hadaemon.problems.problem import Problem
from hadaemon.problems.severity import Severity


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """Something that is wrong now. `kind` and `resource` stay the same for as long as it lasts."""

    kind: str
    resource: str
    """What of the node it is about: a port, a unit, a file; empty: the node."""
    severity: Severity
    text: str
    """One sentence for people; nothing is decided by it."""


def words_of(problem: Problem) -> ProblemWords:
    """For whoever is told."""
    return ProblemWords(problem.kind.word, problem.resource, problem.severity, problem.text)


def problem_of(words: ProblemWords) -> Problem:
    """What was told. A kind that only another version knows is one without a word of its own."""
    kind = BY_WORD.get(words.kind, OTHER)
    worse = None if words.severity is kind.severity else words.severity
    return Problem(kind, words.resource, words.text, worse)
