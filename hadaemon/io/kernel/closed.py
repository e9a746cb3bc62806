"""Keeps the node itself from being reached at addresses for which it only forwards: Accept_Mode False.

RFC 9568 §6.1: such packets are not accepted, but neighbour solicitations and advertisements are (and ARP), or
the virtual router could not be found.
"""

from collections.abc import Iterator

from hadaemon.io.kernel.nftables import (
    ACCEPT,
    IPV4,
    IPV6,
    NETWORK,
    TRANSPORT,
    AddressFilter,
    Chain,
    Policy,
    Rule,
)
from hadaemon.vrrp.model import IPAddress

_ICMPV6 = 58
_NEIGHBOUR_DISCOVERY = (b"\x87", b"\x88")
_IN = {4: Chain(IPV4, 1, "in"), 6: Chain(IPV6, 1, "in")}
_DESTINATION_AT = {4: 16, 6: 24}


class Closed(AddressFilter):
    """The addresses that the node does not accept packets for."""

    def __init__(self) -> None:
        """Raises NetlinkError where the kernel has no nftables."""
        super().__init__(_POLICY)


def _rules(addresses: tuple[IPAddress, ...]) -> Iterator[Rule]:
    for kind in _NEIGHBOUR_DISCOVERY:
        yield Rule(_IN[6], ((NETWORK, 6, bytes([_ICMPV6])), (TRANSPORT, 0, kind)), ACCEPT)
    for address in addresses:
        family = address.version
        yield Rule(_IN[family], ((NETWORK, _DESTINATION_AT[family], address.packed),))


_POLICY = Policy("closed", "refuse packets to virtual addresses", tuple(_IN.values()), _rules)
