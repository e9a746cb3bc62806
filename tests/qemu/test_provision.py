"""Two blank boxes at two serial consoles, set up by `provision` from one file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.command import Firmware
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR
from firmware.provision.options import ProvisionOptions
from firmware.provision.provision import provision

BOOT_SECONDS = 900.0
PAIR_SECONDS = 240.0


@pytest.fixture
def blank(labs, image: Path) -> Iterator[Lab]:
    """A pair without a stick: alpha by BIOS, beta by UEFI."""
    bios, uefi = NodeOptions(preseed=""), NodeOptions(Firmware.UEFI, preseed="")
    lab = labs.make(STANDARD_PAIR, LabOptions(image, bios, special={"beta": uefi}))
    yield lab
    lab.close()


def box(node: Node, purpose: str) -> str:
    """A node of the lab, as its part of the answers file."""
    addresses = "".join(
        f'addresses-{port} = "{node.data.port(port).addresses[0]}"\n' for port in ("lan", "wan")
    )
    ports = "".join(f'ports.{port} = "{node.mac(port)}"\n' for port in ("lan", "wan", "hotwire"))
    return f'[[box]]\nhostname = "{node.name}"\npurpose = "{purpose}"\n{addresses}{ports}'


@pytest.mark.nightly
def test_a_pair_is_brought_from_blank_to_synchronized(blank: Lab, tmp_path: Path) -> None:
    alpha, beta = blank.node("alpha"), blank.node("beta")
    virtual = 'virtual-lan = "192.168.12.1/24"\nvirtual-wan = "192.168.175.101/24"\n'
    common = f'schema = 1\n[common]\npassword = "{blank.admin_password}"\ntime-zone = "berlin"\n'
    answers, protocol = tmp_path / "site.toml", tmp_path / "protocol.log"
    answers.write_text(common + box(alpha, "create") + virtual + box(beta, "join"))
    answers.chmod(0o600)
    for node in (alpha, beta):
        node.power_on()
    ports = tuple(f"unix://{node.spec.sockets.serial}" for node in (beta, alpha))
    outcomes = provision(ProvisionOptions(answers, ports, protocol=protocol, wait=BOOT_SECONDS))
    assert [one.text for one in outcomes] == ["backup, synchronized", "master, paired"]
    assert blank.admin_password not in protocol.read_text()
    alpha.wait_for_state("active", PAIR_SECONDS)
    beta.wait_for_state("backup", PAIR_SECONDS)
    assert beta.status()["sync"]["state"] == "synchronized"
    assert "192.168.12.142/24" in beta.run("ip -br address show").output
