"""What a node says of itself over the hotwire after it stood still: nothing that may be over."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any

from firmware.lab.deadline import stretched
from hadaemon.cluster import NodeState
from hadaemon.config.hotwire_keys import Purpose
from hadaemon.daemon.hotwire.hotwire import Hotwire
from hadaemon.daemon.hotwire.plan import Protection
from hadaemon.hotwire.keying import Keying
from hadaemon.hotwire.message import Life, unseal
from hadaemon.hotwire.report import decode_report
from hadaemon.status.keys import Keys
from hadaemon.status.report import Report, Vitals
from tests.unit.hotwire.test_heartbeat import SECRET, peer

ACTIVE = peer("alpha", state=NodeState.ACTIVE)
BACKUP = replace(ACTIVE, state=NodeState.BACKUP)


UNPROTECTED = Protection(None, lambda: None)


class Wire:
    """Keeps which state each heartbeat tells of."""

    def __init__(self) -> None:
        self.told: list[NodeState] = []
        self.keys: list[Keys] = []

    def send(self, data: bytes) -> None:
        message = unseal(data, "beta", lambda sender: SECRET.key(Purpose.HEARTBEAT, sender))
        report = decode_report(message.body)
        self.told.append(report.peer.state)
        self.keys.append(report.keys)


def hotwire(wire: Wire, catch_up: Callable[[], bool], protection: Protection = UNPROTECTED) -> Hotwire:
    """That of an active node, with its socket open."""
    config = SimpleNamespace(interval=100, missed=5)
    ends = SimpleNamespace(peer=None)
    plan: Any = SimpleNamespace(
        node="alpha",
        next_epoch=lambda: 1,
        secret=SECRET,
        config=config,
        ends=ends,
        protection=protection,
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


def test_a_beat_tells_of_the_keys_as_they_are_now():
    async def scenario() -> None:
        wire, keying = Wire(), Keying(SECRET, "alpha", "11" * 16)
        subject = hotwire(wire, lambda: True, Protection(keying, lambda: None))
        subject._next_beat()
        keying.renew("22" * 16)
        subject._next_beat()
        assert [keys.key_offer for keys in wire.keys] == ["11" * 16, "22" * 16]
        end(subject)

    run(scenario())


def test_what_the_other_node_says_of_keys_is_heard_and_connections_wait_for_them():
    async def scenario() -> None:
        changes: list[str] = []
        keying, other = Keying(SECRET, "alpha", "11" * 16), Keying(SECRET, "beta", "22" * 16)
        subject = hotwire(Wire(), lambda: True, Protection(keying, lambda: changes.append("")))
        streams: list[object] = []
        subject._streams = SimpleNamespace(peer_heard=lambda *about: streams.append(about))  # type: ignore[assignment]

        def hears() -> None:
            report = Report(replace(ACTIVE, name="beta"), Vitals(), other.told)
            subject.heartbeat = SimpleNamespace(report=report)  # type: ignore[assignment]
            subject._heard(IPv4Address("192.168.180.3"), Life(1, 1))
            keying.installed(keying.wanted)
            other.hear("alpha", keying.told)
            other.installed(other.wanted)

        hears()
        assert (len(changes), streams) == (1, [])
        for _ in range(3):
            hears()
        assert keying.agreed
        assert len(changes) < 4, "only what is news wakes anybody"
        assert streams
        subject._streams = None
        end(subject)

    run(scenario())
