"""The `dnsmasq` command: would it take this configuration? It runs as whoever calls it, and opens nothing."""

from hadaemon.io.programs.run import ProgramError, run_program

DNSMASQ = "/usr/sbin/dnsmasq"
_TIMEOUT = 10.0
"""Seconds."""


def dnsmasq_says(text: str) -> str:
    """What it has against the configuration; empty: nothing, or there is no dnsmasq to ask."""
    environment = {"LC_ALL": "C.UTF-8"}
    command = (DNSMASQ, "--test", "--conf-file=-")
    try:
        run_program(*command, data=text.encode(), environment=environment, timeout=_TIMEOUT)
    except ProgramError as error:
        if error.status is None:
            return ""
        return error.said.strip().removeprefix("dnsmasq: ") or f"it ended with {error.status}"
    return ""
