"""What the setup menu does with the other box: over a real cable, with real keys."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair, exchange_keys

from .test_sync_config import CLUSTER

SCRIPT = """
import sys
from pathlib import Path
from hadaemon.console import partner
from hadaemon.setup.places import Places

Places.state = property(lambda self: Path(sys.argv[1]))
partner._PATIENCE = partner._ACTIVE = 1.0
print("result", getattr(partner, sys.argv[2])(Places()))
"""
OFF = CLUSTER.replace('master = "alpha"', 'master = "alpha"\nenabled = false')


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[SyncBox, SyncBox]]:
    with Namespaces() as namespaces:
        yield build_sync_pair(namespaces, tmp_path)


def do(box: SyncBox, action: str) -> str:
    """What the menu would be told, after what the commands have said."""
    done = box.command(sys.executable, "-P", "-c", SCRIPT, str(box.state), action)
    assert done.returncode == 0, done.stderr
    return done.stdout[done.stdout.index("result ") :] + done.stderr


def test_a_spare_reads_what_it_must_fit_to_and_pulls_once_the_master_is_active(boxes) -> None:
    alpha, beta = boxes
    assert "the nodes do not hold each other's keys" in do(beta, "read_peer")
    exchange_keys(alpha, beta)
    assert "the other box is in no cluster" in do(beta, "read_peer")
    alpha.apply(OFF)
    found = do(beta, "read_peer")
    assert "PeerPort(name='lan', virtual_addresses=('192.168.12.1/24',), dial_in=False)" in found
    assert "name='hotwire'" not in found
    assert "the cluster is not activated" in do(beta, "pull")
    assert "result ()" in do(alpha, "activate")
    assert "enabled = true" in (alpha.state / "cluster.toml").read_text()
    assert "the daemon does not answer" in do(beta, "pull"), "here is no daemon that could say how it goes on"
    assert (beta.state / "cluster.toml").read_text() == (alpha.state / "cluster.toml").read_text()
    assert "result ()" in do(alpha, "activate"), "once more does no harm"
