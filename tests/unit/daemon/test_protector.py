"""What the kernel is given for the hotwire, when it is taken back, and what is told when it does not work."""

import asyncio
from collections.abc import Callable, Coroutine
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.config.hotwire_keys import Secret
from hadaemon.daemon.hotwire import protector
from hadaemon.daemon.hotwire.protector import Protector
from hadaemon.hotwire.keying import Keying, Wanted
from hadaemon.io.programs.ip_xfrm import Between
from hadaemon.io.programs.run import ProgramError
from hadaemon.status.keys import Keys
from tests.unit.firewall.rules import CLUSTER, NODE

SECRET, OTHER = Secret(b"s" * 32), Secret(b"o" * 32)
PEER = IPv4Address("169.254.7.7")
ALPHA = load_node(NODE)
ENCRYPTED = load_cluster(CLUSTER)
OPEN = load_cluster(CLUSTER.replace("[hotwire]", '[hotwire]\nprotection = "none"'))


class Bench:
    """A daemon of which only this part is real, and a kernel that keeps what it was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given: list[tuple[Between | None, Wanted]] = []
        self.refuses = False
        monkeypatch.setattr(protector, "Xfrm", lambda: self)
        self.now = 1000.0
        self.heard: object | None = None
        self.today: Any = SimpleNamespace(session=None, configuration=SimpleNamespace(hotwire_secret=None))

    def protect(self, between: Between | None, wanted: Wanted) -> None:
        if self.refuses:
            raise ProgramError("ip: RTNETLINK answers: Protocol not supported")
        self.given.append((between, wanted))

    def begin(self, cluster: Any = ENCRYPTED, secret: Secret | None = SECRET) -> Keying | None:
        self.today.configuration.hotwire_secret = secret
        hotwire = SimpleNamespace(peer_address=PEER, peer_report=self.heard)
        self.today.session = SimpleNamespace(node_config=ALPHA, cluster_config=cluster, hotwire=hotwire)
        keying: Keying | None = self.part.keying(ALPHA, cluster, secret)
        if keying is not None:
            keying.hear("beta", Keys("66" * 16))
        return keying

    def hears(self, report: object | None) -> None:
        self.heard = self.today.session.hotwire.peer_report = report

    def run(self, scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def made() -> None:
            self.part = Protector(self.today)
            self.part._loop = SimpleNamespace(time=lambda: self.now)  # type: ignore[assignment]
            await scenario()

        asyncio.run(made())

    async def turn(self) -> float | None:
        return await self.part._turn()

    @property
    def texts(self) -> list[str]:
        return [problem.text for problem in self.part.problems]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def agree(keying: Keying) -> None:
    """What the other node says, until both are settled."""
    other = Keying(keying.secret, "beta", "77" * 16)
    for _ in range(4):
        other.hear("alpha", keying.told)
        other.installed(other.wanted)
        keying.hear("beta", other.told)
        keying.installed(keying.wanted)


def test_it_follows_what_the_keys_ask_for_and_asks_the_kernel_only_for_changes(bench: Bench) -> None:
    async def scenario() -> None:
        keying = bench.begin()
        assert keying is not None
        await bench.turn()
        await bench.turn()
        assert len(bench.given) == 1
        keying.hear("beta", Keys("77" * 16))
        await bench.turn()
        between, wanted = bench.given[-1]
        assert between is not None
        assert between.peer == PEER
        assert wanted.inbound is not None
        assert keying.told.key_ready

    bench.run(scenario)


def test_a_reload_keeps_the_keys_and_a_new_secret_does_not(bench: Bench) -> None:
    async def scenario() -> None:
        first = bench.begin()
        assert bench.begin() is first
        await bench.turn()
        assert bench.begin(secret=OTHER) is not first
        await bench.turn()
        assert [between is None for between, _ in bench.given] == [False, True, False]

    bench.run(scenario)


@pytest.mark.parametrize("cluster, secret", [(OPEN, SECRET), (ENCRYPTED, None)], ids=["open", "not paired"])
def test_nothing_stays_in_the_kernel_where_nothing_is_encrypted(
    bench: Bench, cluster: Any, secret: Secret | None
) -> None:
    async def scenario() -> None:
        assert bench.begin(cluster, secret) is None
        await bench.turn()
        await bench.turn()
        assert bench.given == [(None, Wanted(settled=True))]
        assert bench.texts == []

    bench.run(scenario)


def test_a_node_whose_configuration_is_refused_speaks_on(bench: Bench) -> None:
    """Its daemon was started anew: what is in the kernel is all that it has."""

    async def scenario() -> None:
        bench.today.configuration.hotwire_secret = SECRET
        await bench.turn()
        assert bench.given == []

    bench.run(scenario)


def test_a_kernel_that_cannot_encrypt_is_told_and_asked_again(bench: Bench) -> None:
    async def scenario() -> None:
        bench.refuses = True
        bench.begin()
        assert await bench.turn() == pytest.approx(5.0)
        (text,) = bench.texts
        assert "Protocol not supported" in text
        bench.refuses = False
        await bench.turn()
        assert bench.texts == []

    bench.run(scenario)


def test_a_peer_that_does_not_encrypt_is_told_once_it_has_been_heard_for_a_while(bench: Bench) -> None:
    async def scenario() -> None:
        bench.begin()
        keying = bench.part.keying(ALPHA, ENCRYPTED, OTHER)
        assert keying is not None
        bench.hears(object())
        keying.hear("beta", Keys())
        await bench.turn()
        assert bench.texts == []
        bench.now += 10.5
        (text,) = bench.texts
        assert "the other node does not encrypt" in text
        bench.hears(None)
        assert bench.texts == [], "the hotwire itself says that nobody is heard"
        bench.hears(object())
        agree(keying)
        await bench.turn()
        assert bench.texts == []

    bench.run(scenario)


def test_keys_are_made_anew_before_they_are_old(bench: Bench) -> None:
    async def scenario() -> None:
        keying = bench.begin()
        assert keying is not None
        offer = keying.told.key_offer
        pause = await bench.turn()
        assert pause == pytest.approx(8 * 3600)
        bench.now += 8 * 3600 - 1
        await bench.turn()
        assert keying.told.key_offer == offer
        bench.now += 1
        await bench.turn()
        assert keying.told.key_offer != offer

    bench.run(scenario)
