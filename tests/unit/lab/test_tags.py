"""VLAN tags, against scapy's."""

from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from firmware.lab.tags import tagged, untagged

HEAD = {"src": "52:54:00:00:00:01", "dst": "52:54:00:00:00:02"}
PLAIN = bytes(Ether(**HEAD, type=0x0800) / Raw(b"hello"))
IN_20 = bytes(Ether(**HEAD) / Dot1Q(vlan=20, type=0x0800) / Raw(b"hello"))


def test_there_and_back():
    assert tagged(PLAIN, 20) == IN_20
    assert untagged(IN_20, 20) == PLAIN


def test_what_is_in_another_vlan_or_in_none_is_not_for_it():
    assert untagged(IN_20, 21) is None
    assert untagged(PLAIN, 20) is None
    assert untagged(b"short", 20) is None


def test_a_priority_beside_the_vlan_does_no_harm():
    assert untagged(bytes(Ether(**HEAD) / Dot1Q(vlan=20, prio=6, type=0x0800) / Raw(b"hello")), 20) == PLAIN
