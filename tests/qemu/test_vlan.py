"""A VLAN as an HA interface: the kernel of the build machines has no 802.1Q, that of the image has."""

import pytest

from firmware.lab.lab import Lab
from firmware.lab.node import Node

OWN = {"alpha": "192.168.20.141", "beta": "192.168.20.142"}
VIRTUAL = "192.168.20.1"


@pytest.fixture
def tagged(pair: Lab) -> Lab:
    """Both nodes with a third HA interface, tagged on the LAN's cable."""
    for name, node in pair.nodes.items():
        port = f'[ports.guest]\\nparent = \\"lan\\"\\nvlan = 20\\naddresses = [\\"{OWN[name]}/24\\"]\\n'
        interface = f'[[ha_interfaces]]\\nport = \\"guest\\"\\nvirtual_addresses = [\\"{VIRTUAL}/24\\"]\\n'
        node.run(
            f'cd /data/state && printf "{port}" >> node.toml && '
            f'printf "{interface}" >> cluster.toml && hactl reload',
            root=True,
        )
    return pair


def guest(node: Node) -> dict[str, object]:
    """What the node says of its VLAN."""
    interfaces = node.status()["status"]["interfaces"]
    return next((interface for interface in interfaces if interface["port"] == "guest"), {})


def test_a_vlan_is_an_ha_interface_like_any_other(tagged: Lab, eyes) -> None:
    alpha, beta = tagged.node("alpha"), tagged.node("beta")
    alpha.wait_for_state("active")
    beta.wait_for_state("backup")
    alpha.wait_until(f"ip -o address show dev guest.20 | grep -q '{VIRTUAL}/24'")
    assert "vlan protocol 802.1Q id 20" in alpha.run("ip -d link show guest.20").output
    beta.wait_until("hactl status | grep -E '^guest +guest.20 ' | grep -q ' up '")
    assert guest(beta)["heard_from"] == OWN["alpha"], "advertisements come in with the tag"
    beta.run(f"ping -c 3 -I guest.20 {VIRTUAL}")
    alpha.pull("lan")
    eyes.wait_for_owner("beta")
    beta.wait_until(f"ip -o address show dev guest.20 | grep -q '{VIRTUAL}/24'")
    assert guest(alpha)["link"] == "down", "the VLAN goes with its cable"
    alpha.plug("lan")
    alpha.wait_for_state("active")
    eyes.wait_for_owner("alpha")
