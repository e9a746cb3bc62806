"""The base of every error that this package raises on purpose, and such an error in words."""

from collections.abc import Sequence


class HadaemonError(Exception):
    """An expected failure with a message for the administrator: what, where, what to do."""


def in_words(error: Exception, hint: str = "") -> str:
    """The message with a hint, and each of the error's `problems`, if it has them, on a line of its own."""
    return with_problems(f"{error}{hint}", [str(problem) for problem in getattr(error, "problems", ())])


def with_problems(text: str, problems: Sequence[str]) -> str:
    """What is wrong, and every reason on a line of its own."""
    return "\n".join([text, *(f"  ! {problem}" for problem in problems)])
