"""The daemon's side of the helper of services: how long it waits for one that does not answer."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from hadaemon.io.errors import HelperError
from hadaemon.io.sockets import services_client
from hadaemon.io.sockets.services_client import ServicesClient


def failures(path: Path, answers: Iterator[bool], tries: int) -> list[str]:
    """What each of these questions came to; a helper answers those that it is told to."""

    helpers: list[asyncio.Task[None] | None] = []

    async def helper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        helpers.append(asyncio.current_task())
        while await reader.readline():
            if next(answers):
                writer.write(b'{"ok": true}\n')
        writer.close()
        await writer.wait_closed()

    async def ask() -> list[str]:
        client, told = ServicesClient(path), []
        async with await asyncio.start_unix_server(helper, path):
            for _ in range(tries):
                try:
                    await client.configure()
                    told.append("")
                except HelperError as error:
                    told.append(str(error).partition("within ")[2])
            client.close()
            await asyncio.gather(*filter(None, helpers))
        return told

    return asyncio.run(ask())


def test_each_helper_that_is_too_slow_gets_the_next_one_more_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_client, "_TIMEOUT", 0.05)
    monkeypatch.setattr(services_client, "_LONGEST", 0.2)
    answers = (number == 4 for number in count())
    told = failures(tmp_path / "socket", answers, 6)
    assert told == ["0.05 s", "0.1 s", "0.2 s", "0.2 s", "", "0.05 s"]
