"""What a request may come to."""

from collections.abc import Sequence

from hadaemon.errors import HadaemonError


class RequestRefused(HadaemonError):
    """It cannot be carried out, and nothing was changed."""

    def __init__(self, reason: str, problems: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.problems = tuple(problems)


class NoDaemon(HadaemonError):
    """The daemon does not answer."""


class NotAllowed(HadaemonError):
    """Whoever asks has no right to."""


class NotUnderstood(HadaemonError):
    """The daemon's answer is that of another version."""
