"""Ports and addresses: which network card is which, and what this box is called there."""

from collections.abc import Iterator, Sequence

from hadaemon.config import values
from hadaemon.hotwire.exclusive import DEFAULT_PORT as HOTWIRE
from hadaemon.menu.actions import Blink, Card, Detect, Detected, ReadCards
from hadaemon.menu.dial_in import dial_in
from hadaemon.menu.draft import Draft
from hadaemon.menu.steps import Act, Ask, Choose, Contradiction, Failed, Flow, Option, Show, Translate
from hadaemon.text.columns import table

_USUAL = ("lan", "wan", "dmz", "guest")
UNUSED = "-"
DHCP, PPPOE = "dhcp", "pppoe"
_UNIT = 1000
"""Mbit/s in a Gbit/s."""


def look_at_cards(_: Translate) -> Flow[tuple[Card, ...]]:
    """Shows the table of network cards, as often as wanted, and has cards blink to find them on the box."""
    while True:
        cards = yield Act(ReadCards(), _("Looking at the network cards ..."))
        if isinstance(cards, Failed):
            yield Show(cards.reasons)
            cards = ()
        yield Show(tuple(card_lines(_, cards)), _("The network cards of this box"))
        options = [Option("again", _("look again"))]
        if cards:
            options = [Option("go-on", _("go on")), *options]
            options += [
                Option(f"blink-{number}", _("blink {interface}").format(interface=card.interface))
                for number, card in enumerate(cards, start=1)
            ]
        choice = yield Choose(
            "cards",
            _("Network cards"),
            _("Which card is which? Plug in a cable and look again, or have one blink."),
            tuple(options),
            _(
                "The names of the interfaces mean nothing and may change; a port is bound to its card by "
                "the MAC address, which is often printed on the box. Not every card can blink."
            ),
            "go-on" if cards else "again",
        )
        if choice == "go-on":
            return tuple(cards)
        if choice.startswith("blink-"):
            card = cards[int(choice.removeprefix("blink-")) - 1]
            done = yield Act(
                Blink(card.interface), _("{interface} blinks ...").format(interface=card.interface)
            )
            if isinstance(done, Failed):
                yield Show(done.reasons)


def card_lines(_: Translate, cards: Sequence[Card]) -> Iterator[str]:
    """A table, numbered from 1."""
    if not cards:
        yield _("There is no network card.")
        return
    header = ("", _("interface"), _("MAC"), _("driver"), _("link"), _("speed"))
    rows = [
        (
            str(number),
            card.interface,
            card.mac,
            card.driver or "-",
            _("up") if card.carrier else _("down"),
            _speed(card.speed),
        )
        for number, card in enumerate(cards, start=1)
    ]
    yield from table(header, rows)


def _speed(speed: int | None) -> str:
    if speed is None:
        return "-"
    return f"{speed} Mbit/s" if speed < _UNIT else f"{speed / _UNIT:g} Gbit/s"


def hotwire_card(_: Translate, draft: Draft, cards: Sequence[Card]) -> Flow[Card]:
    """The card that is cabled directly to the other box: found, or chosen by hand."""
    found = ""
    way = yield Choose(
        "hotwire-find",
        _("The hotwire"),
        _(
            "The hotwire is one cable that joins the two boxes directly, without a switch. To find it, the "
            "other box must be switched on, and not be paired yet."
        ),
        (Option("detect", _("find it (10 seconds)")), Option("by-hand", _("I say which card it is"))),
        _(
            "Over the hotwire the boxes tell each other how they are, and synchronize configuration and "
            "connections. The cable serves nothing else, and its addresses are chosen automatically. A box "
            "that is not paired can be found at any time; one that is paired must search at the same time."
        ),
        "detect",
    )
    if way == "detect":
        detected = yield Act(Detect(), _("Listening on every card for 10 seconds ..."))
        if isinstance(detected, Failed):
            yield Show(detected.reasons)
        elif isinstance(detected, Detected):
            yield Show(detected.lines)
            found = detected.mac
    options = tuple(
        Option(f"card-{number}", f"{card.interface}  {card.mac}")
        for number, card in enumerate(cards, start=1)
    )
    default = next((f"card-{number}" for number, card in enumerate(cards, start=1) if card.mac == found), "")
    choice = yield from draft.ask(
        ("cluster", "hotwire"),
        Choose(
            "hotwire",
            _("The hotwire"),
            _("Which card has the hotwire? It can have no other task."),
            options,
            _("The card with the direct cable to the other box. < goes back to search again."),
            default,
        ),
    )
    return cards[int(choice.removeprefix("card-")) - 1]


def name_ports(
    _: Translate, draft: Draft, cards: Sequence[Card], hotwire: Card | None
) -> Flow[tuple[str, ...]]:
    """Asks for a name of each card that is to be used, except the hotwire's, which has its own."""
    names: dict[str, Ask] = {}
    if hotwire is not None:
        bind(draft, HOTWIRE, hotwire)
    free = [card for card in cards if card != hotwire]
    usual = iter(_USUAL)
    for number, card in enumerate(free, start=1):

        def good(text: str, number: int = number) -> str:
            if text == UNUSED:
                if not names and number == len(free):
                    raise ValueError(_("one port at least must be used"))
                return text
            if text in names or text == HOTWIRE:
                earlier = (names[text],) if text in names else ()
                raise Contradiction(_("{name} is already a port").format(name=text), *earlier)
            return values.port_name(text)

        question = Ask(
            f"port-{number}",
            _("Name of {interface}").format(interface=card.interface),
            _("What is {interface} ({mac}) for? Both boxes of a pair use the same names.").format(
                interface=card.interface, mac=card.mac
            ),
            good,
            _("a name, e.g. lan or wan; - when the card is not used"),
            _("The whole configuration speaks of ports by these names. - leaves the card switched off."),
            next(usual, UNUSED),
        )
        name = str((yield question))
        if name != UNUSED:
            names[name] = question
            bind(draft, name, card)
    return tuple(names)


def bind(draft: Draft, port: str, card: Card) -> None:
    """Binds the port to this card."""
    draft.put({"mac": card.mac}, "node", "ports", port)


def own_addresses(
    _: Translate, draft: Draft, port: str, hint: str = "", dhcp: bool = True, pppoe: bool = False
) -> Flow[None]:
    """The box's own addresses on a port: fixed ones, by DHCP, by a dial-in of the pair, or none."""

    def good(text: str) -> str:
        if text.lower() == DHCP and dhcp:
            return DHCP
        if text.lower() == PPPOE and pppoe:
            return PPPOE
        draft.checked(split(text), "node", "ports", port, "addresses")
        return text

    text = _("This box's own addresses on {port}.").format(port=port)
    answer = yield from draft.ask(
        ("node", "ports", port, "addresses"),
        Ask(
            f"addresses-{port}",
            _("Addresses of {port}").format(port=port),
            f"{text} {hint}".strip(),
            good,
            _("addresses with prefix length, e.g. 192.168.12.141/24; several with spaces; or dhcp, or pppoe")
            if pppoe
            else _("addresses with prefix length, e.g. 192.168.12.141/24; several with spaces; or dhcp")
            if dhcp
            else _("addresses with prefix length, e.g. 192.168.12.141/24; several with spaces"),
            _(
                "Own addresses belong to this box alone; the other one has others. The address that the pair "
                "shares is virtual, and is asked for later. A port without own address is possible. A port "
                "that asks a DHCP server cannot have virtual addresses: a lease that goes would take them "
                "along."
            ),
            optional=True,
        ),
    )
    if answer == DHCP:
        draft.put(True, "node", "ports", port, "dhcp")
    elif answer == PPPOE:
        yield from dial_in(_, draft, port)
    else:
        draft.put(split(str(answer)), "node", "ports", port, "addresses")


def split(text: str) -> list[str]:
    """Several values on one line."""
    return text.replace(",", " ").split()
