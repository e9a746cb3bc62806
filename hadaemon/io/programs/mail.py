"""A mail, by msmtp(1). Blocking. Neither address nor password is on its command line."""

from pathlib import Path

from hadaemon.alarms.msmtp import ACCOUNT, TIMEOUT
from hadaemon.io.programs.run import ProgramError, run_program
from hadaemon.io.programs.webhook import DeliveryError

PROGRAM = "/usr/bin/msmtp"
_MAX_SAID = 300
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def send(message: bytes, configuration: Path, source: str | None) -> None:
    """To the recipients in its head. Raises DeliveryError with msmtp's own words."""
    options = (f"--file={configuration}", f"--account={ACCOUNT}", "--read-recipients")
    origin = (f"--source-ip={source}",) if source is not None else ()
    try:
        run_program(PROGRAM, *options, *origin, data=message, timeout=4 * TIMEOUT, environment=_ENVIRONMENT)
    except ProgramError as error:
        said = " ".join(error.said.replace("msmtp: ", "").split())
        raise DeliveryError(said[:_MAX_SAID] or str(error)) from error
