"""`python3 invoke.py deploy` over a real SSH server on each node: on both nodes, or as it was.

ssh reaches each node's server through a program in place of a network, which may break off at any connection.
"""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair, exchange_keys
from firmware.paths import ROOT

from .test_sync_config import CLUSTER, cluster, head

OTHER = CLUSTER.replace("12.1/24", "12.9/24")
_HACTL = """#!/bin/sh
case "$*" in
"status --check") cat {folder}/check-text; exit $(cat {folder}/check-code);;
esac
exec {hactl} "$@" --state {state}
"""
_SERVER = """HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
SetEnv PATH={folder}/bin:/usr/bin:/bin
"""
_WAY = """#!/bin/sh
# Connection number N: lost before it is one, if that is the one to lose; or after its first second.
n=$(($(cat {folder}/count) + 1)); echo $n > {folder}/count
[ $n = "$(cat {folder}/lost)" ] && exit 1
case $1 in
{cases}
esac
"""


@dataclass
class Site:
    """The administrator's machine."""

    folder: Path
    alpha: SyncBox
    beta: SyncBox

    def deploy(
        self, *options: str, stdin: str = "", alpha: str = "alpha"
    ) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-P", "-m", "firmware", "deploy", str(self.site), *options]
        command += ["--ssh-config", str(self.folder / "config")]
        command += ["--at", f"alpha=root@{alpha}", "--at", "beta=root@beta"]
        (self.folder / "count").write_text("0")
        return subprocess.run(command, capture_output=True, text=True, check=False, input=stdin, cwd=ROOT)

    @property
    def site(self) -> Path:
        return self.folder / "site"

    def write(self, text: str) -> None:
        (self.site / "cluster.toml").write_text(text)

    def lose(self, connection: int) -> None:
        """That one of the next run, from 1; 0: none."""
        (self.folder / "lost").write_text(str(connection))

    def waits(self) -> list[bool]:
        """Whether a change waits to be confirmed, by node."""
        return [(box.state / "generations/confirm.json").exists() for box in (self.alpha, self.beta)]

    def has(self) -> list[str]:
        return [cluster(self.alpha), cluster(self.beta)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Namespaces() as namespaces:
        boxes = build_sync_pair(namespaces, tmp_path)
        exchange_keys(*boxes)
        boxes[0].apply(CLUSTER)
        assert boxes[1].hactl("config", "sync", "--from-peer", "--yes").returncode == 0
        found = Site(tmp_path / "laptop", *boxes)
        _set_up(found)
        yield found
        for box in boxes:
            assert not list(box.state.rglob(".*"))


def _set_up(site: Site) -> None:
    for name in ("alpha", "beta"):
        (site.site / name).mkdir(parents=True)
    _keygen(site.folder / "key")
    for box in (site.alpha, site.beta):
        (site.site / box.name / "node.toml").write_text((box.state / "node.toml").read_text())
        _keygen(box.folder / "host")
        (box.folder / "authorized").write_text((site.folder / "key.pub").read_text())
        (box.folder / "server").write_text(_SERVER.format(folder=box.folder))
        (box.folder / "bin").mkdir()
        hactl = shlex.join(box.hactl_command()[:-2])
        _program(box.folder / "bin/sudo", '#!/bin/sh\nexec "$@"\n')
        _program(box.folder / "bin/hactl", _HACTL.format(folder=box.folder, hactl=hactl, state=box.state))
        (box.folder / "check-text").write_text("HOTSPARE OK - redundant\n")
        (box.folder / "check-code").write_text("0")
    server = {box.name: [*box.namespace.entry, *box.entry] for box in (site.alpha, site.beta)}
    cases = "\n".join(
        f"{name}) exec {shlex.join(entry)} /usr/sbin/sshd -i -e -f {site.folder.parent / name}/server;;"
        for name, entry in server.items()
    )
    _program(site.folder / "way", _WAY.format(folder=site.folder, cases=cases))
    keys = [f"{box.name} {(box.folder / 'host.pub').read_text()}" for box in (site.alpha, site.beta)]
    (site.site / "known_hosts").write_text("".join(keys))
    (site.folder / "config").write_text(
        f"Host *\n  IdentityFile {site.folder}/key\n  IdentitiesOnly yes\n  ProxyCommand {site.folder}/way "
        f"%h\n"
    )
    site.lose(0)
    site.write(CLUSTER)


def _keygen(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def _program(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def test_a_change_goes_to_both_and_stays(site: Site) -> None:
    done = site.deploy("--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "office: nothing to do: the nodes have this configuration" in done.stdout
    site.write(OTHER)
    done = site.deploy("--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+ cluster.toml: ha_interfaces[0].virtual_addresses = ['192.168.12.9/24']" in done.stdout
    assert site.has() == [CLUSTER, CLUSTER]
    done = site.deploy(stdin="n\n")
    assert "office: nothing was changed" in done.stdout
    assert site.has() == [CLUSTER, CLUSTER]
    done = site.deploy(stdin="y\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is applied on alpha and beta, and confirmed" in done.stdout
    assert site.has() == [OTHER, OTHER]
    assert site.waits() == [False, False]
    assert head(site.alpha) == head(site.beta)


def test_what_leaves_a_node_worse_off_goes_back_on_both(site: Site) -> None:
    site.write(OTHER)
    sick = site.beta.folder / "bin/hactl"
    broken = f"grep -q 12.9/24 {site.beta.state}/cluster.toml && echo 'HOTSPARE CRITICAL - fault' && exit 2\n"
    sick.write_text(sick.read_text().replace('"status --check")', f'"status --check") {broken}'))
    done = site.deploy("--yes", "--confirm", "30")
    assert done.returncode == 1
    assert "it went back to what was before: beta was good enough" in done.stdout
    assert "HOTSPARE CRITICAL - fault" in done.stdout
    assert site.has() == [CLUSTER, CLUSTER]
    assert site.waits() == [False, False]


def test_what_a_node_refuses_changes_neither(site: Site) -> None:
    site.write(OTHER.replace('port = "lan"', 'port = "guest"'))
    done = site.deploy("--yes")
    assert done.returncode == 1
    assert 'has no port "guest"' in done.stderr
    assert site.has() == [CLUSTER, CLUSTER]


def test_the_wrong_box_is_not_changed(site: Site) -> None:
    site.write(OTHER)
    done = site.deploy("--yes", alpha="beta")
    assert done.returncode == 1
    assert "at root@beta is beta, and not alpha" in done.stdout
    names, keys = zip(*(line.split(maxsplit=1) for line in _lines(site.site / "known_hosts")), strict=True)
    pairs = zip(names, keys[::-1], strict=True)
    (site.site / "known_hosts").write_text("".join(f"{name} {key}\n" for name, key in pairs))
    done = site.deploy("--yes")
    assert done.returncode == 1
    assert "alpha cannot be reached" in done.stdout
    assert site.has() == [CLUSTER, CLUSTER]


def test_a_connection_that_is_lost_at_any_step_leaves_no_half(site: Site) -> None:
    site.write(OTHER)
    for number in range(1, 20):
        site.lose(number)
        done = site.deploy("--yes")
        if done.returncode == 0:
            assert number > 5
            assert site.has() == [OTHER, OTHER]
            return
        assert "cannot be reached" in done.stdout, done.stdout
        assert site.has() in ([CLUSTER, CLUSTER], [OTHER, OTHER])
        if site.has() == [OTHER, OTHER]:
            assert site.waits() == [True, True], "it goes back by itself"
            assert "goes back by itself within 300 s" in done.stdout
            assert site.alpha.hactl("config", "rollback", "--unconfirmed").returncode == 0
        assert site.has() == [CLUSTER, CLUSTER]
        assert site.waits() == [False, False]
    raise AssertionError("it never ended")
