"""Two versions in one pair, the older one a real older firmware: they act as one for as long as need be."""

import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.lab.keys import exchange_keys
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.topology import STANDARD_PAIR

from .conftest import MOVE_SECONDS, Labs
from .older import OLDER_VERSION, older_image
from .test_connections import POLICY, all_traffic, configure
from .test_firmware import BOOT_SECONDS, version
from .test_upgrade import losses
from .traffic import two_hosts

pytestmark = pytest.mark.nightly


@pytest.fixture
def mixed(labs: Labs, image: Path, tmp_path: Path) -> Iterator[Lab]:
    """alpha, the master, has the older firmware; beta has ours."""
    older = older_image(tmp_path)["image"]
    lab = labs.make(STANDARD_PAIR, LabOptions(image, special={"alpha": NodeOptions(image=older)}))
    alpha, beta = lab.node("alpha"), lab.node("beta")
    for node in (alpha, beta):
        node.power_on()
    alpha.wait_for_state("active", BOOT_SECONDS)
    beta.wait_for_state("backup", BOOT_SECONDS)
    yield lab
    lab.close()


def test_an_older_firmware_and_this_one_are_a_pair(
    mixed: Lab, tmp_path: Path, report_line: Callable[[str], None]
) -> None:
    """Configuration goes over both ways, and so does the traffic; no connection ends by it."""
    alpha, beta = mixed.node("alpha"), mixed.node("beta")
    assert (version(alpha)[0], version(beta)[0]) == (OLDER_VERSION, "dev")
    for node in (alpha, beta):
        configure(node, POLICY)
    exchange_keys(alpha, beta)
    for node, other in ((alpha, beta), (beta, alpha)):
        comment = f"# of {node.name}"
        change = f"(cat /data/state/cluster.toml; echo {shlex.quote(comment)}) > /tmp/changed.toml"
        node.run(f"{change} && hactl config apply /tmp/changed.toml", root=True)
        node.run("hactl config sync --to-peer --yes", root=True)
        assert comment in other.run("cat /data/state/cluster.toml", root=True).output
        other.wait_until("hactl status | grep '^configuration: synchronized'")
    with two_hosts(mixed) as hosts, all_traffic(hosts, tmp_path) as traffic:
        traffic.check()
        since = time.monotonic()
        for _ in range(2):
            for node, other in ((alpha, beta), (beta, alpha)):
                node.wait_until(
                    "hactl switch", BOOT_SECONDS
                )  # Refused until the other one has all connections.
                other.wait_for_state("active", MOVE_SECONDS)
                node.wait_for_state("backup", MOVE_SECONDS)
                traffic.check()
        lost = losses(mixed, traffic, since)
        report_line(f"{OLDER_VERSION} beside this one, four planned switches: {lost}")
        traffic.download.finish()
