"""The daemon's side of the privileged helper: one verb a connection, one line back."""

import asyncio
import os
from pathlib import Path

from hadaemon.io.errors import HelperError

_TIMEOUT = 60.0
"""Seconds for a whole verb: the boot environment is written on slow flash."""
_MAX_ANSWER = 4096


async def ask_helper(socket_path: Path, verb: str, timeout: float = _TIMEOUT) -> str:  # noqa: ASYNC109
    """Asks the helper to do a verb within `timeout` seconds; returns what it says. Raises HelperError."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_unix_connection(str(socket_path), limit=_MAX_ANSWER)
            try:
                writer.write(verb.encode() + b"\n")
                answer = (await reader.readline()).decode(errors="replace").strip()
            finally:
                writer.close()
    except TimeoutError as error:
        raise HelperError(f"helper: no answer to {verb} within {timeout:g} s") from error
    except OSError as error:
        raise HelperError(f"helper: {socket_path}: {os.strerror(error.errno or 0)}") from error
    except ValueError as error:
        raise HelperError(f"helper: too long an answer to {verb}") from error
    outcome, _, text = answer.partition(" ")
    if outcome != "ok":
        raise HelperError(f"helper: {verb}: {text or answer or 'closed without an answer'}")
    return text
