"""One question to the daemon over its control socket, and each way in which there is no good answer."""

from pathlib import Path
from typing import TypeVar

from hadaemon.control.codec import decode
from hadaemon.control.errors import NoDaemon, NotAllowed, NotUnderstood, RequestRefused
from hadaemon.control.requests import AskStatus, Request, request_to_json
from hadaemon.control.status import StatusAnswer
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.control_client import Message, ask
from hadaemon.status.status import SCHEMA

A = TypeVar("A")

TIMEOUT = 5.0
"""Seconds that the daemon has for an answer."""


def ask_daemon(socket: Path, request: Request, kind: type[A], timeout: float = TIMEOUT) -> A:
    """The daemon's answer, of its own kind. Raises NoDaemon, NotAllowed, RequestRefused, NotUnderstood."""
    return understood(kind, ask_in_json(socket, request, timeout))


def ask_status(socket: Path, timeout: float = TIMEOUT) -> StatusAnswer:
    """Everything that the node tells of itself. Raises as `ask_daemon`."""
    return understood_status(ask_in_json(socket, AskStatus(), timeout))


def understood_status(answer: Message) -> StatusAnswer:
    """An answer to `status` of this version. Raises NotUnderstood for that of another one."""
    if answer.get("schema") != SCHEMA:
        raise NotUnderstood(
            f"the daemon answers in schema {answer.get('schema')}, this hactl understands {SCHEMA}: "
            "use the hactl of the same firmware, or --json"
        )
    return understood(StatusAnswer, answer)


def understood(kind: type[A], answer: Message) -> A:
    """An answer as a value. Raises NotUnderstood."""
    try:
        return decode(kind, answer)
    except ValueError as error:
        raise NotUnderstood(
            f"the daemon's answer cannot be understood ({error}): use the hactl of its firmware"
        ) from error


def ask_in_json(socket: Path, request: Request, timeout: float = TIMEOUT) -> Message:
    """The daemon's answer as it stands, if it is a good one. Raises NoDaemon, NotAllowed, RequestRefused."""
    try:
        answer = ask(socket, request_to_json(request), timeout)
    except PermissionError as error:
        raise NotAllowed(f"{socket}: no permission: be root or in the group hadaemon") from error
    except (OSError, HadaemonError) as error:
        raise NoDaemon(f"the daemon does not answer ({error}): see `systemctl status hadaemon`") from error
    if not answer.get("ok"):
        text = str(answer.get("error", "refused without a reason"))
        raise RequestRefused(text, tuple(map(str, answer.get("problems") or ())))
    return answer
