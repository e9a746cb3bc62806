"""Two fresh boxes on one cable: a code, and they are a pair that synchronizes."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.layers.l2 import Ether

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair, exchange_keys
from hadaemon.hotwire.addresses import default_address
from hadaemon.hotwire.exclusive import BEACON_TYPE

from .capture import Capture
from .test_sync_config import CLUSTER
from .waiting import stretched, wait_for


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[SyncBox, SyncBox]]:
    with Namespaces() as namespaces:
        yield build_sync_pair(namespaces, tmp_path)


@pytest.fixture
def plain_boxes(tmp_path: Path) -> Iterator[tuple[SyncBox, SyncBox]]:
    """Nobody has configured an address of the hotwire anywhere."""
    defaults = {name: str(default_address(name)) for name in ("alpha", "beta")}
    with Namespaces() as namespaces:
        yield build_sync_pair(namespaces, tmp_path, defaults)


def pair(showing: SyncBox, typing: SyncBox) -> None:
    def codes() -> list[str]:
        return re.findall(r"type  (\d{3} \d{3})\n", showing.log.read_text())

    before = len(codes())
    waits = showing.start(*showing.hactl_command("pair", "show"))
    found = wait_for("a code", lambda: codes()[before:], within=10)
    done = typing.hactl("pair", "enter", stdin=f"{found[0]}\n")
    assert done.returncode == 0, done.stderr
    assert f"paired with {showing.name}: " in done.stdout
    assert waits.wait(stretched(10)) == 0


@pytest.mark.parametrize("way", ["code", "keys"])
def test_default_addresses_need_no_thought(plain_boxes: tuple[SyncBox, SyncBox], way: str) -> None:
    alpha, beta = plain_boxes
    if way == "code":
        pair(alpha, beta)
        for box in plain_boxes:
            box.start_server()
    else:
        exchange_keys(alpha, beta)
    for box, other in ((alpha, beta), (beta, alpha)):
        lines = (box.run_folder / "hotspare/sync/sshd_config").read_text().splitlines()
        assert f"ListenAddress {default_address(box.name).ip}" in lines
        assert f"AllowUsers hotspare-sync@{default_address(other.name).ip}" in lines
    alpha.apply(CLUSTER)
    done = beta.hactl("config", "sync", "--from-peer", "--yes")
    assert done.returncode == 0, done.stderr
    beta.apply(CLUSTER.replace("12.1/24", "12.2/24"))
    done = beta.hactl("config", "sync", "--to-peer", "--yes")
    assert done.returncode == 0, done.stderr
    assert "12.2/24" in (alpha.state / "cluster.toml").read_text()
    done = alpha.on_peer("key", "show")
    assert done.returncode == 0, done.stderr
    assert (beta.state / "identity/ssh_ed25519.pub").read_text() in done.stdout


def test_a_renamed_node_keeps_its_address_and_is_found(plain_boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = plain_boxes
    pair(alpha, beta)
    beta.write_node(name="gamma")
    for box in plain_boxes:
        box.start_server()
    lines = (beta.run_folder / "hotspare/sync/sshd_config").read_text().splitlines()
    assert f"ListenAddress {default_address('beta').ip}" in lines
    alpha.apply(CLUSTER)
    done = beta.hactl("config", "sync", "--from-peer", "--yes")
    assert done.returncode == 0, done.stderr
    assert "alpha and gamma are synchronized" in done.stdout
    assert alpha.on_peer("key", "show").returncode == 0


def test_a_renamed_node_is_paired_anew_under_the_name_of_its_address(
    plain_boxes: tuple[SyncBox, SyncBox],
) -> None:
    alpha, beta = plain_boxes
    pair(alpha, beta)
    beta.write_node(name="gamma")
    assert alpha.hactl("key", "revoke").returncode == 0
    showing = beta.start(*beta.hactl_command("pair", "show"))
    found = wait_for("a code", lambda: re.search(r"type  (\d{3} \d{3})", beta.log.read_text()), within=10)
    done = alpha.hactl("pair", "enter", stdin=f"{found[1]}\n")
    assert "paired with gamma: " in done.stdout, done.stderr
    assert showing.wait(stretched(10)) == 0
    assert "hotspare-beta\n" in (alpha.state / "identity/peer.pub").read_text()
    for box in plain_boxes:
        box.start_server()
    alpha.apply(CLUSTER)
    done = beta.hactl("config", "sync", "--from-peer", "--yes")
    assert done.returncode == 0, done.stderr


def test_a_revoked_key_takes_the_name_along(plain_boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = plain_boxes
    pair(alpha, beta)
    assert (beta.state / "hotwire.name").read_text() == "beta\n"
    assert beta.hactl("key", "revoke").returncode == 0
    assert not (beta.state / "hotwire.name").exists()


def test_who_shows_no_code_is_not_found(plain_boxes: tuple[SyncBox, SyncBox]) -> None:
    done = plain_boxes[0].hactl("pair", "enter", stdin="123 456\n")
    assert done.returncode != 0
    assert "nobody at the other end of port hotwire (hotwire) shows a code" in done.stderr


def test_a_box_that_only_says_that_it_is_here_shows_no_code(plain_boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = plain_boxes
    wire = Capture(alpha.namespace, "hotwire")
    run = beta.folder / "run"
    run.mkdir()
    beta.start(sys.executable, "-P", "-m", "hadaemon", "--state", str(beta.state), "--run", str(run))

    def beacon() -> None:
        wire.wait("a steady beacon", lambda frame: frame[Ether].type == BEACON_TYPE, within=20)

    beacon()
    done = alpha.hactl("pair", "enter", stdin="123 456\n")
    assert done.returncode != 0
    assert "nobody at the other end of port hotwire (hotwire) shows a code" in done.stderr
    beacon()
    pair(beta, alpha)


def test_two_boxes_of_one_name_say_so(plain_boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = plain_boxes
    beta.write_node(name="alpha")
    alpha.start(*alpha.hactl_command("pair", "show"))
    wait_for("a code", lambda: "type  " in alpha.log.read_text(), within=10)
    done = beta.hactl("pair", "enter", stdin="123 456\n")
    assert "both nodes are called alpha" in done.stderr


def test_paired_by_a_code(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    showing = alpha.start(*alpha.hactl_command("pair", "show"))
    found = wait_for("a code", lambda: re.search(r"type  (\d{3} \d{3})", alpha.log.read_text()), within=10)
    wrong = "000 000" if found[1] != "000 000" else "000 001"
    done = beta.hactl("pair", "enter", stdin=f"{wrong}\n{found[1]}\n")
    assert done.returncode == 0, done.stderr
    assert "the code is wrong: look again" in done.stdout
    assert showing.wait(stretched(10)) == 0
    secrets = [box.state / "hotwire.key" for box in boxes]
    assert secrets[0].read_text() == secrets[1].read_text()
    assert all(secret.stat().st_mode & 0o777 == 0o640 for secret in secrets)
    words = [re.search(r"(?:this node|the peer): +(.*)", box.hactl("key", "show").stdout) for box in boxes]
    assert all(words)
    for box in boxes:
        assert (box.state / "identity/ssh_ed25519").stat().st_mode & 0o777 == 0o600
        box.start_server()
    alpha.apply(CLUSTER)
    done = beta.hactl("config", "sync", "--from-peer", "--yes")
    assert done.returncode == 0, done.stderr
    assert found[1].replace(" ", "") not in alpha.hactl("key", "show").stdout
