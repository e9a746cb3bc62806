"""The first set-up of a box, from the language to a node that stands alone, leads a pair, or joins one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hadaemon.hotwire.exclusive import DEFAULT_PORT as HOTWIRE
from hadaemon.menu.account import administrator, host_name, time_zone
from hadaemon.menu.actions import Activate, Hactl, ReadStick, Run, Store
from hadaemon.menu.create import begun, cluster_lines, create
from hadaemon.menu.draft import Draft
from hadaemon.menu.install import COMMAND, install_to_disk
from hadaemon.menu.join import join, pair
from hadaemon.menu.network import hotwire_card, look_at_cards, name_ports, own_addresses
from hadaemon.menu.reach import reach, reach_lines, share
from hadaemon.menu.steps import Act, Choose, Failed, Flow, Option, Show, Translate

LANGUAGES = {"en": "English", "de": "Deutsch"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known before the first question."""

    version: str
    name: str
    """To suggest as the host name."""
    zones: tuple[str, ...]
    problems: tuple[str, ...] = ()
    """Problems with a preseed, or with the data partition."""
    unreadable: bool = False
    """The data partition cannot be used: the box may be configured, and nobody may begin it anew."""
    installable: bool = False
    """There is another disk on which the running system could be installed."""
    has_unit: Callable[[str], bool] = lambda _: True
    """Whether this firmware has a unit of that name."""


_UNCONFIGURED = "This box is not configured yet. / Dieses Gerät ist noch nicht eingerichtet."
_UNREADABLE = "The data of this box cannot be read. / Die Daten dieses Geräts sind nicht lesbar."


class Purpose(StrEnum):
    """What a box is going to be."""

    ALONE = "alone"
    CREATE = "create"
    JOIN = "join"


def first_boot(facts: Facts, translations: Mapping[str, Translate]) -> Flow[None]:
    """Ends when the node is configured."""
    language = yield Choose(
        "language",
        f"Hotspare {facts.version}".rstrip(),
        _UNREADABLE if facts.unreadable else _UNCONFIGURED,
        tuple(Option(word, label) for word, label in LANGUAGES.items()),
        "Type a number and press Enter. / Eine Zahl tippen und Enter drücken.",
    )
    _ = translations[language]
    if facts.unreadable:
        yield from _cannot_begin(_, facts.problems)
        return
    yield Show(
        (
            _("Answer each question and press Enter. What is in [brackets] is taken by Enter alone."),
            _("At any question: ? explains it, < goes back to the one before, ! stops and changes nothing."),
            _("Nothing is written before you have seen a summary and agreed to it."),
        )
    )
    if facts.problems:
        yield Show(tuple(f"! {problem}" for problem in facts.problems), _("Problems"))
    if (yield from _begin(_, facts.installable)):
        return
    draft = Draft()
    draft.put(language, "node", "language")
    yield from administrator(_, draft)
    name = yield from host_name(_, draft, facts.name)
    yield from time_zone(_, draft, facts.zones)
    cards = yield from look_at_cards(_)
    purpose = yield from _purpose(_, pair_possible=len(cards) > 1)
    hotwire = None if purpose is Purpose.ALONE else (yield from hotwire_card(_, draft, cards))
    if purpose is Purpose.JOIN:
        assert hotwire is not None
        draft.put({"mac": hotwire.mac}, "node", "ports", HOTWIRE)
        yield from _write(_, draft, purpose)
        yield from join(_, draft, cards, hotwire, lambda raw: Store(raw, anew=True))
        yield from _end(_, name)
        return
    ports = yield from name_ports(_, draft, cards, hotwire)
    if purpose is Purpose.CREATE:
        draft.cluster = begun(name)
    for port in ports:
        yield from own_addresses(_, draft, port, pppoe=purpose is Purpose.CREATE)
    yield from reach(_, draft, ports)
    if purpose is Purpose.CREATE:
        yield from create(_, draft, ports, name, facts.has_unit)
        share(draft)
    yield from _write(_, draft, purpose)
    if purpose is Purpose.CREATE:
        yield from pair_and_activate(_)
    yield from _end(_, name)


def _begin(_: Translate, installable: bool) -> Flow[bool]:
    """Returns whether the box was configured without any further question: by a stick."""
    install = (
        (Option(COMMAND, _("not at all: install what runs on the internal disk")),) if installable else ()
    )
    while True:
        start = yield Choose(
            "start",
            _("Set-up"),
            _("How is this box to be configured?"),
            (
                Option("set-up", _("answer questions here")),
                Option("stick", _("by the file preseed.toml on a USB stick with the label HOTSPARE")),
                *install,
                Option("reboot", _("reboot")),
                Option("power-off", _("power off")),
            ),
            _("The stick can be plugged in now. Its file can hold everything that is asked here."),
            "set-up",
        )
        if start == "set-up":
            return False
        if start == COMMAND:
            yield from install_to_disk(_)
            continue
        if start == "stick":
            done = yield Act(ReadStick(), _("Looking for the stick ..."), final=True)
            if not isinstance(done, Failed):
                yield Show((_("The box is configured by the stick."),))
                return True
            yield Show(tuple(f"! {reason}" for reason in done.reasons))
            continue
        yield from _switch_off(_, start)


def _cannot_begin(_: Translate, problems: tuple[str, ...]) -> Flow[None]:
    """The box keeps what it has: neither its administrator nor its configuration is made anew."""
    yield Show(tuple(f"! {problem}" for problem in problems), _("Problems"))
    how = yield Choose(
        "unreadable",
        _("The data cannot be read"),
        _("Nothing can be set up while the data partition cannot be used."),
        (Option("reboot", _("reboot")), Option("power-off", _("power off"))),
        _(
            "The box may be configured, and starts with what it has when the disk can be read again. If it "
            "never can, flash the box anew, or replace it."
        ),
        "reboot",
    )
    yield from _switch_off(_, how)


def _switch_off(_: Translate, how: str) -> Flow[None]:
    command = ("systemctl", "reboot" if how == "reboot" else "poweroff")
    done = yield Act(Run(command), _("As you wish ..."))
    if isinstance(done, Failed):
        yield Show(done.reasons)


def _purpose(_: Translate, pair_possible: bool) -> Flow[Purpose]:
    options = [Option(Purpose.ALONE, _("stand alone"))]
    if pair_possible:
        options += [
            Option(Purpose.CREATE, _("create a cluster: this box is the master, with the configuration")),
            Option(Purpose.JOIN, _("join a cluster: this box is the spare, and pulls the configuration")),
        ]
    purpose = yield Choose(
        "purpose",
        _("What is this box to be?"),
        _("One box alone, or one of a pair?")
        if pair_possible
        else _("With a single network card it can only stand alone: a pair needs one for the hotwire."),
        tuple(options),
        _(
            "Set up the master first. A spare that joins never overwrites the master: it can only take. A "
            "box that stands alone can join or create a cluster later."
        ),
        "" if pair_possible else Purpose.ALONE,
    )
    return Purpose(purpose)


def _write(_: Translate, draft: Draft, purpose: Purpose) -> Flow[None]:
    """Shows the summary, then takes the only step that changes anything."""
    while True:
        yield Show(tuple(summary(_, draft.raw, purpose)), _("Summary"))
        mistakes = draft.mistakes()
        if mistakes:
            yield Show(tuple(f"! {mistake}" for mistake in mistakes), _("This cannot be written"))
            yield Choose(
                "repair",
                _("Summary"),
                _("Go back with < and correct it."),
                (Option("again", _("show the summary again")),),
                _("Nothing is written before everything is right."),
            )
            continue
        yield Choose(
            "write",
            _("Summary"),
            _("Write this configuration and begin to work with it? < goes back, ! stops."),
            (Option("yes", _("yes, write it")),),
            _("Until now nothing was changed. From here on there is no way back by <."),
        )
        done = yield Act(Store(draft.raw), _("Writing ..."), final=True)
        if not isinstance(done, Failed):
            yield Show((_("Written."), *(f"! {problem}" for problem in done)))
            return
        yield Show(tuple(f"! {reason}" for reason in done.reasons), _("It was not written"))


def summary(_: Translate, raw: dict[str, Any], purpose: Purpose) -> Iterator[str]:
    """All answers, without secrets."""
    node, admin = raw["node"], raw["admin"]
    ways = [_("password")] if "password_hash" in admin else []
    ways += [_("SSH key")] if "ssh_keys" in admin else []
    yield _("host name: {name}").format(name=node["name"])
    yield _("administrator: admin, by {ways}").format(ways=" + ".join(ways))
    yield _("time zone: {zone}, language: {language}").format(
        zone=node["time_zone"], language=LANGUAGES[node["language"]]
    )
    for name, port in node["ports"].items():
        addresses = "DHCP" if port.get("dhcp") else ", ".join(port.get("addresses", ()))
        if name == HOTWIRE:
            addresses = _("the cable to the other box")
        place = addresses or _("no own address")
        yield f"{name}: {port['mac']}, {place}"
    yield from reach_lines(_, {**raw.get("cluster", {}), **node})
    match purpose:
        case Purpose.ALONE:
            yield _("it stands alone")
        case Purpose.JOIN:
            yield _("then it joins the cluster of the other box, and pulls the rest")
        case Purpose.CREATE:
            yield from cluster_lines(_, raw["cluster"])
            yield _("the cluster is activated when the boxes are paired")


def pair_and_activate(_: Translate) -> Flow[None]:
    """Pairs before it activates: no cluster is activated before the boxes hold each other's keys."""
    choice = yield Choose(
        "pair",
        _("Pairing"),
        _("Pair the boxes now? The spare must be on, at 'join a cluster', with the hotwire plugged in."),
        (Option("now", _("now: show the code")), Option("later", _("later: in `hactl menu`"))),
        _(
            "This box shows a code of six digits, which is typed on the other one. Then they hold each "
            "other's keys, and the cluster is activated."
        ),
        "now",
    )
    if choice == "later" or not (yield from pair(_, "show")):
        yield Show((_("The cluster stays off until the boxes are paired: see `hactl menu`."),))
        return
    done = yield Act(Activate(), _("Activating the cluster ..."), final=True)
    if isinstance(done, Failed):
        yield Show(done.reasons)
        return
    choice = yield Choose(
        "check",
        _("Test"),
        _("Test the way out now, through both boxes? It waits for the spare."),
        (Option("now", _("now")), Option("later", _("later: `sudo hactl check`"))),
        _(
            "It pings the gateway and the name servers, looks up a name, and asks the spare to do the same. "
            "Whatever it finds, the configuration stays."
        ),
        "now",
    )
    if choice == "now":
        yield Act(Hactl(("check", "--wait", "90"), root=True), final=True)


def _end(_: Translate, name: str) -> Flow[None]:
    yield Show(
        (
            _("{name} is configured.").format(name=name),
            _("Log in as admin. `hactl menu` is this menu, `hactl status` says how the box is."),
        ),
        _("Done"),
    )
