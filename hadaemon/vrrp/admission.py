"""The few fields of a VRRP packet that are judged before it is read: they tell whether it can be for us.

The kernel judges them by a filter on the socket, so that packets for nobody here cost next to nothing. It
does not say why it refused a packet: `refusal` does, for the few that are looked at.
"""

from dataclasses import dataclass

from hadaemon.vrrp.model import ADVERTISEMENT_TYPE, TTL, DiscardReason, IPAddress, Version, Vrid


@dataclass(frozen=True, slots=True)
class Admission:
    """What the advertisements of one port and family have in common."""

    version: Version
    vrids: tuple[Vrid, ...]
    """Of the virtual routers there."""
    destination: IPAddress
    """The multicast group, or the own address where the peers are unicast (RFC 9568 §5.1.1.2, §5.1.2.2)."""

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.destination.version

    @property
    def version_and_type(self) -> int:
        """The first byte of the message (RFC 9568 §5.2.1, §5.2.2)."""
        return self.version << 4 | ADVERTISEMENT_TYPE

    def refusal(self, payload: bytes, destination: IPAddress, ttl: int) -> DiscardReason | None:
        """Why a packet is refused, in the order of the checks (RFC 9568 §7.1). None: it is not, or it was
        sent to another address, for which there is no reason to count."""
        if ttl != TTL:
            return DiscardReason.TTL
        if destination != self.destination:
            return None
        if len(payload) < 2:
            return DiscardReason.LENGTH
        if payload[0] >> 4 != self.version:
            return DiscardReason.VERSION
        if payload[0] != self.version_and_type:
            return DiscardReason.TYPE
        return DiscardReason.VRID if payload[1] not in self.vrids else None
