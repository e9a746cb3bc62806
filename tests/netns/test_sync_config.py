"""The configuration over a real SSH server on the hotwire, both ways, and everything that must not be."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair, exchange_keys
from hadaemon.io.store.generations import Generations

from .waiting import stretched, wait_for

CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[SyncBox, SyncBox]]:
    with Namespaces() as namespaces:
        alpha, beta = build_sync_pair(namespaces, tmp_path)
        exchange_keys(alpha, beta)
        yield alpha, beta
        for box in (alpha, beta):
            assert "Traceback" not in box.log.read_text(), box.log.read_text()
            assert not list(box.state.rglob(".*"))


def cluster(box: SyncBox) -> str:
    return (box.state / "cluster.toml").read_text()


def head(box: SyncBox):
    return Generations(box.state).head()


def test_a_fresh_node_joins_and_changes_go_both_ways(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    done = beta.hactl("config", "sync", "--from-peer", "--yes")
    assert done.returncode == 0, done.stderr
    assert "alpha and beta are synchronized" in done.stdout
    assert cluster(beta) == CLUSTER
    assert head(alpha) == head(beta)
    beta.apply(CLUSTER.replace("12.1/24", "12.2/24"))
    done = beta.hactl("config", "sync", "--to-peer", stdin="y\n")
    assert done.returncode == 0, done.stderr
    assert "+ cluster.toml: ha_interfaces[0].virtual_addresses = ['192.168.12.2/24']" in done.stdout
    assert "12.2/24" in cluster(alpha)
    assert head(alpha) == head(beta)
    assert (alpha.state / "node.toml").read_text() != (beta.state / "node.toml").read_text()
    done = beta.hactl("config", "sync", "--from-peer")
    assert "nothing to do" in done.stdout


def test_the_fresh_spare_never_overwrites_its_master(boxes: tuple[SyncBox, SyncBox]) -> None:
    """The third source's disaster: an initialised box that believes itself to be right."""
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    for mistaken in (CLUSTER, CLUSTER.replace('"alpha"', '"beta"')):
        (beta.state / "cluster.toml").write_text(mistaken.replace("12.1/24", "12.77/24"))
        for way, box in (("--to-peer", beta), ("--from-peer", alpha)):
            done = box.hactl("config", "sync", way, "--yes", "--overwrite-newer", "--change-roles")
            assert done.returncode == 1
            assert "a fresh node can only take over" in done.stderr
    assert cluster(alpha) == CLUSTER
    assert head(alpha).generation == 1
    (beta.state / "cluster.toml").unlink()
    beta.apply(CLUSTER.replace('"alpha"', '"beta"'))
    done = beta.hactl("config", "sync", "--to-peer", "--yes", "--change-roles")
    assert "belong to different clusters" in done.stderr
    done = beta.hactl("config", "reset", "--yes")
    assert done.returncode == 0, done.stderr
    assert cluster(alpha) == CLUSTER


def test_who_is_refused_and_why(boxes: tuple[SyncBox, SyncBox], tmp_path: Path) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)

    def refused(words: str) -> None:
        done = alpha.hactl("config", "sync", "--to-peer", "--yes")
        assert done.returncode == 1
        assert words in done.stderr, done.stderr
        assert head(beta).empty

    beta.stop_server()
    refused("its synchronization service is not")
    alpha.cable(up=False)
    refused("cannot be reached over the hotwire")
    alpha.cable(up=True)
    beta.start_server()
    beta.hactl("key", "generate", "--force")
    beta.start_server()
    refused("does not have the key that this node trusts")
    exchange_keys(alpha, beta)
    alpha.hactl("key", "generate", "--force")
    refused("does not accept this node's key")
    alpha.hactl("key", "revoke")
    refused("do not hold each other's keys")
    exchange_keys(alpha, beta)
    assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0


def test_what_the_peer_cannot_run_is_refused_on_both(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0
    before = head(beta)
    node = alpha.state / "node.toml"
    node.write_text(node.read_text() + '[ports.guest]\nmac = "52:54:00:48:0a:09"\n')
    alpha.apply(CLUSTER + '[[ha_interfaces]]\nport = "guest"\nvirtual_addresses = ["10.1.1.1/24"]\n')
    done = alpha.hactl("config", "sync", "--to-peer", "--yes")
    assert done.returncode == 1
    assert 'node beta has no port "guest"' in done.stderr
    assert head(beta) == before
    node = beta.state / "node.toml"
    node.write_text(node.read_text() + '[ports.guest]\nmac = "52:54:00:48:0b:09"\n')
    done = alpha.hactl("config", "sync", "--to-peer", "--yes")
    assert done.returncode == 0, done.stderr
    assert "beta: the new HA interface guest has no own address" in done.stdout


def test_one_administrator_at_a_time_across_the_pair(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    code = (
        "import pathlib, time; from hadaemon.io.store.pair_lock import locked\n"
        "from hadaemon.sync.holder import Holder\n"
        "with locked(pathlib.Path('/run/hotspare'), 'beta', Holder('eve', 'beta', 'noon', 'nano')):\n"
        "    pathlib.Path('/run/held').touch(); time.sleep(60)"
    )
    other = beta.start(sys.executable, "-P", "-c", code)
    wait_for("the lock is held", (beta.run_folder / "held").exists, within=5)
    done = alpha.hactl("config", "sync", "--to-peer", "--yes")
    assert "the configuration of beta is being changed by eve on beta, since noon: nano" in done.stderr
    other.kill()
    other.wait(stretched(5))
    assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0


def test_roles_that_change_over_are_asked_about_twice(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0
    beta.apply(CLUSTER.replace('"alpha"', '"beta"'))
    done = beta.hactl("config", "sync", "--to-peer", "--yes")
    assert done.returncode == 1
    assert "the roles change over: beta becomes the master, alpha the spare" in done.stderr
    assert beta.hactl("config", "sync", "--to-peer", stdin="y\nn\n").returncode == 1
    assert cluster(alpha) == CLUSTER
    assert beta.hactl("config", "sync", "--to-peer", stdin="y\ny\n").returncode == 0
    assert 'master = "beta"' in cluster(alpha)


def test_the_older_one_does_not_go_over_the_newer(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0
    for number in (3, 4):
        beta.apply(CLUSTER.replace("12.1/24", f"12.{number}/24"))
    done = alpha.hactl("config", "sync", "--to-peer", "--yes")
    assert "beta is newer: it has generation 3" in done.stderr
    assert alpha.hactl("config", "sync", "--to-peer", "--yes", "--overwrite-newer").returncode == 0
    assert cluster(beta) == CLUSTER
    assert head(alpha) == head(beta)
    assert head(alpha).generation == 4


def test_a_full_disk_on_the_peer_changes_nothing(boxes: tuple[SyncBox, SyncBox], tmp_path: Path) -> None:
    alpha, beta = boxes
    folder = tmp_path / "large"
    (folder / "cluster.d").mkdir(parents=True)
    (folder / "cluster.toml").write_text(CLUSTER)
    (folder / "cluster.d/list").write_bytes(bytes(1 << 20))
    assert alpha.hactl("config", "apply", str(folder)).returncode == 0
    (beta.state / "generations").mkdir()
    tmpfs = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(beta.state / "generations")]
    assert beta.command(*tmpfs).returncode == 0
    done = alpha.hactl("config", "sync", "--to-peer", "--yes")
    assert done.returncode == 1
    assert "No space left on device: the configuration is as it was" in done.stderr
    assert not (beta.state / "cluster.toml").exists()
    assert beta.command("ls", "-A", str(beta.state / "generations")).stdout == ""


def test_a_peer_that_stops_half_way(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    (inetd,) = (process for process in beta.namespace._processes if "inetd" in str(process.args))
    inetd.send_signal(signal.SIGSTOP)
    done = alpha.hactl("config", "sync", "--to-peer", "--yes", "--timeout", "1.5")
    inetd.send_signal(signal.SIGCONT)
    assert done.returncode == 1
    assert "has stopped answering" in done.stderr
    assert head(beta).empty
    assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0


def test_the_peers_key_opens_nothing_but_the_verbs(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    identity = alpha.state / "identity"
    ssh = ["ssh", "-F", "/dev/null", "-i", str(identity / "ssh_ed25519")]
    ssh += ["-o", f"UserKnownHostsFile={identity / 'known_hosts'}", "-o", "HostKeyAlias=hotspare-peer"]
    ssh += ["-o", "BatchMode=yes"]
    there = ["192.168.180.3"]
    # Whatever is asked for, it is the keeper who answers, and it wants frames.
    done = alpha.command(*ssh, "-l", "hotspare-sync", *there, "cat /etc/passwd", stdin="x" * 100)
    assert "root:" not in done.stdout
    assert "are the limit" in done.stdout
    assert alpha.command(*ssh, "-l", "root", *there, "id").returncode == 255
    forward = ["-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22", "-N"]
    assert alpha.command(*ssh, *forward, "-l", "hotspare-sync", *there).returncode == 255
    done = alpha.command(*ssh, "-tt", "-l", "hotspare-sync", *there, stdin="x" * 100)
    assert "PTY allocation request failed" in done.stderr
    listening = beta.namespace.run("ss", "-Hltn").split()
    assert [word for word in listening if word.endswith(":22")] == ["192.168.180.3:22"]


KILLS = [0.1, 0.4, 0.6, 0.8]
"""Seconds after the start of hactl: about half of them meet a conversation."""


@pytest.mark.parametrize("victim", ["source", "target"])
def test_killed_at_some_points(boxes: tuple[SyncBox, SyncBox], victim: str) -> None:
    kill_at(boxes, KILLS, victim)


@pytest.mark.nightly
@pytest.mark.parametrize("victim", ["source", "target"])
def test_killed_at_a_hundred_random_points(boxes: tuple[SyncBox, SyncBox], victim: str) -> None:
    chance = random.Random(int(os.environ.get("HOTSPARE_SEED", "1")))
    kill_at(boxes, [chance.uniform(0.0, 1.0) for _ in range(100)], victim)


def kill_at(boxes: tuple[SyncBox, SyncBox], times: list[float], victim: str) -> None:
    """Whatever is killed whenever: the old or the new one is there whole, and the next attempt works."""
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert alpha.hactl("config", "sync", "--to-peer", "--yes").returncode == 0
    for number, seconds in enumerate(times):
        old = cluster(beta)
        new = CLUSTER.replace("12.1/24", f"12.{number % 90 + 2}/24")
        alpha.apply(new)
        command = alpha.hactl_command("config", "sync", "--to-peer", "--yes", "--timeout", "3")
        process = alpha.start(*command)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        if victim == "source":
            process.kill()
        else:
            for pid in keepers(beta):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.wait(stretched(10))
        wait_for("the lock is free", lambda: not keepers(beta), within=5)
        assert cluster(beta) in (old, new)
        assert cluster(alpha) == new
        done = alpha.hactl("config", "sync", "--to-peer", "--yes")
        assert done.returncode == 0, done.stderr
        assert head(alpha) == head(beta)


def keepers(box: SyncBox) -> list[int]:
    """The processes that serve a conversation now."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if f"{box.state}".encode() in (line := (entry / "cmdline").read_bytes()):
                    found += (
                        [int(entry.name)] if line.count(b"helper.keeper") and b"inetd" not in line else []
                    )
    return found


ON_APPLY = CLUSTER.replace('master = "alpha"', 'master = "alpha"\nsync = "on-apply"')


def test_a_change_goes_to_both_or_to_none(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(ON_APPLY)
    assert cluster(beta) == ON_APPLY
    assert head(alpha) == head(beta)
    new = alpha.folder / "new.toml"
    beta.stop_server()
    new.write_text(ON_APPLY.replace("12.1/24", "12.2/24"))
    done = alpha.hactl("config", "apply", str(new))
    assert done.returncode == 1
    assert cluster(alpha) == ON_APPLY
    beta.start_server()
    node = alpha.state / "node.toml"
    node.write_text(node.read_text() + '[ports.guest]\nmac = "52:54:00:48:0a:09"\n')
    new.write_text(ON_APPLY + '[[ha_interfaces]]\nport = "guest"\nvirtual_addresses = ["10.1.1.1/24"]\n')
    done = alpha.hactl("config", "apply", str(new))
    assert "beta refuses the configuration; nothing was changed" in done.stderr
    assert cluster(alpha) == cluster(beta) == ON_APPLY
    new.write_text(ON_APPLY.replace("12.1/24", "12.2/24"))
    assert alpha.hactl("config", "apply", str(new), "--here").returncode == 0
    beta_new = beta.folder / "new.toml"
    beta_new.write_text(ON_APPLY.replace("12.1/24", "12.3/24"))
    done = beta.hactl("config", "apply", str(beta_new))
    assert "the peer has a configuration that this node never had" in done.stderr
    assert "12.2/24" in alpha.hactl("config", "diff", "--peer").stdout


def test_a_change_on_both_goes_back_on_both_or_stays_on_both(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(ON_APPLY)
    new = alpha.folder / "new.toml"
    new.write_text(ON_APPLY.replace("12.1/24", "12.2/24"))
    assert alpha.hactl("config", "apply", str(new), "--confirm", "5m").returncode == 0
    assert "12.2/24" in cluster(beta)
    assert (beta.state / "generations/confirm.json").exists()
    assert alpha.hactl("config", "rollback", "--unconfirmed").returncode == 0
    assert cluster(alpha) == cluster(beta) == ON_APPLY
    assert alpha.hactl("config", "apply", str(new), "--confirm", "5m").returncode == 0
    beta.stop_server()
    assert alpha.hactl("config", "confirm").returncode == 1
    assert (alpha.state / "generations/confirm.json").exists()
    beta.start_server()
    assert alpha.hactl("config", "confirm").returncode == 0
    for box in boxes:
        assert not (box.state / "generations/confirm.json").exists()
        assert "12.2/24" in cluster(box)
    assert alpha.hactl("config", "rollback").returncode == 0
    assert cluster(alpha) == cluster(beta) == ON_APPLY
    assert head(alpha) == head(beta)


def test_a_cluster_is_not_activated_without_keys(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, _ = boxes
    alpha.hactl("key", "revoke")
    new = alpha.folder / "new.toml"
    new.write_text(CLUSTER)
    done = alpha.hactl("config", "apply", str(new))
    assert "cannot be activated before the nodes hold each other's keys" in done.stderr
    assert not (alpha.state / "cluster.toml").exists()
    new.write_text(CLUSTER.replace('name = "office"', 'name = "office"\nenabled = false'))
    assert alpha.hactl("config", "apply", str(new)).returncode == 0


def test_reading_commands_on_the_peer(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    beta.apply(CLUSTER.replace('"alpha"', '"beta"'))
    done = alpha.on_peer("config", "history")
    assert done.returncode == 0, done.stderr
    assert "apply" in done.stdout
    assert alpha.on_peer("config", "check").stdout.startswith("good\n")
    assert alpha.on_peer("status").returncode == 3
    assert "the daemon does not answer" in alpha.on_peer("status").stderr
    done = alpha.on_peer("switch")
    assert done.returncode == 2
    assert "only commands that read" in done.stderr
