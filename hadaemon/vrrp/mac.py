"""The virtual router MAC address (RFC 9568 §7.3), and the interface that has it."""

from hadaemon.vrrp.model import Vrid

FAMILIES = (4, 6)
_PREFIXES = {4: "00:00:5e:00:01", 6: "00:00:5e:00:02"}


def virtual_router_mac(vrid: Vrid, family: int) -> str:
    """The MAC address of a virtual router, which follows from its VRID and the family of its addresses."""
    return f"{_PREFIXES[family]}:{vrid:02x}"


def is_virtual_router_mac(mac: str) -> bool:
    """Of any virtual router."""
    return mac.startswith(tuple(_PREFIXES.values()))


def interface_name(vrid: Vrid, family: int) -> str:
    """The kernel's name of a virtual router's macvlan."""
    return f"vrrp{family}.{vrid}"
