"""The daemon's side of the control socket: one JSON object a line, requests in, answers out."""

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from hadaemon.io.errors import ControlError
from hadaemon.io.sockets.control_client import Message
from hadaemon.text.reading import read_json

Handler: TypeAlias = Callable[[Message], Awaitable[Message]]
"""Must not block the loop; the client waits as long as it takes."""

_MAX_REQUEST = 64 * 1024
_MAX_CLIENTS = 16
_IDLE = 60.0
"""Seconds after which a silent client is let go."""


class ControlServer:
    """Answers requests on a Unix socket (0660): the group of the daemon may speak to it."""

    def __init__(self, path: Path, handler: Handler, max_request: int = _MAX_REQUEST) -> None:
        """`max_request`: bytes of one line."""
        self._path = path
        self._max_request = max_request
        self._handler = handler
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begins to listen. A socket file left behind is replaced."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        previous = os.umask(0o117)
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, str(self._path), limit=self._max_request
            )
        except OSError as error:
            raise ControlError(f"{self._path}: cannot listen: {os.strerror(error.errno or 0)}") from error
        finally:
            os.umask(previous)

    async def close(self) -> None:
        """Ends listening and every conversation."""
        if self._server is None:
            return
        self._server.close()
        # A client that does not read, or waits for an answer, must not keep the daemon from leaving.
        for writer, task in tuple(self._clients.items()):
            writer.transport.abort()
            task.cancel()
        await self._server.wait_closed()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= _MAX_CLIENTS:
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._clients[writer] = task
        try:
            while line := await asyncio.wait_for(reader.readline(), _IDLE):
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await asyncio.wait_for(writer.drain(), _IDLE)
        except (OSError, ValueError, TimeoutError, asyncio.CancelledError):
            return  # Gone, idle, a line over the limit, or the end of the daemon: nobody to answer to.
        finally:
            self._clients.pop(writer, None)
            writer.close()

    async def _answer(self, line: bytes) -> Message:
        try:
            request = read_json(line)
        except ValueError:
            return refusal("the request is not JSON")
        if not isinstance(request, dict):
            return refusal("the request is not a JSON object")
        return await self._handler(request)


def refusal(error: str, problems: Sequence[str] = ()) -> Message:
    """The answer to a request that cannot be carried out."""
    return {"ok": False, "error": error} | ({"problems": list(problems)} if problems else {})
