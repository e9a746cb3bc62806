"""Programs are shown their configuration before it counts: none listens, dials or changes anything."""

from collections.abc import Callable
from dataclasses import dataclass

from hadaemon.io.programs.run import ProgramError, ProgramMissing, run_program

TIMEOUT = 10.0
"""Seconds that a program may take to read its configuration."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program says of its configuration."""

    refused: tuple[str, ...] = ()
    """Its reasons; empty: it would take it, is not there, or could not be asked."""
    unasked: str = ""
    """Why it could not be asked, although it is there."""


def asked(*command: str, text: str = "", judged: Callable[[int, str], Asked]) -> Asked:
    """Runs a program that reads `text` from its standard input. `judged` is given the status and the errors
    of one that failed. Raises nothing."""
    try:
        run_program(*command, data=text.encode(), environment={"LC_ALL": "C.UTF-8"}, timeout=TIMEOUT)
    except ProgramMissing:
        return Asked()
    except ProgramError as error:
        return Asked(unasked=str(error)) if error.status is None else judged(error.status, error.said)
    return Asked()
