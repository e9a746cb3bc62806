"""What the daemon knows of its rules: what nftables refused, and what is only advice."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.services import firewall
from hadaemon.daemon.services.firewall import Firewall
from hadaemon.io.kernel.links import LinkTable
from hadaemon.io.programs.nft import NftError
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition

NODE = 'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n'
CLUSTER = """schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""


class NoLinks:
    """A kernel without any."""

    table = LinkTable()


NETWORK = cast(Network, NoLinks())
ADVISED = CLUSTER + '[[firewall.source_nat]]\naddress = "192.168.12.9"\nfrom = ["lan"]\nto = ["lan"]\n'


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why nftables refuses; empty: it does not."""
    why: list[str] = []

    def load(text: str) -> None:
        if why:
            raise NftError(why[0])

    monkeypatch.setattr(firewall, "load_rules", load)
    monkeypatch.setattr(firewall, "forwards", lambda: True)
    monkeypatch.setattr(firewall, "say_loaded", lambda run: None)
    monkeypatch.setattr(firewall, "purge", lambda *rules: 0)
    return why


def configuration(cluster: str) -> Configuration:
    return Configuration(Condition.CLUSTER, load_node(NODE), load_cluster(cluster))


def test_rules_that_are_refused_at_the_start_are_a_fault_until_they_are_loaded(
    refused: list[str], tmp_path: Path
) -> None:
    async def go() -> None:
        rules = Firewall(NETWORK, tmp_path, asyncio.get_running_loop())
        refused.append("ended with 1")
        told = await rules.apply(configuration(CLUSTER))
        assert rules.faults == told != ()
        refused.clear()
        assert await rules.apply(configuration(CLUSTER)) == ()
        assert rules.faults == ()

    asyncio.run(go())


def test_advice_is_no_fault(refused: list[str], tmp_path: Path) -> None:
    """A firmware is not given up for what it says of the same configuration on every node."""

    async def go() -> None:
        rules = Firewall(NETWORK, tmp_path, asyncio.get_running_loop())
        assert await rules.apply(configuration(ADVISED)) == ()
        assert rules.problems != ()
        assert rules.faults == ()

    asyncio.run(go())
