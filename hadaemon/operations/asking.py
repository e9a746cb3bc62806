"""One question to the daemon over its control socket, and each way in which there is no good answer."""

from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.control_client import Message, ask

_TIMEOUT = 5.0
"""Seconds that the daemon has for an answer."""


class NoDaemon(HadaemonError):
    """The daemon does not answer."""


class NotAllowed(HadaemonError):
    """Whoever asks has no right to."""


class DaemonRefused(HadaemonError):
    """The daemon's answer is no; `problems` has its reasons."""

    def __init__(self, text: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.problems = problems


def ask_daemon(socket: Path, request: Message, timeout: float = _TIMEOUT) -> Message:
    """The daemon's answer, if it is a good one. Raises NoDaemon, NotAllowed, DaemonRefused."""
    try:
        answer = ask(socket, request, timeout)
    except PermissionError as error:
        raise NotAllowed(f"{socket}: no permission: be root or in the group hadaemon") from error
    except (OSError, HadaemonError) as error:
        raise NoDaemon(f"the daemon does not answer ({error}): see `systemctl status hadaemon`") from error
    if not answer.get("ok"):
        text = str(answer.get("error", "refused without a reason"))
        raise DaemonRefused(text, tuple(map(str, answer.get("problems", ()))))
    return answer
