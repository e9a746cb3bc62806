"""The way out: which port leads to the internet, who may go there, and as whom. Makes [firewall]."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_interface
from typing import Any

from hadaemon.menu.dial_in import dial_ins
from hadaemon.menu.draft import Draft
from hadaemon.menu.network import split
from hadaemon.menu.steps import Ask, Choose, Contradiction, Flow, Option, Show, Translate

NONE = "none"
INTERNAL, EXTERNAL = "internal", "external"
_USUAL = "wan"


def internet(_: Translate, draft: Draft, ports: Sequence[str]) -> Flow[None]:
    """Without it nothing is forwarded, and it says so."""
    if len(ports) < 2:
        return
    question = Choose(
        "internet",
        _("The way to the internet"),
        _("Which port leads to the internet? Nothing comes in there unasked."),
        (*(Option(port, port) for port in ports), Option(NONE, _("none"))),
        _(
            "The pair forwards what you allow, and drops everything else. With none nothing is forwarded "
            "until there are rules in cluster.toml ([firewall])."
        ),
        _likely(draft, ports),
    )
    outside = yield question
    inside = [port for port in ports if port != outside]
    if outside == NONE:
        yield Show((_("Nothing is forwarded until there are rules: see [firewall] in the manual."),))
        return
    outgoing = yield from _outgoing(_, inside, question)
    zones = {INTERNAL: inside, EXTERNAL: [dial_ins(draft.raw).get(outside, outside)]}
    firewall: dict[str, Any] = {"zones": zones}
    if outgoing:
        sources = [INTERNAL] if outgoing == inside else outgoing
        firewall["rules"] = [{"name": "out", "action": "allow", "from": sources, "to": [EXTERNAL]}]
        if (yield from _translated(_, outside)):
            address = nat_address(draft.raw, outside)
            firewall["source_nat"] = [{"address": address, "from": sources, "to": [EXTERNAL]}]
    draft.put(firewall, "cluster", "firewall")


def _outgoing(_: Translate, inside: list[str], outside: Choose) -> Flow[list[str]]:
    def good(text: str) -> list[str]:
        names = split(text)
        wrong = next((name for name in names if name not in inside), None)
        if wrong is not None:
            message = _("{name} is none of the inner ports: {ports}").format(
                name=wrong, ports=", ".join(inside)
            )
            raise Contradiction(
                message, *([outside] if wrong in {each.word for each in outside.options} else [])
            )
        return [port for port in inside if port in names]

    return list(
        (
            yield Ask(
                "go-out",
                _("Who may go out"),
                _("From which networks may connections to the internet begin? There is {ports}.").format(
                    ports=", ".join(inside)
                ),
                good,
                _("names of ports, e.g. lan"),
                _(
                    "Everything is allowed out from there, and the answers to it back in. Finer rules, and "
                    "port forwards from outside, are written into cluster.toml later."
                ),
                " ".join(inside),
                optional=True,
            )
        )
    )


def _translated(_: Translate, outside: str) -> Flow[bool]:
    way = yield Choose(
        "source-nat",
        _("Translation of addresses"),
        _("What goes out by {port} can have the address that the pair has there (NAT).").format(port=outside),
        (
            Option("yes", _("yes, translate")),
            Option("no", _("no: the addresses of the inside are known outside")),
        ),
        _(
            "Private addresses (192.168.x.x, 10.x.x.x) need it. The address is the virtual one where there "
            "is one, so that connections go on when the other box takes over. IPv6 is not translated."
        ),
        "yes",
    )
    return bool(way == "yes")


def nat_address(raw: Mapping[str, Any], outside: str) -> str:
    """The first virtual IPv4 address of that port; else that of whichever node is active."""
    for interface in raw["cluster"].get("ha_interfaces", ()):
        for address in interface["virtual_addresses"] if interface["port"] == outside else ():
            if ip_interface(address).version == 4:
                return str(ip_interface(address).ip)
    return "own"


def _likely(draft: Draft, ports: Sequence[str]) -> str:
    """The port with a dial-in, with the default gateway, the only one by DHCP, or the one of that name."""
    node, dialled = draft.raw["node"], dial_ins(draft.raw)
    if dialled:
        return next(iter(dialled))
    gateways = [route["gateway"] for route in node.get("routes", ()) if "gateway" in route]
    for port in ports:
        networks = [ip_interface(each).network for each in node["ports"][port].get("addresses", ())]
        if any(ip_address(str(gateway)) in network for gateway in gateways for network in networks):
            return port
    by_lease = [port for port in ports if node["ports"][port].get("dhcp")]
    return by_lease[0] if len(by_lease) == 1 else _USUAL if _USUAL in ports else ""


def internet_lines(_: Translate, firewall: Mapping[str, Any]) -> Iterator[str]:
    """For the summary."""
    if not firewall.get("rules"):
        yield _("nothing is forwarded: there are no rules")
        return
    sources = firewall["rules"][0]["from"]
    names = firewall["zones"][INTERNAL] if sources == [INTERNAL] else sources
    outside = firewall["zones"][EXTERNAL][0]
    yield _("{inside} may go out by {outside}").format(inside=", ".join(names), outside=outside)
    for source in firewall.get("source_nat", ()):
        address = _("its own address there") if source["address"] == "own" else source["address"]
        yield _("as {address} (NAT)").format(address=address)
