"""Join a cluster: this box becomes the spare, and takes all but its own addresses from the master."""

from collections.abc import Callable, Sequence
from typing import Any

from hadaemon.menu.actions import Card, Hactl, PeerConfiguration, PeerPort, Pull, ReadPeer
from hadaemon.menu.draft import Draft
from hadaemon.menu.network import bind, card_lines, own_addresses
from hadaemon.menu.reach import SHARED, reach
from hadaemon.menu.steps import Act, Choose, Failed, Flow, Option, Show, Translate


def pair(_: Translate, way: str) -> Flow[bool]:
    """`show` or `enter` the code, as often as it takes; whether the boxes are paired."""
    while True:
        done = yield Act(Hactl(("pair", way), root=True), final=True)
        if not isinstance(done, Failed):
            return True
        choice = yield Choose(
            "pair-again",
            _("Pairing"),
            _("The boxes are not paired. What now?"),
            (Option("again", _("try again")), Option("later", _("later: `hactl pair` after logging in"))),
            _(
                "One box shows a code of six digits, the other types it. Both must be on, and the hotwire "
                "plugged in at both ends."
            ),
            "again",
        )
        if choice == "later":
            return False


def join(
    _: Translate,
    draft: Draft,
    cards: Sequence[Card],
    hotwire: Card | None,
    store: Callable[[dict[str, Any]], object],
) -> Flow[bool]:
    """After the node exists: pairs, fits its ports to the cluster's, pulls; returns whether it takes part."""
    yield Show(
        (
            _("On the master, choose to show a pairing code (or run `sudo hactl pair show`)."),
            _("Type its six digits here."),
        ),
        _("Pairing"),
    )
    peer = yield from _read_master(_)
    if peer is None:
        return False
    draft.cluster = peer.raw
    free = [card for card in cards if card != hotwire]
    ports = yield from _fit(_, draft, peer, free)
    if not peer.reach and not SHARED & draft.raw["node"].keys():
        yield from reach(_, draft, ports)
    done = yield Act(store(draft.raw), _("Writing ..."), final=True)
    if isinstance(done, Failed):
        yield Show(done.reasons)
        return False
    pulled = yield Act(
        Pull(), _("Pulling the configuration (error -> pending -> synchronized) ..."), final=True
    )
    if isinstance(pulled, Failed):
        yield Show(pulled.reasons)
        return False
    yield Show(tuple(pulled))
    return True


def _read_master(_: Translate) -> Flow[PeerConfiguration | None]:
    """Pairs, and reads what the master has, as often as it takes; None: not now."""
    paired = False
    while True:
        if not paired and not (yield from pair(_, "enter")):
            return None
        peer = yield Act(ReadPeer(), _("Reading the configuration of the master ..."))
        if isinstance(peer, PeerConfiguration):
            return peer
        yield Show(peer.reasons)
        choice = yield Choose(
            "join-again",
            _("Joining"),
            _("The configuration of the master could not be read. What now?"),
            (
                Option("again", _("try again")),
                Option("pair", _("pair again: the master says that it is not paired")),
                Option("later", _("later: in `hactl menu`")),
            ),
            _(
                "The last word of the pairing may get lost on its way: then this box is paired, and the "
                "master shows another code. Else it is busy, or off, or the hotwire is unplugged."
            ),
            "again",
        )
        if choice == "later":
            return None
        paired = choice == "again"


def _fit(_: Translate, draft: Draft, peer: PeerConfiguration, free: Sequence[Card]) -> Flow[tuple[str, ...]]:
    """Each port of the cluster gets a card of this box, and own addresses."""
    left, fitted = list(free), []
    for port in peer.ports:
        if port.name in draft.raw["node"]["ports"]:
            fitted.append(port.name)
            continue
        if not left:
            yield Show((_("There is no card left for {port}.").format(port=port.name),))
            continue
        yield Show(
            tuple(card_lines(_, left)),
            _("Port {port} of cluster {cluster}").format(port=port.name, cluster=peer.cluster),
        )
        options = tuple(
            Option(f"card-{number}", f"{card.interface}  {card.mac}") for number, card in enumerate(left, 1)
        )
        choice = yield Choose(
            f"card-{port.name}",
            _("The card of {port}").format(port=port.name),
            _("Which card of this box is cabled to the network of {port}?").format(port=port.name),
            options,
            _("The port must be in the same network as {port} of {node}.").format(
                port=port.name, node=peer.node
            ),
            options[0].word,
        )
        card = left.pop(int(choice.removeprefix("card-")) - 1)
        bind(draft, port.name, card)
        if not port.dial_in:
            yield from own_addresses(_, draft, port.name, _hint(_, port), dhcp=not port.virtual_addresses)
        fitted.append(port.name)
    return tuple(fitted)


def _hint(_: Translate, port: PeerPort) -> str:
    if not port.virtual_addresses:
        return ""
    return _("Its virtual addresses are {addresses}: take another one.").format(
        addresses=", ".join(port.virtual_addresses)
    )
