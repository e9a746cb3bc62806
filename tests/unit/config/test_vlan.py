"""802.1Q sub-interfaces in node.toml."""

import pytest

from hadaemon.config import ConfigError, load_node, render_node

GOOD = """
schema = 1
name = "alpha"
[ports.guest]
parent = "lan"
vlan = 20
addresses = ["192.168.20.141/24"]
[ports.lan]
mac = "52:54:00:48:0a:01"
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load_node(text)
    return [f"{problem.path}: {problem.message}" for problem in refused.value.mistakes]


def test_a_vlan_has_the_mac_address_of_its_parent_and_survives_rendering():
    node = load_node(GOOD)
    guest = node.ports["guest"]
    assert (guest.mac, guest.parent, guest.vlan) == ("52:54:00:48:0a:01", "lan", 20)
    assert load_node(render_node(node)) == node


@pytest.mark.parametrize(
    "old,new,path,words",
    [
        ("vlan = 20", "", "ports.guest.vlan", "is missing"),
        ('parent = "lan"', "", "ports.guest.parent", "is missing"),
        ("vlan = 20", "vlan = 4095", "ports.guest.vlan", "1 to 4094"),
        ("vlan = 20", "vlan = 0", "ports.guest.vlan", "1 to 4094"),
        ('parent = "lan"', 'parent = "lam"', "ports.guest.parent", "did you mean lan"),
        ('parent = "lan"', 'parent = "guest"', "ports.guest.parent", "is a VLAN itself"),
        ("vlan = 20", 'vlan = 20\nmac = "52:54:00:48:0a:02"', "ports.guest.mac", "of its parent"),
        ("[ports.guest]", "[ports.a-long-name]", "ports.a-long-name", "10 characters"),
        ("[ports.lan]", '[ports.more]\nparent = "lan"\nvlan = 20\n[ports.lan]', "ports.more.vlan", "already"),
        ('mac = "52:54:00:48:0a:01"', "", "ports.lan.mac", "is missing"),
    ],
)
def test_a_vlan_that_cannot_be_is_refused_once_with_its_place(old: str, new: str, path: str, words: str):
    (problem,) = problems(GOOD.replace(old, new))
    assert problem.startswith(f"{path}: ")
    assert words in problem
