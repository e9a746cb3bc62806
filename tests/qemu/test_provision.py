"""Two blank boxes at two serial consoles, set up by `provision` from one file: an office works with them."""

import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from firmware.lab.lab import Lab
from firmware.lab.node import Node
from firmware.paths import ROOT
from tests.lab.dhcp_client import Lease, ask_for_lease, renew
from tests.lab.host import Host

from .traffic import pass_through_each, two_hosts

BOOT_SECONDS = 900.0
PAIR_SECONDS = 240.0
STEP_SECONDS = 120.0
CLIENTS = ip_network("192.168.200.0/24")
"""The network of the virtual address on the LAN, in which no node has an own one."""
MASTER = f"""
virtual-lan = "{CLIENTS[1]}/24"
dhcp-server-lan = "yes"
virtual-wan = "192.168.175.101/24"
gateway = "192.168.175.1"
dns = "192.168.175.1"
internet = "wan"
source-nat = "yes"
"""


def box(node: Node, purpose: str) -> str:
    """A node of the lab, as its part of the answers file."""
    addresses = "".join(
        f'addresses-{port} = "{node.data.port(port).addresses[0]}"\n' for port in ("lan", "wan")
    )
    ports = "".join(f'ports.{port} = "{node.mac(port)}"\n' for port in ("lan", "wan", "hotwire"))
    return f'[[box]]\nhostname = "{node.name}"\npurpose = "{purpose}"\n{addresses}{ports}'


def provision(lab: Lab, folder: Path) -> str:
    """As it is typed; what was shown. Both boxes are on, and show their menus some time."""
    alpha, beta = lab.node("alpha"), lab.node("beta")
    common = f'schema = 1\n[common]\npassword = "{lab.admin_password}"\ntime-zone = "berlin"\n'
    answers = folder / "site.toml"
    answers.write_text(common + box(alpha, "create") + MASTER + box(beta, "join"))
    answers.chmod(0o600)
    ports = [word for node in (beta, alpha) for word in ("--port", f"unix://{node.spec.sockets.serial}")]
    options = [*ports, "--answers", str(answers), "--protocol", str(folder / "protocol.log")]
    done = subprocess.run(
        [sys.executable, str(ROOT / "invoke.py"), "provision", *options, "--wait", f"{BOOT_SECONDS:g}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.nightly
def test_two_blank_boxes_become_an_offices_way_out(blank: Lab, tmp_path: Path) -> None:
    """A client that asks for an address has one, and the internet: also while the boxes change places."""
    alpha, beta = blank.node("alpha"), blank.node("beta")
    for node in (alpha, beta):
        node.power_on()
    shown = provision(blank, tmp_path)
    assert "beta: done: backup, synchronized" in shown
    assert "alpha: done: master, paired" in shown
    assert blank.admin_password not in shown + (tmp_path / "protocol.log").read_text()
    alpha.wait_for_state("active", PAIR_SECONDS)
    beta.wait_for_state("backup", PAIR_SECONDS)
    assert beta.status()["sync"]["state"] == "synchronized"
    assert "192.168.12.142/24" in beta.run("ip -br address show").output
    alpha.wait_until("hactl status --check", PAIR_SECONDS)
    leases: list[Lease] = []

    def settle(host: Host) -> None:
        leases.append(ask_for_lease(host, STEP_SECONDS))
        host.settle(leases[0].address, leases[0].gateway)

    with two_hosts(blank, settle) as (inner, outer):
        assert inner.address in CLIENTS
        assert leases[0].gateway == leases[0].server == CLIENTS[1]
        for _ in pass_through_each(blank, inner, outer, STEP_SECONDS):
            leases.append(renew(inner, leases[0], STEP_SECONDS))
    assert leases == [leases[0]] * 3, "either node gives it the address that it has"
