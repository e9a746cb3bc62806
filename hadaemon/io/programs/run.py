"""Programs of the system that change it: one call, to its end, and what it said when it failed."""

import subprocess

from hadaemon.io.errors import EdgeError

_TIMEOUT = 120.0
"""Seconds: longer than the service manager gives a unit to start, so that its own words are what is told."""


def run_program(*command: str) -> str:
    """Its output. Raises EdgeError with the program's own words."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgeError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise EdgeError(
            f"{' '.join(command)}: {' '.join(done.stderr.split()) or f'ended with {done.returncode}'}"
        )
    return done.stdout
