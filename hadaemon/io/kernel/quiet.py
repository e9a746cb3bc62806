"""Keeps the node from answering for addresses that it still holds: no ARP reply, no neighbour advertisement.

Needed while it hands over: packets that are under way to the addresses are still served, but no new ones are
attracted.
The alternatives are worse: `arp_ignore` silences the node's own address too, and IPv6 has nothing like it.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address

from hadaemon.io.kernel.nftables import ARP, IPV6, NETWORK, TRANSPORT, AddressFilter, Chain, Policy, Rule
from hadaemon.vrrp.model import IPAddress

_ICMPV6 = 58
_SOLICITATION, _ADVERTISEMENT = b"\x87", b"\x88"
_ARP_IN, _ARP_OUT = Chain(ARP, 0, "in"), Chain(ARP, 1, "out")
_IPV6_IN, _IPV6_OUT = Chain(IPV6, 1, "in"), Chain(IPV6, 3, "out")


class Quiet(AddressFilter):
    """The addresses that the node does not answer for."""

    def __init__(self) -> None:
        """Raises NetlinkError where the kernel has no nftables. Loads kernel modules, which takes time."""
        super().__init__(_POLICY)


def _rules(addresses: tuple[IPAddress, ...]) -> Iterator[Rule]:
    """What to drop: questions for an address, and what this node would announce about it."""
    for address in addresses:
        if isinstance(address, IPv4Address):
            # ARP (RFC 826): operation at 6, sender's address at 14, target's at 24.
            request = (NETWORK, 6, b"\0\x01")
            yield Rule(_ARP_IN, (request, (NETWORK, 24, address.packed)))
            yield Rule(_ARP_OUT, ((NETWORK, 14, address.packed),))
            continue
        # ICMPv6 (RFC 4861 §4.3, §4.4): next header at 6, source at 8; the target at 8 of the message.
        icmp = (NETWORK, 6, bytes([_ICMPV6]))
        target = (TRANSPORT, 8, address.packed)
        source = (NETWORK, 8, address.packed)
        yield Rule(_IPV6_IN, (icmp, (TRANSPORT, 0, _SOLICITATION), target))
        yield Rule(_IPV6_OUT, (icmp, (TRANSPORT, 0, _ADVERTISEMENT), target))
        yield Rule(_IPV6_OUT, (icmp, (TRANSPORT, 0, _SOLICITATION), source))


_POLICY = Policy("quiet", "stop answering for addresses", (_ARP_IN, _ARP_OUT, _IPV6_IN, _IPV6_OUT), _rules)
