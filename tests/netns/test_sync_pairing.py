"""Two fresh boxes on one cable: a code, and they are a pair that synchronizes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair

from .test_sync_config import CLUSTER
from .waiting import wait_for


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[SyncBox, SyncBox]]:
    with Namespaces() as namespaces:
        yield build_sync_pair(namespaces, tmp_path)


def test_paired_by_a_code(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    showing = alpha.start(*alpha.hactl_command("pair", "show"))
    found = wait_for("a code", lambda: re.search(r"type  (\d{3} \d{3})", alpha.log.read_text()), within=10)
    wrong = "000 000" if found[1] != "000 000" else "000 001"
    done = beta.hactl("pair", "enter", stdin=f"{wrong}\n{found[1]}\n")
    assert done.returncode == 0, done.stderr
    assert "the code is wrong: look again" in done.stdout
    assert showing.wait(10) == 0
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
