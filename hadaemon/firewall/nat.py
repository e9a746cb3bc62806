"""Address translation. A connection keeps the translation that its first packet got."""

from hadaemon.config.firewall_model import DestinationNat, Firewall, SourceNat
from hadaemon.firewall.text import (
    address_matches,
    block,
    comment,
    interface_matches,
    ip,
    joined,
    service_matches,
)


def nat_chains(firewall: Firewall) -> list[str]:
    """`prerouting` and `postrouting`, the snippets' first."""
    return [
        *block(
            "chain prerouting",
            "type nat hook prerouting priority dstnat; policy accept;",
            "jump user_prerouting",
            *(
                line
                for i, nat in enumerate(firewall.destination_nat)
                for line in _destination(firewall, nat, i)
            ),
        ),
        *block(
            "chain postrouting",
            "type nat hook postrouting priority srcnat; policy accept;",
            "jump user_postrouting",
            *(line for i, nat in enumerate(firewall.source_nat) for line in _source(firewall, nat, i)),
        ),
    ]


def _destination(firewall: Firewall, nat: DestinationNat, position: int) -> list[str]:
    family = nat.address.version
    to = str(nat.to)
    if nat.to_port is not None:
        to = f"[{to}]:{nat.to_port}" if family == 6 else f"{to}:{nat.to_port}"
    return [
        joined(
            incoming,
            addresses,
            f"{ip(family)} daddr {nat.address}",
            service,
            f"dnat {ip(family)} to {to}",
            comment(f"destination_nat[{position}]"),
        )
        for incoming in interface_matches(firewall, "iifname", nat.sources)
        for _, addresses in (address_matches(nat.source, (), family) if nat.source else [(family, "")])
        for service in service_matches(nat.services, family)
    ]


def _source(firewall: Firewall, nat: SourceNat, position: int) -> list[str]:
    """What is forwarded only: what the node itself sends comes from the address that it chose."""
    family = None if nat.address is None else nat.address.version
    return [
        joined(incoming, outgoing, addresses, _new_source(nat), comment(f"source_nat[{position}]"))
        for incoming in interface_matches(firewall, "iifname", nat.sources)
        for outgoing in interface_matches(firewall, "oifname", nat.targets)
        for _, addresses in address_matches(nat.source, nat.destination, family)
    ]


def _new_source(nat: SourceNat) -> str:
    """Of a range each client keeps the address that it got first."""
    if nat.address is None:
        return "accept" if nat.exempt else "masquerade"
    to = f"snat {ip(nat.address.version)} to {nat.address}"
    return to if nat.last is None else f"{to}-{nat.last} persistent"
