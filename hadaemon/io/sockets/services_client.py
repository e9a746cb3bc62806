"""The daemon's side of the root helper of the services: one connection, whose end stops all of them."""

import asyncio
import json
import os
from pathlib import Path

from hadaemon.follow.kept_unit import Seen, UnitOrder
from hadaemon.follow.protocol import MAX_LINE, Message, seen_of
from hadaemon.io.errors import HelperError
from hadaemon.text.reading import read_json

_TIMEOUT = 20.0
"""Seconds for an answer: systemd is asked, and may be busy."""
_LONGEST = 160.0
"""Seconds for one after others that did not come. On a busy node each helper that starts takes the processor
from the next one: asked ever again after the same time, none would get to an answer."""


class ServicesClient:
    """Connects when it is first asked, and again after a failure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._patience = _TIMEOUT

    @property
    def connected(self) -> bool:
        return self._streams is not None

    def close(self) -> None:
        """Closes the connection: everything that follows the active node is stopped."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def configure(self) -> tuple[str, ...]:
        """The helper reads the configuration again; returns the units whose files have changed."""
        answer = await self._ask({"verb": "configure"})
        return tuple(str(unit) for unit in answer.get("changed", ()))

    async def look(self) -> dict[str, Seen]:
        """How each configured unit is."""
        units = (await self._ask({"verb": "list"})).get("units", {})
        return {str(unit): seen_of(unit, properties) for unit, properties in units.items()}

    async def order(self, step: UnitOrder, unit: str) -> None:
        """Has an order carried out, without waiting for its result."""
        await self._ask({"verb": step.value, "unit": unit})

    async def _ask(self, request: Message) -> Message:
        """Raises HelperError."""
        try:
            async with asyncio.timeout(self._patience):
                if self._streams is None:
                    path = str(self._path)
                    self._streams = await asyncio.open_unix_connection(path, limit=MAX_LINE)
                reader, writer = self._streams
                writer.write(json.dumps(request).encode() + b"\n")
                line = await reader.readline()
        except TimeoutError:
            self.close()
            waited, self._patience = self._patience, min(2 * self._patience, _LONGEST)
            raise HelperError(f"services: no answer to {request['verb']} within {waited:g} s") from None
        except (OSError, ValueError) as error:
            self.close()
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            raise HelperError(f"services: {self._path}: {reason}") from error
        if not line:
            self.close()
            raise HelperError("services: the helper hung up")
        self._patience = _TIMEOUT
        answer = read_json(line)
        if not isinstance(answer, dict) or not answer.get("ok"):
            raise HelperError(f"services: {answer.get('error') if isinstance(answer, dict) else 'no answer'}")
        return answer
