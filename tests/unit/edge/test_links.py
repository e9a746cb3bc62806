"""Which interface a port is, from what the kernel tells."""

from ipaddress import IPv4Interface

from hadaemon.io.links import Address, AddressAdded, AddressRemoved, Link, LinkGone, LinkTable

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
