"""What only root may change on a box that is configured: one flow for each."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

from hadaemon.hotwire.exclusive import DEFAULT_PORT as HOTWIRE
from hadaemon.menu.account import administrator
from hadaemon.menu.actions import (
    Card,
    ChangeAdmin,
    FactoryReset,
    ReadCards,
    ReadNode,
    RestoreGood,
    StoreCluster,
    StoreNode,
)
from hadaemon.menu.create import cluster_lines, create
from hadaemon.menu.daily import dial, forward, rule, virtual, vlan
from hadaemon.menu.draft import Draft
from hadaemon.menu.first_boot import pair_and_activate
from hadaemon.menu.install import COMMAND, install_to_disk
from hadaemon.menu.join import join
from hadaemon.menu.network import bind, hotwire_card, own_addresses
from hadaemon.menu.reach import SHARED, reach, reach_lines, share
from hadaemon.menu.steps import Act, Ask, Choose, Failed, Flow, Option, Show, Translate


def password(_: Translate) -> Flow[None]:
    """Another password, another key."""
    draft = Draft()
    yield from administrator(_, draft)
    admin = draft.raw["admin"]
    change = ChangeAdmin(admin.get("password_hash", ""), next(iter(admin.get("ssh_keys", ())), ""))
    yield from _show_outcome(_, (yield Act(change, _("Writing ..."), final=True)))


def network(_: Translate) -> Flow[None]:
    """Other own addresses on one port."""
    draft = yield from _present(_)
    if draft is None:
        return
    ports = tuple(draft.raw["node"]["ports"])
    port = yield Choose(
        "port",
        _("Own addresses"),
        _("The addresses of which port?"),
        tuple(Option(name, f"{name}  {_now(draft, name)}") for name in ports),
        _("Whoever is connected over an address that goes loses the connection."),
    )
    present = draft.raw["node"]["ports"][port]
    hint = _("Now: {addresses}.").format(addresses=_now(draft, port))
    draft.put({key: value for key, value in present.items() if key != "dhcp"}, "node", "ports", port)
    yield from own_addresses(_, draft, port, hint)
    yield Show((f"{port}: {_now(draft, port)}",), _("Summary"))
    yield from _agree(_)
    yield from _show_outcome(_, (yield Act(StoreNode(draft.raw["node"]), _("Writing ..."), final=True)))


def new_vlan(_: Translate) -> Flow[None]:
    """A port within a VLAN."""
    draft = yield from _present(_)
    if draft is None:
        return
    name = yield from vlan(_, draft, tuple(port for port in draft.raw["node"]["ports"] if port != HOTWIRE))
    yield from own_addresses(_, draft, name)
    yield Show((f"{name}: {_now(draft, name)}",), _("Summary"))
    yield from _agree(_)
    yield from _show_outcome(_, (yield Act(StoreNode(draft.raw["node"]), _("Writing ..."), final=True)))


def reach_later(_: Translate) -> Flow[None]:
    """Another gateway, other name and time servers, another way in: where they are now, in the file of both
    boxes or in this one's own."""
    draft = yield from _present(_)
    if draft is None:
        return
    ports = tuple(name for name in draft.raw["node"]["ports"] if name != HOTWIRE)
    shared = bool(SHARED & draft.raw.get("cluster", {}).keys())
    file = "cluster" if shared else "node"
    yield from reach(_, draft, ports, file)
    table = draft.raw[file]
    yield Show(tuple(reach_lines(_, table)) or (_("none of it"),), _("Summary"))
    yield from _agree(_)
    change = StoreCluster(table) if shared else StoreNode(table)
    yield from _show_outcome(_, (yield Act(change, _("Writing ..."), final=True)))


def _of_the_cluster(change: Callable[[Translate, Draft], Flow[str]]) -> Callable[[Translate], Flow[None]]:
    """Asks, shows what is new, and has cluster.toml changed."""

    def flow(_: Translate) -> Flow[None]:
        draft = yield from _present(_)
        if draft is None:
            return
        if "cluster" not in draft.raw:
            yield Show((_("This box is in no cluster."),))
            return
        line = yield from change(_, draft)
        yield Show((line,), _("Summary"))
        yield from _agree(_)
        done = yield Act(StoreCluster(draft.raw["cluster"]), _("Writing ..."), final=True)
        yield from _show_outcome(_, done)

    return flow


def join_later(_: Translate) -> Flow[None]:
    """A box that stands alone becomes the spare of the other one."""
    draft = yield from _present(_)
    if draft is None:
        return
    cards = yield Act(ReadCards(), _("Looking at the network cards ..."))
    if isinstance(cards, Failed):
        yield Show(cards.reasons)
        return
    hotwire = yield from _hotwire(_, draft, cards)
    yield from _agree(_)
    done = yield Act(StoreNode(draft.raw["node"]), _("Writing ..."), final=True)
    if isinstance(done, Failed):
        yield from _show_outcome(_, done)
        return
    bound = {port["mac"] for port in draft.raw["node"]["ports"].values() if "mac" in port}
    free = [card for card in cards if card.mac not in bound]
    yield from join(_, draft, free, hotwire, lambda raw: StoreNode(raw["node"]))


def create_later(_: Translate) -> Flow[None]:
    """A box that stands alone becomes a master."""
    draft = yield from _present(_)
    if draft is None:
        return
    cards = yield Act(ReadCards(), _("Looking at the network cards ..."))
    if isinstance(cards, Failed):
        yield Show(cards.reasons)
        return
    yield from _hotwire(_, draft, cards)
    node = draft.raw["node"]
    ports = tuple(port for port in node["ports"] if port != HOTWIRE)
    yield from create(_, draft, ports, node["name"])
    yield Show(tuple(cluster_lines(_, draft.raw["cluster"])), _("Summary"))
    yield from _agree(_)
    before = deepcopy(node)
    share(draft)  # The box keeps its own until the cluster has them.
    last = [StoreNode(node)] if node != before else []
    for action in (StoreNode(before), StoreCluster(draft.raw["cluster"]), *last):
        done = yield Act(action, _("Writing ..."), final=True)
        if isinstance(done, Failed):
            yield from _show_outcome(_, done)
            return
    yield from pair_and_activate(_)


def last_good(_: Translate) -> Flow[None]:
    """Back to what was accepted."""
    yield Show((_("The last configuration that was accepted at a boot replaces the present one."),))
    yield from _agree(_)
    yield from _show_outcome(_, (yield Act(RestoreGood(), _("Writing ..."), final=True)))


def factory_reset(_: Translate) -> Flow[None]:
    """Forgets everything; the firmware stays."""
    draft = yield from _present(_)
    name = draft.raw["node"]["name"] if draft is not None else "reset"

    def same(text: str) -> str:
        if text != name:
            raise ValueError(_("type {name} to forget everything, or ! to stop").format(name=name))
        return text

    yield Ask(
        "factory-reset",
        _("Factory reset"),
        _(
            "Configuration, keys, passwords and history of this box are forgotten, and it reboots into its "
            "first set-up. The other box of a pair stays as it is. To agree, type {name}."
        ).format(name=name),
        same,
        _("the name of this box, {name}").format(name=name),
        _("There is no way back but a backup (`hactl backup`). The firmware stays."),
    )
    yield from _show_outcome(_, (yield Act(FactoryReset(), _("Forgetting everything ..."), final=True)))


FLOWS: Mapping[str, Callable[[Translate], Flow[None]]] = {
    "password": password,
    "network": network,
    "vlan": new_vlan,
    "reach": reach_later,
    "dial-in": _of_the_cluster(dial),
    "virtual": _of_the_cluster(virtual),
    "forward": _of_the_cluster(forward),
    "rule": _of_the_cluster(rule),
    "join": join_later,
    "create": create_later,
    "last-good": last_good,
    "factory-reset": factory_reset,
    COMMAND: install_to_disk,
}


def _present(_: Translate) -> Flow[Draft | None]:
    raw = yield Act(ReadNode())
    if isinstance(raw, Failed):
        yield Show(tuple(f"! {reason}" for reason in raw.reasons))
        return None
    draft = Draft()
    for key, value in raw.items():
        draft.put(deepcopy(value), key)  # Going back begins with what there was.
    return draft


def _hotwire(_: Translate, draft: Draft, cards: Sequence[Card]) -> Flow[Card | None]:
    """The card of the port named hotwire, which is bound now if it was not."""
    ports = draft.raw["node"]["ports"]
    taken = {port["mac"]: name for name, port in ports.items() if "mac" in port}
    if HOTWIRE in ports:
        return next((card for card in cards if card.mac == ports[HOTWIRE].get("mac")), None)
    free = tuple(card for card in cards if card.mac not in taken)
    if not free:
        yield Show((_("Every card is a port already: no card is left for the hotwire."),))
    card = yield from hotwire_card(_, draft, free or cards)
    if card.mac in taken:
        del ports[taken[card.mac]]
    bind(draft, HOTWIRE, card)
    return card


def _now(draft: Draft, port: str) -> str:
    present = draft.raw["node"]["ports"][port]
    return "DHCP" if present.get("dhcp") else ", ".join(present.get("addresses", ())) or "-"


def _agree(_: Translate) -> Flow[None]:
    yield Choose(
        "write",
        _("Summary"),
        _("Write this and begin to work with it? < goes back, ! stops."),
        (Option("yes", _("yes, write it")),),
        _("Until now nothing was changed. From here on there is no way back by <."),
    )


def _show_outcome(_: Translate, done: object) -> Flow[None]:
    if isinstance(done, Failed):
        yield Show(tuple(f"! {reason}" for reason in done.reasons), _("It was not done"))
    else:
        problems = done if isinstance(done, tuple) else ()
        yield Show((_("Done."), *(f"! {problem}" for problem in problems)))
