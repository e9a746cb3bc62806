"""The MAC address of a virtual router, to the letter of RFC 9568 §7.3."""

import pytest

from hadaemon.vrrp import Vrid
from hadaemon.vrrp.mac import FAMILIES, interface_name, is_virtual_router_mac, virtual_router_mac

ADDRESSES = [
    (4, 1, "00:00:5e:00:01:01"),
    (4, 255, "00:00:5e:00:01:ff"),
    (6, 1, "00:00:5e:00:02:01"),
    (6, 255, "00:00:5e:00:02:ff"),
]


@pytest.mark.parametrize("family, vrid, mac", ADDRESSES)
def test_the_address_says_family_and_vrid(family, vrid, mac):
    assert virtual_router_mac(Vrid(vrid), family) == mac
    assert is_virtual_router_mac(mac)
    assert interface_name(Vrid(vrid), family) == f"vrrp{family}.{vrid}"


def test_every_family_has_one_and_a_network_card_has_none():
    assert {family for family, _, _ in ADDRESSES} == set(FAMILIES)
    assert not is_virtual_router_mac("00:00:5e:00:03:01")
    assert not is_virtual_router_mac("52:54:00:12:34:56")
