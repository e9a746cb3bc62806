"""Create a cluster: this box becomes the master, and holds what the spare will pull."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hadaemon.config import values
from hadaemon.config.secrets import signing_key, written_key
from hadaemon.hotwire.exclusive import DEFAULT_PORT as HOTWIRE
from hadaemon.menu.actions import NewKey
from hadaemon.menu.dhcp import lease_lines, lease_questions
from hadaemon.menu.dial_in import dial_in_lines, dial_ins
from hadaemon.menu.draft import Draft
from hadaemon.menu.internet import internet, internet_lines
from hadaemon.menu.network import split
from hadaemon.menu.steps import Act, Ask, Choose, Contradiction, Failed, Flow, Option, Show, Translate

DEFAULT_OFFSET = 50
MAX_OFFSET = 254
_YES, _NO, _OTHER = "yes", "no", "other"
"""Whether the pair is a DHCP server; other: not with these addresses."""


def begun(master: str) -> dict[str, Any]:
    """What cluster.toml will say whatever is answered, with an HA interface that no box has in the place of
    those that are asked for later."""
    interface = {"port": "not-asked-yet", "virtual_addresses": ["192.0.2.1/32"]}
    return {"name": master, "master": master, "hotwire": {"port": HOTWIRE}, "ha_interfaces": [interface]}


def create(
    _: Translate,
    draft: Draft,
    ports: Sequence[str],
    master: str,
    has_unit: Callable[[str], bool] = lambda _: True,
) -> Flow[None]:
    """The cluster's name, its virtual addresses, and how its nodes know each other on the networks.

    It is activated once the two boxes are paired: until then `enabled` is false.
    """
    name = yield Ask(
        "cluster",
        _("The cluster"),
        _("A name for the pair, for people."),
        values.label,
        _("lower-case letters, digits and hyphens, e.g. office"),
        _("Both boxes show it. It means nothing to other devices."),
        "office",
    )
    for key, value in {"name": name, "master": master, "enabled": False}.items():
        draft.put(value, "cluster", key)
    draft.put({"port": HOTWIRE}, "cluster", "hotwire")
    yield from _offset(_, draft)
    yield from _interfaces(_, draft, ports)
    yield from internet(_, draft, ports)
    yield from _follow(_, draft, ports, has_unit)
    yield from _priority(_, draft)
    yield from _passphrase(_, draft)


def _offset(_: Translate, draft: Draft) -> Flow[None]:
    """Asked before the interfaces, whose VRIDs follow from it."""

    def good(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or int(text) > MAX_OFFSET:
            raise ValueError(_("a number from 0 to {last} is wanted").format(last=MAX_OFFSET))
        return int(text)

    offset = yield Ask(
        "vrid-offset",
        _("Virtual router IDs"),
        _("Every HA interface has the virtual router ID (VRID) offset + its number."),
        good,
        _("a number from 0 to 254, e.g. 50"),
        _(
            "Keep 50, unless other devices in your networks speak VRRP with IDs from 51 on: no two groups in "
            "a network may have the same. Both boxes have the same IDs by construction."
        ),
        str(DEFAULT_OFFSET),
    )
    draft.put(offset, "cluster", "vrrp", "vrid_offset")


def _interfaces(_: Translate, draft: Draft, ports: Sequence[str]) -> Flow[None]:
    """Virtual addresses of each port; one port at least must have some."""
    count = 0
    dialled = dial_ins(draft.raw)
    eligible = [
        port for port in ports if port not in dialled and not draft.raw["node"]["ports"][port].get("dhcp")
    ]
    for port in ports:
        if port in dialled:
            continue
        if port not in eligible:
            yield Show(
                (
                    _(
                        "{port} asks a DHCP server for its address, so it cannot have virtual ones: a lease "
                        "that goes would take them along."
                    ).format(port=port),
                )
            )
            continue
        last = count == 0 and port == eligible[-1]
        interface: dict[str, Any] = {}
        serves = _OTHER
        while serves == _OTHER:
            interface = yield from _interface(_, draft, port, count, last)
            if not interface:
                break
            draft.put(interface, "cluster", "ha_interfaces", count)
            serves = yield from _serves(_, draft, port, count)
        count += bool(interface)
        if serves == _YES:
            yield from lease_questions(_, draft, port, interface["virtual_addresses"])
    if count == 0:
        yield Show((_("No port can have virtual addresses: go back (<) and give one fixed addresses."),))


def _interface(_: Translate, draft: Draft, port: str, number: int, needed: bool) -> Flow[dict[str, Any]]:
    own = ", ".join(draft.raw["node"]["ports"][port].get("addresses", ())) or _("none")
    place = ("cluster", "ha_interfaces", number)

    def good(text: str) -> list[str]:
        addresses = split(text)
        if not addresses:
            return []
        draft.checked({"port": port, "virtual_addresses": addresses}, *place)
        return addresses

    addresses = yield from draft.ask(
        (*place, "virtual_addresses"),
        Ask(
            f"virtual-{port}",
            _("Virtual addresses of {port}").format(port=port),
            _(
                "Addresses on {port} that the active box answers for, such as the gateway of that network. "
                "Own addresses of this box there: {own}."
            ).format(port=port, own=own),
            good,
            _("addresses with prefix length, e.g. 192.168.12.1/24; several with spaces")
            + ("" if needed else _("; Enter: none")),
            _(
                "A port with virtual addresses is an HA interface: when it loses its link, the other box "
                "takes over. A virtual address is never an own address of either box. It may be of another "
                "network than the own ones."
            ),
            optional=not needed,
        ),
    )
    return {"port": port, "virtual_addresses": list(addresses)} if addresses else {}


def _serves(_: Translate, draft: Draft, port: str, number: int) -> Flow[str]:
    """Whether the pair is the DHCP server of that port's network; or that it gets other addresses."""
    serves = yield Choose(
        f"dhcp-server-{port}",
        _("DHCP server on {port}").format(port=port),
        _(
            "Is the pair to be the DHCP server of this network? Then the virtual address must not be in the "
            "network of an own address: clients would bind to the own address of one box."
        ),
        (Option(_NO, _("no")), Option(_YES, _("yes"))),
        _(
            "Clients renew their lease with the address that they got it from. After a switch that must be "
            "an address that the other box has too."
        ),
        _NO,
    )
    if serves == _NO:
        return _NO
    try:
        interface = draft.raw["cluster"]["ha_interfaces"][number]
        draft.checked({**interface, "dhcp_server": True}, "cluster", "ha_interfaces", number)
    except Contradiction as error:
        yield Show((error.told(_, lambda _key: ""),))
        instead = yield Choose(
            f"dhcp-server-{port}-conflict",
            _("DHCP server on {port}").format(port=port),
            _("That does not fit."),
            (
                Option(_OTHER, _("other virtual addresses for {port}").format(port=port)),
                Option(_NO, _("no DHCP server here")),
            ),
            _(
                "Choose a virtual address of another network; or go back with < and give {port} no own "
                "address."
            ).format(port=port),
        )
        return str(instead)
    return _YES


def _follow(_: Translate, draft: Draft, ports: Sequence[str], has_unit: Callable[[str], bool]) -> Flow[None]:
    """What is off while a box is backup."""

    def units(text: str) -> object:
        found = draft.checked([{"unit": unit} for unit in split(text)], "cluster", "follow", "services")
        missing = next((unit for unit in split(text) if not has_unit(unit)), None)
        if missing is not None:
            raise ValueError(_("this firmware has no {unit} that may follow").format(unit=missing))
        return found

    taken = {each["port"] for each in draft.raw["cluster"].get("ha_interfaces", ())}
    free = [port for port in ports if port not in taken and port not in dial_ins(draft.raw)]
    if free:
        down = yield Ask(
            "follow-ports",
            _("Ports that are off on the backup"),
            _("Ports without virtual addresses can be off while a box is backup. There is {ports}.").format(
                ports=", ".join(free)
            ),
            lambda text: draft.checked(split(text), "cluster", "follow", "ports"),
            _("names of ports, e.g. wan; Enter: none"),
            _(
                "For a modem that talks to one box only, such as a dial-in (PPPoE): only the active box may "
                "use the line. An HA interface cannot be off: a backup must hear the other box there."
            ),
            optional=True,
        )
        if down:
            draft.put(down, "cluster", "follow", "ports")
    services = yield Ask(
        "follow-services",
        _("Services that are off on the backup"),
        _("systemd units of your own that run on the active box only."),
        units,
        _("names of units, e.g. openvpn-server@office.service; Enter: none"),
        _(
            "Tunnels, dial-ins and the DHCP server that are configured in cluster.toml follow the active box "
            "by themselves. This is for other services of the image."
        ),
        optional=True,
    )
    if services:
        draft.put(services, "cluster", "follow", "services")


def _priority(_: Translate, draft: Draft) -> Flow[None]:
    """Whoever creates the cluster is its master; the only question is whether it takes back."""
    way = yield Choose(
        "priority",
        _("Priority"),
        _(
            "This box is the master: its priority is high, the spare's is low. When it has failed, the spare "
            "has taken over, and this box is well again: what then?"
        ),
        (
            Option("take-back", _("this box takes over again by itself")),
            Option("stay", _("the spare stays active until somebody switches")),
        ),
        _(
            "The healthier box is always the active one, whatever you choose. Taking over again costs one "
            "more switch, which loses nothing; staying lets you choose the time (`hactl switch`)."
        ),
        "take-back",
    )
    if way == "stay":
        draft.put(False, "cluster", "vrrp", "preempt")


def _passphrase(_: Translate, draft: Draft) -> Flow[None]:
    """Who may take part in the election."""
    way = yield Choose(
        "passphrase",
        _("Who may take part"),
        _("The two boxes can sign what they say to each other on the HA interfaces (VRRP)."),
        (
            Option("random", _("signed, with a new random key")),
            Option("own", _("signed, with a key that I type")),
            Option("none", _("not signed")),
        ),
        _(
            "With signatures nobody in your networks can push the active box aside. The spare gets the key "
            "over the hotwire. Not signed is for networks with VRRP routers of other makers."
        ),
        "random",
    )
    if way == "none":
        return
    if way == "random":
        key = yield Act(NewKey())
        if isinstance(key, Failed):
            yield Show(key.reasons)
            return
    else:
        key = yield Ask(
            "key",
            _("The key"),
            _("32 to 64 characters; it is not shown while you type."),
            lambda text: written_key(signing_key(text)),
            _("32 to 64 ASCII characters, or hex: and 64 to 128 hex digits"),
            _("As keepalived writes keys. A shorter passphrase would be easy to guess, and is refused."),
            secret=True,
        )
    draft.put({"type": "hmac", "key": key}, "cluster", "vrrp", "authentication")


def cluster_lines(_: Translate, raw: dict[str, Any]) -> Iterator[str]:
    """For the summary, without secrets."""
    yield _("cluster: {name}, this box is its master (priority high)").format(name=raw["name"])
    if raw["vrrp"].get("preempt", True):
        yield _("after a failure: it takes over again by itself")
    else:
        yield _("after a failure: the spare stays active until somebody switches")
    for number, interface in enumerate(raw.get("ha_interfaces", ()), start=1):
        addresses = ", ".join(interface["virtual_addresses"])
        vrid = raw["vrrp"]["vrid_offset"] + number
        line = _("virtual addresses of {port}: {addresses} (VRID {vrid})").format(
            port=interface["port"], addresses=addresses, vrid=vrid
        )
        yield line
    for line in raw.get("follow", {}).get("pppoe", ()):
        yield from dial_in_lines(_, line)
    for network in raw.get("follow", {}).get("dhcp", ()):
        yield from lease_lines(_, network)
    yield from internet_lines(_, raw.get("firewall", {}))
    follow = raw.get("follow", {})
    off = [*follow.get("ports", ()), *(each["unit"] for each in follow.get("services", ()))]
    if off:
        yield _("off on the backup: {what}").format(what=", ".join(off))
    yield _("advertisements: signed") if "authentication" in raw["vrrp"] else _("advertisements: not signed")
