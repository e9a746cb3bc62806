"""How this box reaches others and is reached: gateway, names, time, and the administrator's way in."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hadaemon.menu.draft import Draft
from hadaemon.menu.network import split
from hadaemon.menu.steps import Ask, Flow, Translate

SHARED = frozenset({"routes", "policy_routes", "dns", "ntp", "ssh"})
"""Keys of both files: in cluster.toml they are the spare's too. A table's routes
and the policies that ask it stay together."""
_DEFAULT = "default"
_EVERYWHERE = (_DEFAULT, "0.0.0.0/0", "::/0")
"""How a configuration may write that a route is the default one."""


def reach(_: Translate, draft: Draft, ports: Sequence[str], file: str = "node") -> Flow[None]:
    """Everything may be left out. What `file` (node or cluster) has already is offered, and what is not asked
    stays."""
    node = draft.raw[file]
    others = [route for route in node.get("routes", ()) if not _is_default(route)]
    defaults = {str(route.get("gateway")): route for route in node.get("routes", ()) if _is_default(route)}
    routes = yield from draft.ask(
        (file, "routes"),
        Ask(
            "gateway",
            _("Default gateway"),
            _("The router to the internet, in a network of this box's own addresses."),
            _checked(
                draft,
                (file, "routes"),
                lambda texts: (
                    others
                    + [defaults.get(text, {"destination": _DEFAULT, "gateway": text}) for text in texts]
                ),
            ),
            _("an address, e.g. 192.168.175.1; Enter: none"),
            _("A port that gets its address by DHCP gets its gateway too: then leave this empty."),
            " ".join(defaults),
            optional=True,
        ),
    )
    _settle(node, "routes", routes or others)
    names = yield from draft.ask(
        (file, "dns"),
        Ask(
            "dns",
            _("Name servers"),
            _("Which servers does this box itself ask for names?"),
            _checked(draft, (file, "dns"), lambda texts: {**node.get("dns", {}), "servers": texts}),
            _("addresses, e.g. 192.168.175.1 9.9.9.9; Enter: none"),
            _("They matter for what the box itself looks up, such as time servers by name."),
            " ".join(node.get("dns", {}).get("servers", ())),
            optional=True,
        ),
    )
    _settle(node, "dns", names)
    time = yield from draft.ask(
        (file, "ntp"),
        Ask(
            "ntp",
            _("Time servers"),
            _("Where does this box have the time from?"),
            _checked(draft, (file, "ntp"), lambda texts: {**node.get("ntp", {}), "servers": texts}),
            _("names or addresses, e.g. 192.168.175.1 or pool.ntp.org; Enter: none"),
            _("Without a time server the box's own clock counts. The cluster itself needs no common time."),
            " ".join(node.get("ntp", {}).get("servers", ())),
            optional=True,
        ),
    )
    _settle(node, "ntp", time)
    usual = {"password": "ssh_keys" not in draft.raw["admin"]}
    ssh = yield from draft.ask(
        (file, "ssh"),
        Ask(
            "ssh",
            _("Administration by SSH"),
            _("On which ports may the administrator log in over the network? This box has {ports}.").format(
                ports=", ".join(ports)
            ),
            _checked(draft, (file, "ssh"), lambda texts: {**(node.get("ssh") or usual), "ports": texts}),
            _("names of ports, e.g. lan; Enter: nowhere"),
            _(
                "Only at the box's own addresses there, never at a virtual address. With an SSH key given "
                "before, the key alone is accepted; else the password is."
            ),
            " ".join(node.get("ssh", {}).get("ports", ())),
            optional=True,
        ),
    )
    _settle(node, "ssh", ssh)


def share(draft: Draft) -> None:
    """What was said of one box counts for the pair: a spare that joins is not asked again."""
    node = draft.raw["node"]
    for key in sorted(SHARED & node.keys()):
        draft.move(key, "node", "cluster")


def reach_lines(_: Translate, node: dict[str, Any]) -> Iterator[str]:
    """For the summary: what was not left out."""
    gateways = [str(route.get("gateway")) for route in node.get("routes", ()) if _is_default(route)]
    if gateways:
        yield _("gateway: {gateway}").format(gateway=", ".join(gateways))
    if "dns" in node:
        yield _("name servers: {servers}").format(servers=", ".join(node["dns"]["servers"]))
    if "ntp" in node:
        yield _("time servers: {servers}").format(servers=", ".join(node["ntp"]["servers"]))
    if "ssh" in node:
        yield _("SSH on: {ports}").format(ports=", ".join(node["ssh"]["ports"]))


def _is_default(route: dict[str, Any]) -> bool:
    """The plain one: others stay as they are written."""
    return route.get("destination") in _EVERYWHERE and route.keys() <= {"destination", "gateway", "port"}


def _settle(node: dict[str, Any], key: str, value: object) -> None:
    if value:
        node[key] = value
    else:
        node.pop(key, None)


def _checked(
    draft: Draft, place: tuple[str, str], table: Callable[[list[str]], object]
) -> Callable[[str], object]:
    """Checks an answer: nothing, or what the configuration would say."""

    def parse(text: str) -> object:
        return draft.checked(table(split(text)), *place) if split(text) else None

    return parse
