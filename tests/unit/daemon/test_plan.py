"""The source address of a port."""

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from hadaemon.config import Port
from hadaemon.daemon.ports.plan import HaPort
from hadaemon.daemon.ports.sources import link_local, link_local6, source_address
from hadaemon.io.kernel.links import Address
from hadaemon.vrrp import IPInterface

MAC = "52:54:00:48:0a:01"
VIRTUAL = IPv4Interface("192.168.12.1/24")
OWN = IPv4Interface("192.168.12.141/24")
VIRTUAL6 = IPv6Interface("fe80::48:33/64")
OWN6 = IPv6Interface("fe80::a/64")
GLOBAL6 = IPv6Interface("2001:db8::a/64")
SECOND = IPv4Interface("192.168.12.9/24")


def port(*addresses: IPInterface) -> HaPort:
    return HaPort(Port("lan", MAC, addresses), frozenset({VIRTUAL, VIRTUAL6}))


def present(*interfaces: IPInterface, protocol: int = 0) -> tuple[Address, ...]:
    return tuple(Address(interface, protocol) for interface in interfaces)


def test_the_first_own_address_in_the_order_of_the_file():
    assert source_address(4, port(OWN, SECOND), present(SECOND, OWN)) == OWN.ip
    assert source_address(4, port(OWN, SECOND), present(SECOND)) == SECOND.ip


def test_a_port_that_is_meant_to_have_an_address_waits_for_it():
    assert source_address(4, port(OWN), present(SECOND)) is None


def test_a_virtual_address_is_never_the_source():
    marked = present(IPv4Interface("192.168.12.7/24"), protocol=0x48)
    assert source_address(4, port(), marked) == link_local(MAC)
    assert source_address(4, port(), present(VIRTUAL)) == link_local(MAC), "kernels without protocol numbers"


def test_a_port_without_own_address_takes_what_somebody_else_put_there():
    assert source_address(4, port(), present(OWN, SECOND)) == SECOND.ip


def test_link_local_addresses_are_fixed_and_in_their_range():
    addresses = [link_local(f"52:54:00:48:{number // 256:02x}:{number % 256:02x}") for number in range(5000)]
    assert addresses == [
        link_local(f"52:54:00:48:{number // 256:02x}:{number % 256:02x}") for number in range(5000)
    ]
    assert min(addresses) >= IPv4Address("169.254.1.0")
    assert max(addresses) <= IPv4Address("169.254.254.255")
    assert len(set(addresses)) > 4500, "nodes rarely share one"


def test_over_ipv6_the_source_is_the_own_link_local_address():
    assert source_address(6, port(), present(GLOBAL6, VIRTUAL6, OWN6)) == OWN6.ip
    assert source_address(6, port(GLOBAL6), present(GLOBAL6, VIRTUAL6)) == link_local6(MAC)


def test_the_families_do_not_mix():
    assert source_address(4, port(GLOBAL6), present(GLOBAL6)) == link_local(MAC)
    assert source_address(4, port(OWN), present(GLOBAL6)) is None


def test_the_link_local_address_is_the_one_that_the_kernel_makes():
    assert link_local6(MAC) == IPv6Address("fe80::5054:ff:fe48:a01")


def test_unicast_comes_from_the_configured_address_once_it_is_there():
    unicast = HaPort(Port("lan", MAC, (OWN, SECOND)), frozenset(), SECOND.ip, frozenset({VIRTUAL.ip}))
    assert source_address(4, unicast, present(OWN, SECOND)) == SECOND.ip
    assert source_address(4, unicast, present(OWN)) is None
