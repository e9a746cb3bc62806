"""The daily work on a pair: a virtual address, a rule, a port forward. Most change
cluster.toml, a VLAN this node's own file.
"""

from collections.abc import Callable, Sequence
from ipaddress import ip_interface
from typing import Any

from hadaemon.config import values
from hadaemon.hotwire.exclusive import DEFAULT_PORT as HOTWIRE
from hadaemon.menu.dial_in import dial_in, dial_in_lines, dial_ins, vlan_tag
from hadaemon.menu.draft import Draft
from hadaemon.menu.internet import EXTERNAL
from hadaemon.menu.network import split
from hadaemon.menu.steps import Ask, Choose, Flow, Option, Translate

_NODE = "node"


def virtual(_: Translate, draft: Draft) -> Flow[str]:
    """Other virtual addresses of a port, or the first ones. Returns what is new, in one line."""
    interfaces = draft.raw["cluster"].setdefault("ha_interfaces", [])
    now = {each["port"]: each.get("virtual_addresses", []) for each in interfaces}
    ports = [name for name in _ports(draft) if not draft.ports[name].get("dhcp")]
    nothing = _("none")
    port = yield Choose(
        "virtual-port",
        _("Virtual addresses"),
        _("The virtual addresses of which port?"),
        tuple(Option(name, "  ".join((name, ", ".join(now.get(name, ())) or nothing))) for name in ports),
        _(
            "A port with virtual addresses is an HA interface: when it loses its link, the other box takes "
            "over."
        ),
    )
    index = next((number for number, each in enumerate(interfaces) if each["port"] == port), len(interfaces))
    entry = interfaces[index] if index < len(interfaces) else {"port": port}

    def good(text: str) -> list[str]:
        addresses = split(text)
        changed = {**entry, "virtual_addresses": addresses}
        if addresses:
            draft.checked(changed, "cluster", "ha_interfaces", index)
        elif len(interfaces) < 2:
            raise ValueError(_("one port at least has virtual addresses"))
        return addresses

    addresses = yield Ask(
        "virtual-addresses",
        _("Virtual addresses of {port}").format(port=port),
        _("All of them: what is left out here goes."),
        good,
        _("addresses with prefix length, e.g. 192.168.12.1/24; several with spaces; Enter: as before"),
        _("Whoever is connected to an address that goes loses the connection. - takes all of them away."),
        " ".join(now.get(str(port), ())),
        optional=True,
    )
    if addresses:
        draft.put({**entry, "virtual_addresses": addresses}, "cluster", "ha_interfaces", index)
    elif index < len(interfaces):
        del interfaces[index]
    return f"{port}: {', '.join(addresses) or nothing}"


def forward(_: Translate, draft: Draft) -> Flow[str]:
    """A port forward. Returns it, in one line."""
    place = ("cluster", "firewall", "destination_nat", len(_firewall(draft).get("destination_nat", ())))
    entry: dict[str, Any] = {"services": ["any"], "to": "192.0.2.1"}
    if EXTERNAL in _firewall(draft).get("zones", {}):
        entry["from"] = [EXTERNAL]
    fours = [
        str(ip_interface(address).ip)
        for interface in draft.raw["cluster"].get("ha_interfaces", ())
        for address in interface["virtual_addresses"]
        if ip_interface(address).version == 4
    ]
    entry["address"] = yield Choose(
        "forward-address",
        _("Port forward"),
        _("To which address of the pair do clients outside connect?"),
        tuple(Option(address, address) for address in fours),
        _("A virtual one: whichever box is active answers for it."),
    )

    def good(key: str, value: object) -> object:
        draft.checked({**entry, key: value}, *place)
        return value

    entry["services"] = yield Ask(
        "forward-services",
        _("Port forward"),
        _("Which services?"),
        lambda text: good("services", split(text)),
        _("names or ports, e.g. https or tcp/8443; several with spaces"),
        _("Whatever comes to the address for these services goes to the host inside."),
    )
    entry["to"] = yield Ask(
        "forward-to",
        _("Port forward"),
        _("To which host inside?"),
        lambda text: good("to", str(values.address(text))),
        _("its address, e.g. 192.168.12.80"),
        _("The host must have the pair as its gateway, or its answers go elsewhere."),
    )
    draft.put(entry, *place)
    return f"{entry['address']} {', '.join(entry['services'])} -> {entry['to']}"


def vlan(_: Translate, draft: Draft, ports: Sequence[str]) -> Flow[str]:
    """A port within a VLAN of another one. Returns its name."""
    node = draft.ports
    parent = yield Choose(
        "vlan-parent",
        _("VLAN"),
        _("On which port is the VLAN?"),
        tuple(Option(port, port) for port in ports if "parent" not in node[port]),
        _("The switch port at the other end must pass its frames with their tag."),
    )

    number = yield Ask(
        "vlan-tag",
        _("VLAN"),
        _("Which number has it?"),
        lambda text: vlan_tag(_, text),
        _("a number from 1 to 4094, e.g. 20"),
        _("That of the switch (IEEE 802.1Q)."),
    )

    def good(text: str) -> str:
        if text in node:
            raise ValueError(_("{name} is already a port").format(name=text))
        draft.checked({"parent": parent, "vlan": number}, "node", "ports", values.port_name(text))
        return text

    name = yield Ask(
        "vlan-name",
        _("VLAN"),
        _("What is the new port to be called? Both boxes of a pair use the same names."),
        good,
        _("a name of 10 characters at most, e.g. guest"),
        _(
            "The whole configuration speaks of it by this name. Make it on both boxes before the pair uses "
            "it."
        ),
    )
    draft.put({"parent": parent, "vlan": number}, "node", "ports", str(name))
    return str(name)


def dial(_: Translate, draft: Draft) -> Flow[str]:
    """A dial-in. Returns it, in one line."""
    port = yield Choose(
        "dial-in-port",
        _("Dial-in (PPPoE)"),
        _("At which port is the modem?"),
        tuple(Option(name, name) for name in _ports(draft) if name not in dial_ins(draft.raw)),
        _("The port needs no address of its own. Rules of the firewall name the dial-in, not the port."),
    )
    yield from dial_in(_, draft, str(port))
    return next(iter(dial_in_lines(_, draft.raw["cluster"]["follow"]["pppoe"][-1])))


def rule(_: Translate, draft: Draft) -> Flow[str]:
    """A rule that allows something. Returns it, in one line."""
    names = [*_firewall(draft).get("zones", {}), *_ports(draft)]
    place = ("cluster", "firewall", "rules", len(_firewall(draft).get("rules", ())))
    entry: dict[str, Any] = {"action": "allow"}

    def ends(key: str, more: Sequence[str] = ()) -> Callable[[str], list[str]]:
        def good(text: str) -> list[str]:
            wrong = next((name for name in split(text) if name not in (*names, *more)), None)
            if wrong is not None:
                raise ValueError(
                    _("{name} is none of: {names}").format(name=wrong, names=", ".join((*names, *more)))
                )
            draft.checked({**entry, key: split(text)}, *place)
            return split(text)

        return good

    known = ", ".join(names)
    entry["from"] = yield Ask(
        "rule-from",
        _("Allow"),
        _("Where does the connection come from? There is {names}.").format(names=known),
        ends("from"),
        _("names of ports or zones, e.g. lan"),
        _("Only what begins a connection needs a rule: the answers follow by themselves."),
    )
    entry["to"] = yield Ask(
        "rule-to",
        _("Allow"),
        _("Where does it go? There is {names}, and node: the boxes themselves.").format(names=known),
        ends("to", (_NODE,)),
        _("names of ports or zones, e.g. wan; or node"),
        _("node is for services at the boxes' own addresses, such as SSH."),
    )
    entry["services"] = yield Ask(
        "rule-services",
        _("Allow"),
        _("Which services?"),
        lambda text: draft.checked({**entry, "services": split(text)}, *place) and split(text),
        _("names or ports, e.g. https or tcp/8443; several with spaces; any: all of them"),
        _("The rule comes last: one before it that drops the same goes first."),
    )
    draft.put(entry, *place)
    return f"{', '.join(entry['from'])} -> {', '.join(entry['to'])}: {', '.join(entry['services'])}"


def _ports(draft: Draft) -> list[str]:
    return [name for name in draft.ports if name != HOTWIRE]


def _firewall(draft: Draft) -> dict[str, Any]:
    return dict(draft.raw["cluster"].get("firewall", {}))
