"""The source address of a port."""

from ipaddress import IPv4Address, IPv4Interface

from hadaemon.config import Port
from hadaemon.io.links import Address
from hadaemon.runtime.ports import HaPort, link_local, primary_address

MAC = "52:54:00:48:0a:01"
VIRTUAL = IPv4Interface("192.168.12.1/24")
OWN = IPv4Interface("192.168.12.141/24")
SECOND = IPv4Interface("192.168.12.9/24")


def port(*addresses: IPv4Interface) -> HaPort:
    return HaPort(Port("lan", MAC, addresses), frozenset({VIRTUAL}))


def present(*interfaces: IPv4Interface, protocol: int = 0) -> tuple[Address, ...]:
    return tuple(Address(interface, protocol) for interface in interfaces)


def test_the_first_own_address_in_the_order_of_the_file():
    assert primary_address(port(OWN, SECOND), present(SECOND, OWN)) == OWN.ip
    assert primary_address(port(OWN, SECOND), present(SECOND)) == SECOND.ip


def test_a_port_that_is_meant_to_have_an_address_waits_for_it():
    assert primary_address(port(OWN), present(SECOND)) is None


def test_a_virtual_address_is_never_the_source():
    marked = present(IPv4Interface("192.168.12.7/24"), protocol=0x48)
    assert primary_address(port(), marked) == link_local(MAC)
    assert primary_address(port(), present(VIRTUAL)) == link_local(MAC), "kernels without protocol numbers"


def test_a_port_without_own_address_takes_what_somebody_else_put_there():
    assert primary_address(port(), present(OWN, SECOND)) == SECOND.ip


def test_link_local_addresses_are_fixed_and_in_their_range():
    addresses = [link_local(f"52:54:00:48:{number // 256:02x}:{number % 256:02x}") for number in range(5000)]
    assert addresses == [
        link_local(f"52:54:00:48:{number // 256:02x}:{number % 256:02x}") for number in range(5000)
    ]
    assert min(addresses) >= IPv4Address("169.254.1.0")
    assert max(addresses) <= IPv4Address("169.254.254.255")
    assert len(set(addresses)) > 4500, "nodes rarely share one"
