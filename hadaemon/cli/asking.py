"""One question to the daemon, and how a command of `hactl` ends when there is no good answer."""

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

from hadaemon.cli.render import Answer
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.control_client import Message, ask

_TIMEOUT = 5.0
"""Seconds that the daemon has for an answer."""


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


def ask_daemon(socket: Path, request: Message, timeout: float = _TIMEOUT) -> Answer:
    """The daemon's answer, if it is a good one."""
    try:
        answer = ask(socket, request, timeout)
    except PermissionError as error:
        raise CommandFailed(
            Exit.NO_PERMISSION, f"{socket}: no permission: be root or in the group hadaemon"
        ) from error
    except (OSError, HadaemonError) as error:
        raise CommandFailed(
            Exit.NO_DAEMON, f"the daemon does not answer ({error}): see `systemctl status hadaemon`"
        ) from error
    if not answer.get("ok"):
        text = str(answer.get("error", "refused without a reason"))
        raise CommandFailed(Exit.REFUSED, with_problems(text, answer.get("problems", ())))
    return answer


def failure_of(error: Exception) -> CommandFailed:
    """How a command ends that met this error."""
    code = Exit.NO_PERMISSION if _forbidden(error) else Exit.REFUSED
    hint = ": be root (`sudo hactl …`)" if code is Exit.NO_PERMISSION else ""
    problems = [str(problem) for problem in getattr(error, "problems", ())]
    return CommandFailed(code, with_problems(f"{error}{hint}", problems))


def _forbidden(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, PermissionError):
            return True
        error = error.__cause__
    return False


def with_problems(text: str, problems: Sequence[str]) -> str:
    """What is wrong, and every reason on a line of its own."""
    return "\n".join([text, *(f"  ! {problem}" for problem in problems)])
