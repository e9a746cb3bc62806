"""[ha_interfaces.router_advertisements] of cluster.toml: what routers advertise to the hosts of a network."""

from ipaddress import IPv6Network

from hadaemon.config import network_values
from hadaemon.config.network_model import RouterAdvertisements
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import IPInterface

_DEFAULT = RouterAdvertisements(())
_FOREVER = (1 << 32) - 1
"""Seconds; also means infinity (RFC 4861 §4.6.2)."""


def read_advertises(table: Table, addresses: tuple[IPInterface, ...]) -> RouterAdvertisements | None:
    """`addresses`: the virtual ones of the interface. None when a mistake was noted."""
    before = len(table.mistakes.found)
    networks = _networks(addresses)
    prefixes = table.texts("prefixes", network_values.prefix, '["2001:db8:12::/64"]')
    # Limits: RFC 4861 §6.2.1, RFC 8319 §4.
    interval = _seconds(table, "interval", _DEFAULT.interval, 4, 1800)
    lifetime = _seconds(table, "lifetime", _DEFAULT.lifetime, 0, 65535)
    preferred = _seconds(table, "preferred_lifetime", _DEFAULT.preferred_lifetime, 0, _FOREVER)
    valid = _seconds(table, "valid_lifetime", _DEFAULT.valid_lifetime, 0, _FOREVER)
    managed = table.flag("managed", False)
    other = table.flag("other", False)
    mtu = table.number("mtu", 1280, 65535, 1500)
    dns = table.texts("dns", network_values.ipv6_address, '["2001:db8:12::1"]')
    search = table.texts("search", network_values.domain, '["example.org"]')
    table.close()
    if not any(address.version == 6 for address in addresses):
        table.mistakes.add(
            table.path, "is for IPv6 virtual addresses, and there are none: add one, or remove it"
        )
    if lifetime and interval and lifetime < interval:
        table.note("lifetime", f"is shorter than the interval, {interval}s: hosts would lose their gateway")
    if preferred is not None and valid is not None and preferred > valid:
        table.note("preferred_lifetime", f"is longer than valid_lifetime, {valid}s: take a shorter one")
    if len(table.mistakes.found) > before:
        return None
    assert prefixes is not None and dns is not None and search is not None  # noqa: PT018
    assert interval is not None and lifetime is not None and preferred is not None and valid is not None  # noqa: PT018
    return RouterAdvertisements(
        prefixes if table.has("prefixes") else networks,
        interval,
        lifetime,
        preferred,
        valid,
        bool(managed),
        bool(other),
        mtu if table.has("mtu") else None,
        dns,
        search,
    )


def _networks(addresses: tuple[IPInterface, ...]) -> tuple[IPv6Network, ...]:
    found = (each.network for each in addresses if not each.ip.is_link_local)
    return tuple(
        dict.fromkeys(each for each in found if isinstance(each, IPv6Network) and each.prefixlen < 128)
    )


def _seconds(table: Table, key: str, default: int, low: int, high: int) -> int | None:
    found = table.optional_text(key, network_values.seconds, default)
    if found is not None and not low <= found <= high:
        table.note(key, f"must be from {low}s to {high}s")
        return None
    return found
