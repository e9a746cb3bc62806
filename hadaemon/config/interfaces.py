"""[[ha_interfaces]] of cluster.toml: which port has which virtual addresses, and who gets the
advertisements."""

from collections.abc import Mapping

from hadaemon.config import values
from hadaemon.config.advertises import read_advertises
from hadaemon.config.model import HaInterface, Hotwire, VrrpConfig, derived_link_local
from hadaemon.config.reader import Table
from hadaemon.config.vrrp import MAX_VRID, note_broken_seconds
from hadaemon.vrrp.model import IPAddress, IPInterface, Version, Vrid

_MAX_ADDRESSES = {4: 255, 6: 88}
"""By family: limits of the count field, and of what fits into one Ethernet frame with a signature."""

_NAMES = {4: "IPv4", 6: "IPv6"}


def read_interface(table: Table, position: int, vrrp: VrrpConfig) -> HaInterface | None:
    """None when a mistake was noted."""
    before = len(table.mistakes.found)
    port = table.text("port", values.port_name, 'port = "lan"')
    number = table.number("number", 1, MAX_VRID, position)
    addresses = table.texts(
        "virtual_addresses",
        values.interface_address,
        'virtual_addresses = ["192.168.12.1/24"]',
        required=True,
    )
    addresses_on = table.optional_text("addresses_on", values.port_name, None)
    interval = table.optional_text("advertisement_interval", values.interval, None)
    peers: dict[str, IPAddress] | None = table.tagged("peers", values.host_name, _read_peer)
    dhcp_server = table.flag("dhcp_server", False)
    advertising = table.table("router_advertisements")
    advertises = None if advertising is None else read_advertises(advertising, addresses or ())
    table.close()
    if number is not None:
        _note_vrid(table, number, vrrp.vrid_offset)
    if interval is not None:
        note_broken_seconds(table, interval, vrrp.version)
    if addresses is not None:
        _note_addresses(table, addresses, vrrp.version)
        if peers:
            _note_peers(table, peers, addresses)
    if len(table.mistakes.found) > before:
        return None
    if port is None or number is None or addresses is None or peers is None or dhcp_server is None:
        return None
    vrid = Vrid(vrrp.vrid_offset + number)
    return HaInterface(
        port,
        number,
        vrid,
        _with_link_local(addresses, vrid),
        addresses_on,
        peers,
        dhcp_server,
        advertises,
        interval,
    )


def note_twice(interfaces: list[tuple[Table, HaInterface]], hotwire: Hotwire | None) -> None:
    """A VRID, and a port with virtual addresses, belong to one HA interface; the hotwire has no addresses."""
    advertising: dict[str, tuple[str, HaInterface]] = {}
    carrying: dict[str, str] = {}
    vrids: dict[int, str] = {}
    for table, interface in interfaces:
        first, other = advertising.setdefault(interface.port, (table.path, interface))
        if other.peers != interface.peers:
            table.note("peers", f'{first} advertises over "{interface.port}" to other nodes: write the same')
        before = carrying.setdefault(interface.address_port, table.path)
        if before != table.path:
            key = "port" if interface.addresses_on is None else "addresses_on"
            table.note(
                key,
                f'"{interface.address_port}" has the virtual addresses of {before}: write all of them there, '
                "or name the port of these with addresses_on",
            )
        _note_hotwire(table, interface, hotwire)
        first = vrids.setdefault(interface.vrid, table.path)
        if first != table.path:
            table.note(
                "number", f"VRID {interface.vrid} is already used by {first}: give each its own number"
            )


def _note_hotwire(table: Table, interface: HaInterface, hotwire: Hotwire | None) -> None:
    if hotwire is None or hotwire.port not in (interface.port, interface.addresses_on):
        return
    port = hotwire.port
    if interface.address_port == port:
        key = "port" if interface.addresses_on is None else "addresses_on"
        table.note(key, f'"{port}" is the hotwire, which is exclusive: choose another port')
    elif not hotwire.advertisements:
        table.note(
            "port",
            f'"{port}" is the hotwire, which is exclusive: choose another port, or say '
            "hotwire.advertisements = true",
        )
    elif interface.peers:
        table.note("peers", f'"{port}" is the hotwire, where nobody else is: leave them out')


def _read_peer(table: Table, name: str) -> IPAddress | None:
    return table.text(name, values.address, f'{name} = "192.168.12.141"')


def _note_vrid(table: Table, number: int, offset: int) -> None:
    if offset + number > MAX_VRID:
        table.note(
            "number",
            f"VRID {offset} + {number} is over {MAX_VRID}: choose a smaller number or vrrp.vrid_offset",
        )


def _note_addresses(table: Table, addresses: tuple[IPInterface, ...], version: Version) -> None:
    """Checks that all fit into one advertisement of that version."""
    for family, most in _MAX_ADDRESSES.items():
        count = sum(address.version == family for address in addresses)
        if count > most:
            table.note(
                "virtual_addresses",
                f"an advertisement holds {most} {_NAMES[family]} addresses at most, not {count}: remove some",
            )
    for position, address in enumerate(addresses):
        here = f"{table.at('virtual_addresses')}[{position}]"
        if address.version == 6 and version is Version.V2:
            table.mistakes.add(here, f"{address.ip} is an IPv6 address, and VRRP version 2 has none: take 3")


def _note_peers(table: Table, peers: Mapping[str, IPAddress], addresses: tuple[IPInterface, ...]) -> None:
    """Checks the peers: unicast needs another node, and one family throughout."""
    if len(peers) < 2:
        table.note("peers", "must name all nodes of the cluster, this one and the other")
    families = {address.version for address in peers.values()} | {address.version for address in addresses}
    if len(families) > 1:
        table.note(
            "peers", "unicast speaks one family: peers and virtual_addresses must be all IPv4 or all IPv6"
        )
    if len(set(peers.values())) < len(peers):
        table.note("peers", "two nodes have the same address: each needs its own")


def _with_link_local(addresses: tuple[IPInterface, ...], vrid: Vrid) -> tuple[IPInterface, ...]:
    """The first IPv6 address of an advertisement is link-local (RFC 9568 §5.2.9, erratum 8300)."""
    sixes = [address for address in addresses if address.version == 6]
    if not sixes:
        return addresses
    link_local = [address for address in sixes if address.ip.is_link_local]
    others = [address for address in sixes if not address.ip.is_link_local]
    fours = [address for address in addresses if address.version == 4]
    return (*fours, *(link_local or [derived_link_local(vrid)]), *others)
