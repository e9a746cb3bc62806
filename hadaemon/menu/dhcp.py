"""The DHCP server of one network: what it gives its clients. Makes one of [[follow.dhcp]]."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Interface, ip_interface
from typing import Any

from hadaemon.menu.draft import Draft
from hadaemon.menu.network import split
from hadaemon.menu.steps import Ask, Flow, Translate

_LEASE = "12h"
_FIRST, _LAST = 100, 199
"""Of a network with as many addresses as most have."""
_USUAL_SIZE = 256


def lease_questions(_: Translate, draft: Draft, port: str, addresses: Sequence[str]) -> Flow[None]:
    """Range, lease and name servers; the clients' gateway is the virtual address."""
    virtual = next((each for each in map(ip_interface, addresses) if isinstance(each, IPv4Interface)), None)
    network: dict[str, Any] = {"port": port}
    place = ("cluster", "follow", "dhcp", len(draft.raw["cluster"].get("follow", {}).get("dhcp", ())))
    network["range"] = yield from draft.ask(
        (*place, "range"),
        Ask(
            f"dhcp-range-{port}",
            _("DHCP server on {port}").format(port=port),
            _("Which addresses does it give to clients?"),
            lambda text: _checked(draft, place, network, "range", text.replace(" ", "")),
            _("the first and the last, e.g. 192.168.200.100-192.168.200.199"),
            _("Addresses of the network of {address}, which is what clients get as their gateway.").format(
                address=virtual
            ),
            _usual_range(virtual),
        ),
    )
    network["lease"] = yield Ask(
        f"dhcp-lease-{port}",
        _("DHCP server on {port}").format(port=port),
        _("For how long may a client keep its address without asking again?"),
        lambda text: _checked(draft, place, network, "lease", text),
        _("minutes, hours or days, e.g. 30m, 12h or 7d"),
        _("Clients ask again after half of it. Both boxes know all leases, whichever of them is active."),
        _LEASE,
    )
    servers = draft.raw["node"].get("dns", {}).get("servers", ())
    names = yield from draft.ask(
        (*place, "dns"),
        Ask(
            f"dhcp-dns-{port}",
            _("DHCP server on {port}").format(port=port),
            _("Which name servers are clients told?"),
            lambda text: _checked(draft, place, network, "dns", split(text)),
            _("addresses, e.g. 192.168.175.1 9.9.9.9; Enter: none"),
            _("Without one clients find nothing by its name. The boxes themselves answer no such questions."),
            " ".join(each for each in servers if "." in each),
            optional=True,
        ),
    )
    if names:
        network["dns"] = names
    draft.put(network, *place)


def _usual_range(virtual: IPv4Interface | None) -> str:
    if virtual is None:
        return ""
    network = virtual.network
    first, last = (
        (_FIRST, _LAST)
        if network.num_addresses >= _USUAL_SIZE
        else (network.num_addresses // 2, network.num_addresses - 2)
    )
    if first >= last or virtual.ip in (span := [network.network_address + each for each in (first, last)]):
        return ""
    return "-".join(map(str, span))


def _checked(
    draft: Draft, place: tuple[str | int, ...], network: Mapping[str, Any], key: str, value: object
) -> object:
    if value:
        draft.checked({**network, key: value}, *place)
    return value


def lease_lines(_: Translate, network: Mapping[str, Any]) -> Iterator[str]:
    """For the summary."""
    yield _("DHCP server on {port}: {range}, lease {lease}, name servers {dns}").format(
        port=network["port"],
        range=network["range"],
        lease=network["lease"],
        dns=", ".join(network.get("dns", ())) or _("none"),
    )
