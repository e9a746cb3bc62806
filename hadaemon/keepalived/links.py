"""`ip -details -json address` of a box: its network cards, VLANs, bonds and own addresses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any

from hadaemon.config import values
from hadaemon.config.network_model import BondMode
from hadaemon.keepalived.source import Place, Source, SourceError
from hadaemon.text.reading import read_json
from hadaemon.vrrp.model import IPInterface

COMMAND = "ip -details -json address"


@dataclass(frozen=True, slots=True)
class BoxLink:
    """One interface."""

    name: str
    mac: str
    kind: str
    """As `ip` says it, e.g. vlan, bond, bridge; empty: a network card."""
    parent: str = ""
    vlan: int = 0
    members: tuple[str, ...] = ()
    """MAC addresses of the cards of a bond."""
    bond_mode: BondMode | None = None
    """None: it is no bond, or one of another mode."""
    addresses: tuple[IPInterface, ...] = ()


Box = Mapping[str, BoxLink]
"""By name."""

_MODES = {"active-backup": BondMode.ACTIVE_BACKUP, "802.3ad": BondMode.LACP}


def read_box(source: Source) -> Box:
    """Raises SourceError."""
    try:
        told = read_json(source.text)
        links = [_link(each, told) for each in told if each.get("ifname", "lo") != "lo"]
    except (ValueError, TypeError, AttributeError, KeyError):
        raise SourceError(
            Place(source.path, 1), f"is not what `{COMMAND}` prints: run it on the box"
        ) from None
    return {link.name: link for link in links}


def _link(each: dict[str, Any], told: list[dict[str, Any]]) -> BoxLink:
    info = each.get("linkinfo", {})
    kind, data = str(info.get("info_kind", "")), info.get("info_data", {})
    name = str(each["ifname"])
    members = [_mac(other) for other in told if other.get("master") == name] if kind == "bond" else []
    return BoxLink(
        name,
        _mac(each),
        kind,
        str(each.get("link", "")),
        int(data.get("id", 0)) if kind == "vlan" else 0,
        tuple(mac for mac in members if mac),
        _MODES.get(str(data.get("mode", ""))) if kind == "bond" else None,
        tuple(_addresses(each)),
    )


def _mac(each: dict[str, Any]) -> str:
    """That of the card itself: in a bond it goes by another one. Empty: it has none."""
    try:
        return values.mac(str(each.get("permaddr") or each.get("address", "")))
    except ValueError:
        return ""


def _addresses(each: dict[str, Any]) -> Iterator[IPInterface]:
    """Global ones: link-local addresses come by themselves."""
    for own in each.get("addr_info", ()):
        if own.get("scope") == "global" and not own.get("dynamic") and not own.get("temporary"):
            yield ip_interface(f"{own['local']}/{int(own['prefixlen'])}")
