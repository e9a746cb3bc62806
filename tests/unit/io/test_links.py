"""Which interface a port is, from what the kernel tells."""

from ipaddress import IPv4Interface

from pyroute2.netlink.rtnl import RTM_NEWLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from hadaemon.io.kernel.links import Address, AddressAdded, AddressRemoved, Link, LinkGone, LinkTable
from hadaemon.io.kernel.netlink import _fact

MAC = "52:54:00:48:0a:01"
OTHER = "52:54:00:48:0a:02"
ADDRESS = IPv4Interface("192.168.12.1/24")


def link(index: int, mac: str, permanent: str = "", kind: str = "") -> Link:
    return Link(index, f"eth{index}", mac, permanent, kind, carrier=True)


def test_the_permanent_address_counts_before_the_present_one():
    table = LinkTable([link(1, MAC, permanent=OTHER), link(2, OTHER, permanent=MAC)])
    found = table.find(MAC)
    assert found is not None
    assert found.index == 2


def test_hardware_with_another_permanent_address_is_never_the_port():
    assert LinkTable([link(1, MAC, permanent=OTHER)]).find(MAC) is None


def test_interfaces_on_top_of_a_port_are_never_the_port():
    table = LinkTable([link(1, MAC, kind="vlan"), link(2, MAC, kind="bridge"), link(3, MAC, kind="veth")])
    found = table.find(MAC)
    assert found is not None
    assert found.index == 3


def vlan(index: int, parent: int, tag: int) -> Link:
    return Link(index, f"vlan{tag}", MAC, "", "vlan", carrier=True, parent=parent, vlan=tag)


def test_a_vlan_is_found_by_its_tag_on_the_network_card_with_the_mac_address():
    table = LinkTable(
        [
            link(1, MAC),
            link(2, OTHER),
            vlan(3, 2, 20),
            vlan(4, 1, 30),
            vlan(5, 1, 20),
            link(6, MAC, kind="macvlan"),
        ]
    )
    found = table.find(MAC, 20)
    assert found is not None
    assert found.index == 5
    assert table.find(MAC, 40) is None
    assert table.find("52:54:00:48:0a:99", 20) is None
    card = table.find(MAC)
    assert card is not None
    assert card.index == 1


def test_a_removed_interface_takes_its_addresses_along():
    table = LinkTable([link(1, MAC), AddressAdded(1, Address(ADDRESS, 0x48)), LinkGone(1), link(1, MAC)])
    assert table.addresses(1) == ()


def test_the_last_word_on_an_address_counts():
    added = AddressAdded(1, Address(ADDRESS, 0x48))
    table = LinkTable([link(1, MAC), added, added, AddressRemoved(1, ADDRESS), added])
    assert table.addresses(1) == (Address(ADDRESS, 0x48),)
    assert table.addresses(1)[0].virtual


def test_facts_about_unknown_things_do_no_harm():
    table = LinkTable([LinkGone(7), AddressRemoved(7, ADDRESS)])
    assert table.links() == ()


def test_a_vlan_is_known_from_what_the_kernel_tells():
    message = ifinfmsg()
    message["index"] = 7
    message["attrs"] = [
        ("IFLA_IFNAME", "guest.20"),
        ("IFLA_ADDRESS", MAC),
        ("IFLA_LINK", 2),
        (
            "IFLA_LINKINFO",
            {"attrs": [("IFLA_INFO_KIND", "vlan"), ("IFLA_INFO_DATA", {"attrs": [("IFLA_VLAN_ID", 20)]})]},
        ),
    ]
    message["header"]["type"] = RTM_NEWLINK
    message.encode()
    fact = _fact(RTM_NEWLINK, bytes(message.data))
    assert fact == Link(7, "guest.20", MAC, "", "vlan", carrier=False, parent=2, vlan=20, up=False)


def test_a_bond_is_found_by_its_mac_and_a_vlan_on_it():
    card = Link(1, "eth0", MAC, MAC, "", carrier=True)
    other = Link(2, "eth1", MAC, OTHER, "", carrier=True)
    bond = Link(3, "lan.bond", MAC, "", "bond", carrier=True)
    vlan = Link(4, "guest.20", MAC, "", "vlan", carrier=True, parent=3, vlan=20)
    table = LinkTable([card, other, bond, vlan])
    assert table.find(MAC, bonded=True) == bond
    assert table.find(MAC, 20, bonded=True) == vlan
    assert table.find(MAC) == card, "its first member"
    assert table.find(OTHER) == other
    assert LinkTable([card]).find(MAC, bonded=True) is None
