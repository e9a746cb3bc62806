"""A mail, by msmtp(1). Blocking. Neither address nor password is on its command line."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from hadaemon.alarms.msmtp import ACCOUNT, TIMEOUT
from hadaemon.io.programs.webhook import DeliveryError

PROGRAM = "/usr/bin/msmtp"
_MAX_SAID = 300
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def send(message: bytes, configuration: Path, source: str | None) -> None:
    """To the recipients in its head. Raises DeliveryError with msmtp's own words."""
    command: Sequence[str] = [
        PROGRAM,
        f"--file={configuration}",
        f"--account={ACCOUNT}",
        "--read-recipients",
        *([f"--source-ip={source}"] if source is not None else []),
    ]
    try:
        done = subprocess.run(
            command,
            input=message,
            capture_output=True,
            timeout=4 * TIMEOUT,
            check=False,
            env=_ENVIRONMENT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DeliveryError(f"{PROGRAM}: {error}") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").replace("msmtp: ", "").split())
        raise DeliveryError(said[:_MAX_SAID] or f"msmtp ended with {done.returncode}")
