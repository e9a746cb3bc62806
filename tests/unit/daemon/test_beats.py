"""What a node says of itself over the hotwire after it stood still: nothing that may be over."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from firmware.lab.deadline import stretched
from hadaemon.cluster import NodeState
from hadaemon.config.hotwire_keys import Purpose
from hadaemon.daemon.hotwire.hotwire import Hotwire
from hadaemon.daemon.hotwire.plan import Protection
from hadaemon.hotwire.message import unseal
from hadaemon.hotwire.report import decode_report
from hadaemon.status.report import Vitals
from tests.unit.hotwire.test_heartbeat import SECRET, peer

ACTIVE = peer("alpha", state=NodeState.ACTIVE)
BACKUP = replace(ACTIVE, state=NodeState.BACKUP)


class Wire:
    """Keeps which state each heartbeat tells of."""

    def __init__(self) -> None:
        self.told: list[NodeState] = []

    def send(self, data: bytes) -> None:
        message = unseal(data, "beta", lambda sender: SECRET.key(Purpose.HEARTBEAT, sender))
        self.told.append(decode_report(message.body).peer.state)


def hotwire(wire: Wire, catch_up: Callable[[], bool]) -> Hotwire:
    """That of an active node, with its socket open."""
    config = SimpleNamespace(interval=100, missed=5)
    ends = SimpleNamespace(peer=None)
    plan: Any = SimpleNamespace(
        node="alpha",
        next_epoch=lambda: 1,
        secret=SECRET,
        config=config,
        ends=ends,
        protection=Protection(None, lambda: None),
    )
    vitals: Any = SimpleNamespace(measure=lambda now, since: Vitals())
    anything: Any = None
    made = Hotwire(plan, vitals, anything, asyncio.get_running_loop(), anything, catch_up)
    socket: Any = wire
    made._socket, made._carrier, made._peer = socket, True, ACTIVE
    return made


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, stretched(5)))


def end(subject: Hotwire) -> None:
    subject._socket = None
    subject.close()


def test_a_beat_tells_what_the_node_is_once_it_knows_what_time_it_is():
    async def scenario() -> None:
        wire = Wire()

        def catch_up() -> bool:
            subject.tell(BACKUP)
            return True

        subject = hotwire(wire, catch_up)
        subject._next_beat()
        assert set(wire.told) == {NodeState.BACKUP}
        end(subject)

    run(scenario())


def test_no_beat_goes_out_while_the_node_cannot_look_at_the_clock():
    async def scenario() -> None:
        wire = Wire()
        subject = hotwire(wire, lambda: False)
        subject._next_beat()
        assert wire.told == []
        subject.tell(BACKUP)
        assert wire.told == [NodeState.BACKUP], "what is news goes out at once"
        end(subject)

    run(scenario())
