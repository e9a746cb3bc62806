"""How a command of `hactl` ends that was not done: what it says, and its exit code."""

from enum import IntEnum

from hadaemon.control.errors import NoDaemon, NotAllowed
from hadaemon.errors import in_words
from hadaemon.language.speech import _, told


class Exit(IntEnum):
    """The exit codes, the same for every command."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    """As argparse has it."""
    NO_DAEMON = 3
    NO_PERMISSION = 4
    INTERRUPTED = 130
    """128 + SIGINT, as a shell has it."""


class CommandFailed(Exception):
    """A command ends here: what to say, and the exit code."""

    def __init__(self, code: Exit, text: str) -> None:
        super().__init__(text)
        self.code = code


def failure_of(error: Exception) -> CommandFailed:
    """How a command ends that met this error."""
    if isinstance(error, NoDaemon):
        return CommandFailed(Exit.NO_DAEMON, told(in_words(error)))
    if isinstance(error, NotAllowed):
        return CommandFailed(Exit.NO_PERMISSION, told(in_words(error)))
    if _forbidden(error):
        return CommandFailed(Exit.NO_PERMISSION, told(in_words(error, _(": be root (`sudo hactl …`)"))))
    return CommandFailed(Exit.REFUSED, told(in_words(error)))


def _forbidden(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, PermissionError):
            return True
        error = error.__cause__
    return False
