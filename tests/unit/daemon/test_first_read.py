"""At the start the files are read beside the loop: who asks meanwhile waits, and is told nothing untrue."""

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hadaemon.daemon import reloads
from hadaemon.daemon.reloads import Reloads
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
