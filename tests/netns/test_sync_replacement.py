"""A dead node is replaced by a new box: from its own backup, or by joining anew. Keys are exchanged again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair, exchange_keys

from .test_sync_config import CLUSTER, cluster, head


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[SyncBox, SyncBox]]:
    with Namespaces() as namespaces:
        alpha, beta = build_sync_pair(namespaces, tmp_path)
        exchange_keys(alpha, beta)
        alpha.apply(CLUSTER)
        assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0
        yield alpha, beta


def test_from_its_own_backup(boxes: tuple[SyncBox, SyncBox], tmp_path: Path) -> None:
    alpha, beta = boxes
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery\n")
    file = tmp_path / "alpha.backup"
    sealed = ["--passphrase-file", str(secret)]
    done = alpha.hactl("backup", "create", str(file), *sealed)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert "192.168.12" not in file.read_text()
    old_key = (alpha.state / "identity/ssh_ed25519").read_text()
    beta.apply(CLUSTER.replace("12.1/24", "12.2/24"))  # While alpha is dead.
    alpha.replace_hardware()

    secret.write_text("another one\n")
    done = alpha.hactl("backup", "restore", str(file), *sealed)
    assert "the passphrase is wrong, or the file is damaged" in done.stderr
    secret.write_text("correct horse battery\n")
    done = alpha.hactl("backup", "restore", str(file), *sealed)
    assert done.returncode == 0, done.stderr
    assert cluster(alpha) == CLUSTER
    assert "52:54:00:48:0c:01" in (alpha.state / "node.toml").read_text()
    assert 'name = "alpha"' in (alpha.state / "node.toml").read_text()
    assert not (alpha.state / "identity").exists()
    assert not (alpha.state / "hotwire.key").exists()

    done = alpha.hactl("config", "sync", "--from-peer", "--yes")
    assert "do not hold each other's keys" in done.stderr
    exchange_keys(alpha, beta)
    assert (alpha.state / "identity/ssh_ed25519").read_text() != old_key
    done = alpha.hactl("config", "sync", "--to-peer", "--yes")
    assert "beta is newer" in done.stderr
    assert alpha.hactl("config", "sync", "--from-peer", "--yes").returncode == 0
    assert "12.2/24" in cluster(alpha)
    assert head(alpha) == head(beta)

    done = beta.hactl("backup", "restore", str(file), *sealed)
    assert "this box is beta, and the backup is that of alpha" in done.stderr
    done = alpha.hactl("backup", "restore", str(file), *sealed, "--bind", "dmz=52:54:00:00:00:01")
    assert "the backup has no port dmz" in done.stderr


def test_by_joining_anew(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.replace_hardware()
    exchange_keys(alpha, beta)
    done = alpha.hactl("config", "sync", "--from-peer", "--yes")
    assert done.returncode == 0, done.stderr
    assert head(alpha) == head(beta)
    assert "52:54:00:48:0c:01" in (alpha.state / "node.toml").read_text()


def test_a_box_without_the_old_network_cards_says_so(boxes: tuple[SyncBox, SyncBox], tmp_path: Path) -> None:
    alpha, _ = boxes
    secret, file = tmp_path / "passphrase", tmp_path / "alpha.backup"
    secret.write_text("short\n")
    sealed = ["--passphrase-file", str(secret)]
    assert "too short" in alpha.hactl("backup", "create", str(file), *sealed).stderr
    secret.write_text("correct horse battery\n")
    assert alpha.hactl("backup", "create", str(file), *sealed).returncode == 0
    alpha.replace_hardware()
    (alpha.state / "node.toml").unlink()
    done = alpha.hactl("backup", "restore", str(file), *sealed)
    assert "say which is lan, e.g. --bind lan=MAC; it has 52:54:00:48:0a:03" in done.stderr
    assert list(alpha.state.iterdir()) == []
    bindings = ["--bind", "lan=52:54:00:48:0d:01", "--bind", "hotwire=52:54:00:48:0d:03"]
    assert alpha.hactl("backup", "restore", str(file), *sealed, *bindings).returncode == 0
    assert "52:54:00:48:0d:03" in (alpha.state / "node.toml").read_text()
