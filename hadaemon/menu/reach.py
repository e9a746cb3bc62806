"""How this box reaches others and is reached: gateway, names, time, and the administrator's way in."""

from collections.abc import Callable, Sequence

from hadaemon.menu.draft import Draft
from hadaemon.menu.network import split
from hadaemon.menu.steps import Ask, Flow, Voice


def reach(_: Voice, draft: Draft, ports: Sequence[str]) -> Flow[None]:
    """All of it may be left out."""
    gateway = yield Ask(
        "gateway",
        _("Default gateway"),
        _("The router to the internet, in a network of this box's own addresses."),
        _checked(draft, lambda texts: [{"destination": "default", "gateway": " ".join(texts)}], "routes"),
        _("an address, e.g. 192.168.175.1; Enter: none"),
        _("A port that gets its address by DHCP gets its gateway too: then leave this empty."),
        optional=True,
    )
    if gateway:
        draft.put(gateway, "node", "routes")
    names = yield Ask(
        "dns",
        _("Name servers"),
        _("Which servers does this box itself ask for names?"),
        _checked(draft, lambda texts: {"servers": texts}, "dns"),
        _("addresses, e.g. 192.168.175.1 9.9.9.9; Enter: none"),
        _("They matter for what the box itself looks up, such as time servers by name."),
        optional=True,
    )
    if names:
        draft.put(names, "node", "dns")
    time = yield Ask(
        "ntp",
        _("Time servers"),
        _("Where does this box have the time from?"),
        _checked(draft, lambda texts: {"servers": texts}, "ntp"),
        _("names or addresses, e.g. 192.168.175.1 or pool.ntp.org; Enter: none"),
        _("Without a time server the box's own clock counts. The cluster itself needs no common time."),
        optional=True,
    )
    if time:
        draft.put(time, "node", "ntp")
    with_key = "ssh_keys" in draft.raw["admin"]
    ssh = yield Ask(
        "ssh",
        _("Administration by SSH"),
        _("On which ports may the administrator log in over the network? This box has {ports}.").format(
            ports=", ".join(ports)
        ),
        _checked(draft, lambda texts: {"ports": texts, "password": not with_key}, "ssh"),
        _("names of ports, e.g. lan; Enter: nowhere"),
        _(
            "Only at the box's own addresses there, never at a virtual address. With an SSH key given "
            "before, the key alone is accepted; else the password is."
        ),
        optional=True,
    )
    if ssh:
        draft.put(ssh, "node", "ssh")


def _checked(draft: Draft, table: Callable[[list[str]], object], key: str) -> Callable[[str], object]:
    """Nothing, or what the configuration would say, if it is right."""

    def parse(text: str) -> object:
        return draft.checked(table(split(text)), "node", key) if split(text) else None

    return parse
