"""At the start the files are read beside the loop: who asks meanwhile waits, and is told nothing untrue."""

import asyncio
import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hadaemon.alarms.status import AlarmsStatus
from hadaemon.control.requests import AskAlarms, request_to_json
from hadaemon.daemon import reloads
from hadaemon.daemon.answers import Answers
from hadaemon.daemon.reloads import Reloads
from hadaemon.io.sockets.control_client import SOCKET_NAME
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition


def test_who_asks_before_the_files_are_read_waits(monkeypatch):
    read, begun = threading.Event(), list[Configuration]()

    def slowly(*_: object) -> Configuration:
        read.wait()
        return Configuration(Condition.REFUSED, problems=("cluster.toml: wrong",))

    monkeypatch.setattr(reloads, "load_configuration", slowly)

    async def start() -> None:
        found = Reloads(
            options=cast(Any, SimpleNamespace(state=Path("/nowhere"), setup_problems=None)),
            head=cast(Any, SimpleNamespace(read_again=lambda: None)),
            begin=begun.append,
            **cast(Any, dict.fromkeys(("today", "firewall", "base_network", "remembered"))),
        )
        first = asyncio.create_task(found.first())
        asking = asyncio.create_task(found.known())
        await asyncio.sleep(0)
        assert not asking.done()
        read.set()
        await first
        await asking
        await found.known()

    asyncio.run(start())
    assert [each.condition for each in begun] == [Condition.REFUSED]


def test_whoever_asks_gets_no_answer_before(tmp_path: Path):
    read = asyncio.Event()
    alarms = SimpleNamespace(status=lambda: AlarmsStatus((), (), None))

    async def ask() -> Any:
        found = Answers(
            run=tmp_path,
            alarms=cast(Any, alarms),
            reloads=cast(Any, SimpleNamespace(known=read.wait)),
            **cast(Any, dict.fromkeys(("reporter", "detector", "administration", "upgrade"))),
        )
        await found.open()
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET_NAME))
        writer.write(json.dumps(request_to_json(AskAlarms())).encode() + b"\n")
        answer = asyncio.create_task(reader.readline())
        done, _ = await asyncio.wait({answer}, timeout=0.2)
        assert not done
        read.set()
        told = json.loads(await answer)
        writer.close()
        await found.close()
        return told

    assert asyncio.run(ask())["ok"] is True
