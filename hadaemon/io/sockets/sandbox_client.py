"""The daemon's side of the sandbox: a connection for each run, which is over when it ends."""

import asyncio
import os
from pathlib import Path

from hadaemon.io.errors import HelperError
from hadaemon.programs.protocol import Ended, Request, answer_of, request_line

_MAX_ANSWER = 4096


async def ask_sandbox(path: Path, request: Request, patience: float) -> Ended:
    """What came of it, within so many seconds. One that died at its limits, or has not answered by then, is
    not good. Raises HelperError: there is no sandbox."""
    reader, writer = await _connected(path)
    try:
        async with asyncio.timeout(patience):
            writer.write(request_line(request))
            return answer_of(await reader.readline())
    except TimeoutError:
        return Ended(False, f"no end within {patience:g} s")
    except (OSError, ValueError):
        return Ended(False, "was ended at the limits of its sandbox")
    finally:
        writer.close()


async def tell_sandbox(path: Path, request: Request) -> None:
    """Has it carried out, without waiting for what comes of it. Raises HelperError: there is no sandbox."""
    _, writer = await _connected(path)
    try:
        writer.write(request_line(request))
        await writer.drain()
    except OSError as error:
        raise _unreachable(path, error) from error
    finally:
        writer.close()


async def _connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The kernel takes a connection to a local socket at once, or not at all."""
    try:
        return await asyncio.open_unix_connection(str(path), limit=_MAX_ANSWER)
    except OSError as error:
        raise _unreachable(path, error) from error


def _unreachable(path: Path, error: OSError) -> HelperError:
    return HelperError(f"sandbox: {path}: {os.strerror(error.errno or 0)}")
