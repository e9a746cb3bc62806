"""The queue, the timer and the way back of failures, with a node that only records."""

import asyncio
from ipaddress import IPv4Address
from typing import Any

import pytest

from firmware.lab.deadline import stretched
from hadaemon.cluster import (
    ActionFailed,
    AdvertisementReceived,
    Announce,
    PeerDied,
    PeerReport,
    Tick,
)
from hadaemon.daemon.engine import Engine
from hadaemon.io.errors import PortError
from hadaemon.vrrp import Advertisement, Centiseconds, Priority, Vrid

ANNOUNCE = Announce("lan", ())


class Recorder:
    """Answers each event as it was told to, and keeps what it saw."""

    def __init__(self, answers: dict[object, tuple[object, ...]]) -> None:
        self.answers = answers
        self.seen: list[object] = []
        self.next_deadline: float | None = None
        self.silent_at: float | None = None

    def is_old_news(self, event: object, now: float) -> bool:
        return event == "old"

    def handle(self, event: object, now: float) -> tuple[object, ...]:
        self.seen.append(event)
        return self.answers.get(event, ())


def engine(node: Any, execute: Any, loop: asyncio.AbstractEventLoop) -> Engine:
    return Engine(node, (), execute, loop)


def run(test: Any) -> None:
    asyncio.run(asyncio.wait_for(test, stretched(5)))


def test_actions_are_done_in_order_and_failures_come_back_as_events():
    async def scenario() -> None:
        done: list[object] = []

        def execute(action: object) -> None:
            done.append(action)
            if action is ANNOUNCE:
                raise PortError("port lan: absent")

        node = Recorder({"event": ("first", ANNOUNCE, "last")})
        engine(node, execute, asyncio.get_running_loop()).post("event")  # type: ignore[arg-type]
        assert done == ["first", ANNOUNCE, "last"]
        assert node.seen == ["event", ActionFailed(ANNOUNCE, "port lan: absent")]

    run(scenario())


def test_an_event_that_an_action_causes_waits_its_turn():
    async def scenario() -> None:
        order: list[str] = []
        node = Recorder({"outer": ("cause", "effect")})

        def execute(action: object) -> None:
            order.append(f"begin {action}")
            if action == "cause":
                subject.post("inner")  # type: ignore[arg-type]
            order.append(f"end {action}")

        subject = engine(node, execute, asyncio.get_running_loop())
        subject.post("outer")  # type: ignore[arg-type]
        assert order == ["begin cause", "end cause", "begin effect", "end effect"]
        assert node.seen == ["outer", "inner"]

    run(scenario())


def test_the_deadline_is_served_once_and_only_the_latest():
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        served = loop.create_future()
        node = Recorder({})
        subject = engine(node, lambda action: None, loop)

        def handle(event: object, now: float) -> tuple[object, ...]:
            node.seen.append(event)
            node.next_deadline = None
            if isinstance(event, Tick):
                served.set_result(now)
            return ()

        node.next_deadline = loop.time() + 3600
        subject.post("far")  # type: ignore[arg-type]
        wanted = node.next_deadline = loop.time() + 0.02
        subject.post("near")  # type: ignore[arg-type]
        node.handle = handle  # type: ignore[method-assign]
        assert await served >= wanted - 0.001
        assert subject.overdue() == 0.0

    run(scenario())


def test_a_deadline_that_is_not_served_is_overdue():
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        node = Recorder({})
        node.next_deadline = loop.time() - 2
        assert engine(node, lambda action: None, loop).overdue() == pytest.approx(2, abs=0.5)

    run(scenario())


def test_old_news_reaches_nobody():
    async def scenario() -> None:
        settled: list[None] = []
        node = Recorder({})
        loop = asyncio.get_running_loop()
        subject = Engine(node, (), lambda action: None, loop, lambda: settled.append(None))  # type: ignore[arg-type]
        subject.post("old")  # type: ignore[arg-type]
        assert (node.seen, settled) == ([], [])
        subject.post("new")  # type: ignore[arg-type]
        assert (node.seen, settled) == (["new"], [None])

    run(scenario())


def advertisement(port: str) -> AdvertisementReceived:
    content = Advertisement(Vrid(51), Priority(254), Centiseconds(10), (IPv4Address("192.0.2.1"),))
    return AdvertisementReceived(port, IPv4Address("192.0.2.2"), content)


class Mail:
    """What waits to be read, and how often somebody looked."""

    def __init__(self, *events: Any) -> None:
        self.events = events
        self.looked = 0
        self.subject: Engine | None = None
        self.caught_up: list[bool] = []
        """What the engine answered to whoever asked it to catch up in the middle of reading."""

    def read(self) -> None:
        self.looked += 1
        events, self.events = self.events, ()
        assert self.subject is not None
        for event in events:
            self.subject.post(event)
        self.caught_up.append(self.subject.catch_up())


def overdue_engine(node: Recorder, mail: Mail, *, late: float = 0.05) -> Engine:
    """Its deadline has passed, and the node does not know it yet."""
    loop = asyncio.get_running_loop()
    anything: Any = node
    subject = Engine(anything, (), lambda action: None, loop, lambda: None, mail.read)
    mail.subject = subject
    node.next_deadline = loop.time() - late
    return subject


def test_what_has_arrived_is_read_before_a_deadline_acts():
    async def scenario() -> None:
        other: Any = PeerReport(None)
        node, mail = Recorder({}), Mail(other, advertisement("wan"))
        overdue_engine(node, mail).post(Tick())
        assert node.seen == [advertisement("wan"), other, Tick()]

    run(scenario())


def test_advertisements_that_wait_come_before_any_other_event_that_would_let_the_deadline_act():
    async def scenario() -> None:
        node, mail = Recorder({}), Mail(advertisement("wan"))
        overdue_engine(node, mail).post(PeerDied())
        assert node.seen == [advertisement("wan"), PeerDied()]

    run(scenario())


def test_advertisements_keep_the_order_in_which_they_came():
    async def scenario() -> None:
        node, mail = Recorder({}), Mail(advertisement("lan"), advertisement("wan"))
        overdue_engine(node, mail).post(advertisement("first"))
        assert [event.port for event in node.seen if isinstance(event, AdvertisementReceived)] == [
            "first",
            "lan",
            "wan",
        ]

    run(scenario())


def test_nobody_looks_for_what_waits_while_no_deadline_has_passed():
    async def scenario() -> None:
        node, mail = Recorder({}), Mail()
        overdue_engine(node, mail, late=-60).post(PeerDied())
        assert (mail.looked, node.seen) == (0, [PeerDied()])

    run(scenario())


def test_a_node_catches_up_when_its_deadline_has_passed_and_not_in_the_middle_of_reading():
    async def scenario() -> None:
        node, mail = Recorder({}), Mail()
        subject = overdue_engine(node, mail)
        assert subject.catch_up()
        assert (mail.caught_up, node.seen) == ([False], [Tick()])
        node.next_deadline = asyncio.get_running_loop().time() + 60
        assert subject.catch_up()
        assert node.seen == [Tick()], "there was nothing to catch up with"

    run(scenario())


@pytest.mark.parametrize(
    "silent_at, order",
    [(5.0, [5.0, "action", 5.0]), (None, ["action", None])],
    ids=["it has addresses", "it has none any more"],
)
def test_the_guard_knows_before_addresses_come_and_until_they_are_gone(
    silent_at: float | None, order: list[object]
):
    async def scenario() -> None:
        done: list[object] = []
        node: Any = Recorder({"event": ("action",)})
        execute: Any = done.append
        subject = Engine(node, (), execute, asyncio.get_running_loop(), promise=done.append)
        done.clear()
        node.silent_at = silent_at
        subject.post("event")  # type: ignore[arg-type]
        assert done == order

    run(scenario())
