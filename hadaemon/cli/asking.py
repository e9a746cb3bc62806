"""One question to the daemon, and how a command of `hactl` ends when there is no good answer.

What requests and answers are made of is only loaded for a question: most commands ask none.
"""

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.control_client import Message, ask

if TYPE_CHECKING:
    from hadaemon.control.requests import Request
    from hadaemon.control.status import StatusAnswer

A = TypeVar("A")

TIMEOUT = 5.0
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


def ask_daemon(socket: Path, request: "Request", kind: type[A], timeout: float = TIMEOUT) -> A:
    """The daemon's answer, of its own kind. Raises CommandFailed when there is no good one."""
    return understood(kind, ask_in_json(socket, request, timeout))


def ask_status(socket: Path, timeout: float = TIMEOUT) -> "StatusAnswer":
    """Everything that the node tells of itself. Raises CommandFailed."""
    from hadaemon.control.requests import AskStatus

    return understood_status(ask_in_json(socket, AskStatus(), timeout))


def understood_status(answer: Message) -> "StatusAnswer":
    """An answer to `status` of this version. Raises CommandFailed for that of another one."""
    from hadaemon.control.status import StatusAnswer
    from hadaemon.status.status import SCHEMA

    if answer.get("schema") != SCHEMA:
        raise CommandFailed(
            Exit.REFUSED,
            f"the daemon answers in schema {answer.get('schema')}, this hactl understands {SCHEMA}: "
            "use the hactl of the same firmware, or --json",
        )
    return understood(StatusAnswer, answer)


def understood(kind: type[A], answer: Message) -> A:
    """An answer as a value. Raises CommandFailed."""
    from hadaemon.control.codec import decode

    try:
        return decode(kind, answer)
    except ValueError as error:
        raise CommandFailed(
            Exit.REFUSED, f"the daemon's answer cannot be understood ({error}): use the hactl of its firmware"
        ) from error


def ask_in_json(socket: Path, request: "Request", timeout: float = TIMEOUT) -> Message:
    """The daemon's answer as it stands, if it is a good one. Raises CommandFailed."""
    from hadaemon.control.requests import request_to_json

    try:
        answer = ask(socket, request_to_json(request), timeout)
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
        raise CommandFailed(Exit.REFUSED, with_problems(text, answer.get("problems") or ()))
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
