"""`python3 invoke.py deploy`, typed at a host of the LAN, by the SSH, the sudo and the hactl of the image."""

from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.lab.keys import exchange_keys
from firmware.lab.topology import STANDARD_PAIR
from tests.lab.checkout import Checkout

from .pair import ContainerPair, containers

VIRTUAL = IPv4Address("192.168.12.1")
SSH = "\n[ssh]\nports = ['lan']\n"
WAITS = "test -e /data/state/generations/confirm.json"
CONFIRM = 60
"""Seconds."""


@pytest.fixture(scope="module")
def office(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerPair]:
    """They know each other, and let administrators in."""
    with containers(image, STANDARD_PAIR, tmp_path_factory.mktemp("pair")) as pair:
        pair.wait_ready()
        alpha, beta = pair.node("alpha"), pair.node("beta")
        for node in (alpha, beta):
            node.run(f'printf "{SSH}" >>/data/state/cluster.toml && hactl reload', root=True)
        for node in (alpha, beta):
            node.wait_until("systemctl is-active --quiet hotspare-ssh.socket")
        exchange_keys(alpha, beta)  # type: ignore[arg-type]
        yield pair


@pytest.fixture
def checkout(office: ContainerPair, tmp_path: Path) -> Checkout:
    """With the files that the nodes have."""
    folder = tmp_path / "office"
    for name, node in office.nodes.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "node.toml").write_text(node.run("cat /data/state/node.toml", root=True).output)
    own = {
        str(STANDARD_PAIR.node(name).port("lan").addresses[0].ip): node for name, node in office.nodes.items()
    }
    checkout = Checkout(office.clients["client"], folder, own)
    checkout.cluster.write_text(has(office)[0])
    return checkout


def has(office: ContainerPair) -> list[str]:
    return [node.run("cat /data/state/cluster.toml", root=True).output for node in office.nodes.values()]


def add(address: str, checkout: Checkout) -> str:
    """One more virtual address in the checkout; what the difference must say."""
    text = checkout.cluster.read_text()
    assert text.count(f'["{VIRTUAL}/24"') == 1
    checkout.cluster.write_text(text.replace(f'["{VIRTUAL}/24"', f'["{VIRTUAL}/24", "{address}/24"'))
    return f"+ cluster.toml: ha_interfaces[0].virtual_addresses = ['{VIRTUAL}/24', '{address}/24'"


def test_a_change_goes_to_both_and_is_confirmed(office: ContainerPair, checkout: Checkout) -> None:
    difference = add("192.168.12.8", checkout)
    done = checkout.deploy(answer="y\n")
    assert done.returncode == 0, done.stdout
    assert difference in done.stdout
    assert "office: apply this on both nodes? [y/N]" in done.stdout
    assert "is applied on alpha and beta, and confirmed" in done.stdout
    assert has(office) == [checkout.cluster.read_text()] * 2
    for node in office.nodes.values():
        node.run(f"! {WAITS}", root=True)
    assert "office: nothing to do: the nodes have this configuration" in checkout.deploy().stdout


def test_what_breaks_off_goes_back_on_both(office: ContainerPair, checkout: Checkout) -> None:
    before, difference = has(office), add("192.168.12.9", checkout)
    looked = checkout.deploy("--check")
    assert difference in looked.stdout, looked.stdout
    assert "office: would change, and was not changed" in looked.stdout
    done = checkout.deploy("--yes", "--confirm", str(CONFIRM), pull_at=checkout.connections + 2)
    assert done.returncode == 1, done.stdout
    assert "cannot be reached" in done.stdout
    assert f"what was applied goes back by itself within {CONFIRM} s" in done.stdout
    assert has(office) == [checkout.cluster.read_text()] * 2
    for node in office.nodes.values():
        node.run(WAITS, root=True)
    for node in office.nodes.values():
        node.wait_until(f"! {WAITS}", CONFIRM + 60, root=True)
    assert has(office) == before
