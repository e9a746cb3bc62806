"""On which links a box says that it is here, and what becomes of links that cannot do it."""

import asyncio
import dataclasses
import logging
from typing import Any, cast

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.config.hotwire_keys import parse_secret
from hadaemon.daemon.hotwire import beacon
from hadaemon.daemon.hotwire.beacon import SteadyBeacon, held, stations, unpaired
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.today import Today
from hadaemon.hotwire.detection import Beacon, decode_beacon
from hadaemon.io.errors import NetlinkError, PortError
from hadaemon.io.kernel.links import HELD, Link, LinkGone, LinkTable
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition

SECRET = parse_secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")


def mac(number: int) -> str:
    return f"52:54:00:48:0a:0{number}"


def card(number: int, *, up: bool = True, carrier: bool = True, group: int = 0, kind: str = "") -> Link:
    return Link(number, f"eth{number}", mac(number), mac(number), kind, carrier, up=up, group=group)


LAN, HOT, FREE = card(1), card(2), card(3)
DARK = card(4, carrier=False)
TABLE = LinkTable((Link(9, "lo", "", "", "", True), LAN, HOT, FREE, DARK, card(5, kind="bridge")))

NODE = f"""
schema = 1
name = "alpha"
[ports.lan]
mac = "{mac(1)}"
addresses = []
"""
HOTWIRE = f"""
[ports.hotwire]
mac = "{mac(2)}"
addresses = []
"""
LINK = HOTWIRE.replace("ports.hotwire", "ports.link")
CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""


def configured(ports: str = HOTWIRE, cluster: str = "", **changes: Any) -> Configuration:
    node = load_node(NODE + ports, "node.toml")
    condition = Condition.CLUSTER if cluster else Condition.STAND_ALONE
    pair = load_cluster(cluster, "cluster.toml") if cluster else None
    return dataclasses.replace(Configuration(condition, node, pair), **changes)


NEW = Configuration(Condition.UNCONFIGURED)
REFUSED = Configuration(Condition.REFUSED)
NAMED = CLUSTER + '[hotwire]\nport = "link"\n'


@pytest.mark.parametrize(
    "configuration,where",
    [
        (NEW, {"eth1", "eth2", "eth3"}),
        (REFUSED, set()),
        (configured(condition=Condition.REFUSED), set()),
        (configured(), {"eth2"}),
        (configured(cluster=CLUSTER), {"eth2"}),
        (configured(LINK, NAMED), {"eth2"}),
        (configured(LINK), set()),
        (configured(HOTWIRE.replace(mac(2), mac(4))), set()),
        (configured(HOTWIRE.replace(mac(2), mac(8))), set()),
        (configured(hotwire_secret=SECRET), set()),
        (configured(cluster=CLUSTER, hotwire_secret=SECRET), set()),
    ],
    ids=[
        "new: every card with carrier",
        "refused",
        "refused, and the node is known",
        "stand-alone: the hotwire",
        "in a cluster, not paired: the hotwire",
        "in a cluster that names the port",
        "no port is the hotwire",
        "the hotwire has no carrier",
        "the hotwire's card is missing",
        "paired, stand-alone",
        "paired, in a cluster",
    ],
)
def test_where_the_beacon_is_sent(configuration: Configuration, where: set[str]):
    assert {link.name for link in stations(configuration, TABLE)} == where
    assert unpaired(configuration) or not where


def test_only_a_new_box_has_its_cards_switched_on():
    assert held(NEW, TABLE) == (LAN, HOT, FREE, DARK)
    for configuration in (REFUSED, configured(), configured(cluster=CLUSTER, hotwire_secret=SECRET)):
        assert held(configuration, TABLE) == ()


class Kernel:
    """A network that does what it is asked, and a sender that keeps what it is given."""

    def __init__(self, *links: Link) -> None:
        self.table = LinkTable(links)
        self.sent: list[tuple[str, Beacon | None]] = []
        self.broken: set[str] = set()
        self.open = 0

    def put(self, link: Link, up: bool | None, group: int) -> None:
        if link.name in self.broken:
            raise NetlinkError(f"set {link.name}", 1, "it is broken")
        now = link.up if up is None else up
        self.table.take(dataclasses.replace(link, up=now, carrier=now, group=group))

    def sender(self) -> "Kernel":
        self.open += 1
        return self

    def send(self, name: str, frame: bytes) -> None:
        if name in self.broken:
            raise PortError(f"{name}: it is broken")
        self.sent.append((name, decode_beacon(frame)))

    def close(self) -> None:
        self.open -= 1

    def link(self, name: str) -> Link:
        found = self.table.named(name)
        assert found is not None
        return found


class Box:
    """A daemon's steady beacon, with rounds that do not wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kernel: Kernel, configuration: Configuration) -> None:
        monkeypatch.setattr(beacon, "FrameSender", kernel.sender)
        monkeypatch.setattr(beacon, "_PERIOD", 0.001)
        self.kernel, self.today = kernel, Today()
        self.today.configuration = configuration
        self.beacon = SteadyBeacon(cast(Network, kernel), self.today)

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 (a condition of the code under test has no event)
                await asyncio.sleep(0.001)

    def become(self, configuration: Configuration) -> None:
        self.today.configuration = configuration
        self.beacon.wake()


def test_a_new_box_becomes_one_of_a_pair(monkeypatch: pytest.MonkeyPatch):
    kernel = Kernel(
        card(1, up=False, carrier=False), card(2, up=False, carrier=False), FREE, card(4, up=False)
    )
    kernel.table.take(dataclasses.replace(kernel.link("eth4"), carrier=False))
    box = Box(monkeypatch, kernel, NEW)

    async def life() -> None:
        task = asyncio.create_task(box.beacon.run())
        await box.until(lambda: {name for name, _ in kernel.sent} == {"eth1", "eth2", "eth3", "eth4"})
        assert [kernel.link(name).group for name in ("eth1", "eth2", "eth3", "eth4")] == [HELD, HELD, 0, HELD]
        said = {sent for _, sent in kernel.sent}
        instance = box.beacon.instance
        assert said == {Beacon(instance, "", True), Beacon(instance, "", False)}, "near and far, and no name"
        box.become(configured())
        await box.until(lambda: kernel.link("eth4").up is False)
        kernel.sent.clear()
        await box.until(lambda: len(kernel.sent) > 4)
        assert {name for name, _ in kernel.sent} == {"eth2"}
        assert [link.up for link in kernel.table.links()] == [True, True, True, False], "ports stay on"
        assert {link.group for link in kernel.table.links()} == {0}
        box.become(configured(hotwire_secret=SECRET))
        await box.until(lambda: kernel.open == 0)
        kernel.sent.clear()
        box.become(configured())
        await box.until(lambda: kernel.sent)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await box.beacon.close()

    asyncio.run(life())
    assert kernel.open == 0


def test_a_broken_card_is_told_once_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    kernel = Kernel(card(1, up=False, carrier=False), HOT, FREE)
    kernel.broken = {"eth1", "eth2"}
    box = Box(monkeypatch, kernel, NEW)

    async def life() -> None:
        task = asyncio.create_task(box.beacon.run())
        await box.until(lambda: len(kernel.sent) > 10)
        assert len(caplog.records) == 2, caplog.text
        kernel.broken.clear()
        await box.until(lambda: {name for name, _ in kernel.sent} == {"eth1", "eth2", "eth3"})
        kernel.table.take(LinkGone(1))
        kernel.broken = {"eth2"}
        await box.until(lambda: len(caplog.records) == 3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await box.beacon.close()

    asyncio.run(life())
    assert "eth1" in caplog.text
    assert kernel.link("eth3").up
