"""The menu of a box that is configured: the commands of `hactl`, found without knowing their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hadaemon.config import values
from hadaemon.menu.actions import AsRoot, Hactl, Run
from hadaemon.menu.steps import Act, Ask, Choose, Failed, Flow, Option, Pause, Show, Translate

LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Standing:
    """The present state of the box."""

    name: str
    condition: str
    """As `hactl status --json` has it: cluster, stand-alone, refused."""
    problems: tuple[str, ...] = ()
    """Why the configuration is refused."""
    good: bool = False
    """There is an older configuration that was accepted."""
    ha_ports: tuple[str, ...] = ()
    commands: frozenset[str] = frozenset()
    """The commands that this version of `hactl` has."""
    installable: bool = False
    """There is another disk on which the running system could be installed."""
    verdict: str = ""
    """On the pair, as `hactl status` has it; empty: it has none, or nobody answers."""
    examples: tuple[tuple[str, str], ...] = ()
    """Ready configurations: their names, and what each is."""


Entry: TypeAlias = Callable[[], Flow[None]]


def later(_: Translate, standing: Standing) -> Flow[bool]:
    """One round; False: the person leaves."""
    if standing.condition == "refused":
        yield Show(
            tuple(f"! {problem}" for problem in standing.problems),
            _("The configuration of this box is wrong, and it takes part in nothing"),
        )
    if standing.verdict:
        yield Show((standing.verdict,))
    entries = _entries(_, standing)
    choice = yield Choose(
        "menu",
        standing.name,
        _("What do you want to do? The command that does the same is in (brackets)."),
        (
            *(Option(word, label) for word, (label, _run) in entries.items()),
            Option(LEAVE, _("leave the menu")),
        ),
        _("Each entry asks before it changes anything. `hactl --help` lists all commands with examples."),
        "last-good" if "last-good" in entries else "status",
    )
    if choice == LEAVE:
        return False
    yield from entries[choice][1]()
    yield Pause()
    return True


def _entries(_: Translate, standing: Standing) -> Mapping[str, tuple[str, Entry]]:
    """The entries by word, in their order: only what this box can do."""
    in_cluster = standing.condition == "cluster"
    alone = standing.condition == "stand-alone"
    entries: dict[str, tuple[str, Entry]] = {}

    def add(word: str, label: str, run: Entry, possible: bool = True) -> None:
        if possible:
            entries[word] = (label, run)

    def command(*arguments: str, root: bool = False) -> Entry:
        return lambda: _hactl(arguments, root)

    add("last-good", _("take the last good configuration"), lambda: _as_root("last-good"), standing.good)
    add("status", _("status (hactl status)"), command("status"))
    add("alarms", _("alarms (hactl alarms)"), command("alarms"))
    add("switch", _("switch to the other box (hactl switch)"), lambda: _switch(_), in_cluster)
    add("maintenance", _("maintenance (hactl maintenance)"), lambda: _maintenance(_), in_cluster)
    add("synchronize", _("synchronize the boxes (hactl config sync)"), lambda: _synchronize(_), in_cluster)
    add("addresses", _("virtual addresses of the pair"), lambda: _as_root("virtual"), in_cluster)
    add("firewall", _("firewall: rules and port forwards"), lambda: _firewall(_, standing), in_cluster)
    edit = command("config", "edit", root=True)
    add("edit", _("edit the configuration, checked (hactl config edit)"), edit, in_cluster)
    add("backup", _("backup of this box into a file (hactl backup)"), lambda: _backup(_))
    add(
        "firmware",
        _("firmware (hactl firmware)"),
        lambda: _firmware(_, in_cluster),
        "firmware" in standing.commands,
    )
    add("create", _("create a cluster: this box becomes the master"), lambda: _as_root("create"), alone)
    add("join", _("join the cluster of the other box as its spare"), lambda: _as_root("join"), alone)
    add("keys", _("keys and pairing (hactl key, hactl pair)"), lambda: _keys(_))
    add("network", _("network: cards and own addresses"), lambda: _network(_, in_cluster))
    add("password", _("the administrator's password and SSH key"), lambda: _as_root("password"))
    add("diagnostics", _("diagnostics: ping, capture, history"), lambda: _diagnostics(_, standing))
    add("support", _("support bundle, without secrets (hactl support)"), command("support", root=True))
    leave = command("config", "reset", root=True)
    add("leave-cluster", _("leave the cluster (hactl config reset)"), leave, in_cluster)
    label = _("install on the internal disk (hactl install-to-disk)")
    add("install-to-disk", label, lambda: _as_root("install-to-disk"), standing.installable)
    add("factory-reset", _("factory reset: forget everything"), lambda: _as_root("factory-reset"))
    add("shell", _("shell"), lambda: _run("/bin/bash"))
    add("reboot", _("reboot"), lambda: _power(_, "reboot"))
    add("power-off", _("power off"), lambda: _power(_, "poweroff"))
    return entries


def _hactl(arguments: tuple[str, ...], root: bool = False) -> Flow[None]:
    yield Show(())
    done = yield Act(Hactl(arguments, root))
    yield from _show_failure(done)


def _as_root(flow: str) -> Flow[None]:
    yield from _show_failure((yield Act(AsRoot(flow))))


def _run(*command: str) -> Flow[None]:
    yield from _show_failure((yield Act(Run(command))))


def _show_failure(done: object) -> Flow[None]:
    if isinstance(done, Failed) and done.reasons:
        yield Show(tuple(f"! {reason}" for reason in done.reasons))


def _switch(_: Translate) -> Flow[None]:
    choice = yield Choose(
        "switch",
        _("Switch"),
        _("The other box becomes active; on a box in backup: this one. Connections stay."),
        (
            Option("yes", _("switch now")),
            Option("force", _("switch even if the other box is not known to be ready")),
            Option("no", _("do not switch")),
        ),
        _("The boxes remember a switch: the one that handed over does not take over again by itself."),
        "no",
    )
    if choice != "no":
        yield from _hactl(("switch", "--force") if choice == "force" else ("switch",))


def _maintenance(_: Translate) -> Flow[None]:
    choice = yield Choose(
        "maintenance",
        _("Maintenance"),
        _("In maintenance this box takes part in nothing, also after a reboot."),
        (
            Option("on", _("begin: an active box hands over first")),
            Option("off", _("end")),
            Option("deactivate", _("both boxes: deactivate the cluster (hactl config deactivate)")),
            Option("activate", _("both boxes: activate the cluster (hactl config activate)")),
            Option("no", _("leave it as it is")),
        ),
        _(
            "If nobody can take over, it does not begin. In a cluster that is deactivated no box answers for "
            "the virtual addresses: you are asked first."
        ),
        "no",
    )
    if choice in ("activate", "deactivate"):
        yield from _hactl(("config", str(choice)), root=True)
    elif choice != "no":
        yield from _hactl(("maintenance", str(choice)))


def _synchronize(_: Translate) -> Flow[None]:
    choice = yield Choose(
        "synchronize",
        _("Synchronize"),
        _("Which configuration is to count on both boxes? What differs is shown before anything changes."),
        (
            Option("diff", _("only show what differs")),
            Option("to-peer", _("this box's: it goes to the other one")),
            Option("from-peer", _("the other box's: it comes here")),
            Option("history", _("show the configurations that this box has had")),
            Option("rollback", _("take the one before the present one again")),
        ),
        _("Own addresses, passwords and keys are each box's own, and are never synchronized."),
        "diff",
    )
    commands = {
        "diff": ("config", "diff", "--peer"),
        "history": ("config", "history"),
        "rollback": ("config", "rollback"),
    }
    yield from _hactl(commands.get(choice, ("config", "sync", f"--{choice}")), root=True)


def _firmware(_: Translate, in_cluster: bool) -> Flow[None]:
    both = Option("upgrade", _("upgrade both boxes, the spare first"))
    same = Option("sync", _("take the firmware that the other box runs"))
    upgrade = (both, same) if in_cluster else ()
    choice = yield Choose(
        "firmware",
        _("Firmware"),
        _("The firmware of this box: it has two places for it, and one of them runs."),
        (
            Option("status", _("show both places")),
            *upgrade,
            Option("install", _("install an update bundle into the other place")),
            Option("rollback", _("go back to what was before")),
        ),
        _(
            "Firmware that does not come up healthy is given up automatically: the box boots what it had "
            "before."
        ),
        "status",
    )
    if choice in ("install", "upgrade"):
        source = yield Ask(
            "bundle",
            _("Firmware"),
            _("Where is the signed update bundle?"),
            str,
            _("a file or an address, e.g. /data/home/admin/hotspare.raucb or https://..."),
            _("Only a bundle with a valid signature for this kind of box is installed."),
        )
        yield from _hactl(("firmware", str(choice), "--", str(source)), root=True)
    else:
        yield from _hactl(("firmware", str(choice)), root=True)


def _examples(_: Translate, standing: Standing) -> Flow[None]:
    name = yield Choose(
        "example",
        _("Ready configurations"),
        _("Which one is shown? Its comments say what it is for."),
        tuple(Option(name, about) for name, about in standing.examples),
        _("What fits is copied by hand: edit the configuration."),
        standing.examples[0][0],
    )
    yield from _hactl(("config", "example", str(name)))


def _firewall(_: Translate, standing: Standing) -> Flow[None]:
    examples = [Option("examples", _("look at ready configurations (hactl config example)"))]
    choice = yield Choose(
        "firewall",
        _("Firewall"),
        _("What no rule allows is dropped, to the boxes as through them."),
        (
            Option("forward", _("a port forward: from outside to a host inside")),
            Option("rule", _("allow something")),
            Option("show", _("show the configuration (hactl config show)")),
            *(examples if standing.examples else ()),
        ),
        _("To change or remove a rule, edit the configuration: cluster.toml has all of them."),
        "forward",
    )
    if choice == "show":
        yield from _hactl(("config", "show"), root=True)
    elif choice == "examples":
        yield from _examples(_, standing)
    else:
        yield from _as_root(str(choice))


def _backup(_: Translate) -> Flow[None]:
    file = yield Ask(
        "backup-file",
        _("Backup"),
        _("Into which file? It is sealed with a passphrase, which is asked next."),
        _file,
        _("the path of a file that is not there yet, e.g. /data/home/admin/fw-a.backup"),
        _("Fetch it from there with scp. Back again with `hactl backup restore`."),
    )
    yield from _hactl(("backup", "create", "--", str(file)), root=True)


def _file(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!a}: write the whole path, beginning with /")
    return text


def _keys(_: Translate) -> Flow[None]:
    choice = yield Choose(
        "keys",
        _("Keys and pairing"),
        _("The boxes know each other by keys, which pairing exchanges over the hotwire."),
        (
            Option("show", _("show the keys, with words to compare by telephone")),
            Option("pair-show", _("pair: show a code here")),
            Option("pair-enter", _("pair: type the code of the other box here")),
            Option("revoke", _("trust the other box's key no longer")),
        ),
        _("A cluster is activated after pairing, under maintenance. After replacing a box, pair again."),
        "show",
    )
    commands = {"pair-show": ("pair", "show"), "pair-enter": ("pair", "enter")}
    yield from _hactl(commands.get(choice, ("key", choice)), root=True)


def _network(_: Translate, in_cluster: bool) -> Flow[None]:
    line = (Option("dial-in", _("a dial-in of the pair (PPPoE)")),) if in_cluster else ()
    choice = yield Choose(
        "network",
        _("Network"),
        _("The ports of this box."),
        (
            Option("ports", _("show ports, cards and addresses (hactl status --verbose)")),
            Option("addresses", _("change own addresses")),
            Option("reach", _("change gateway, name servers, time servers, or where SSH is possible")),
            Option("vlan", _("a port within a VLAN")),
            *line,
            Option("hotwire", _("find the hotwire's cable (hactl hotwire detect)")),
        ),
        _("Own addresses are in node.toml, virtual ones in cluster.toml: see `hactl config apply`."),
        "ports",
    )
    match choice:
        case "ports":
            yield from _hactl(("status", "--verbose"))
        case "addresses":
            yield from _as_root("network")
        case "reach" | "vlan" | "dial-in":
            yield from _as_root(str(choice))
        case _:
            yield from _hactl(("hotwire", "detect"))


def _diagnostics(_: Translate, standing: Standing) -> Flow[None]:
    options = [Option("ping", _("ping an address")), Option("history", _("every change of state"))]
    if "capture" in standing.commands and standing.ha_ports:
        options.append(Option("capture", _("advertisements on an HA interface, decoded (hactl capture)")))
    options += [
        Option("check", _("check the configuration (hactl config check)")),
        Option("log", _("the log")),
    ]
    choice = yield Choose(
        "diagnostics",
        _("Diagnostics"),
        _("What do you want to look at?"),
        tuple(options),
        _("None of it changes anything."),
        "ping",
    )
    match choice:
        case "ping":
            address = yield Ask(
                "ping",
                _("Ping"),
                _("Which address?"),
                values.address,
                _("an address, e.g. 192.168.175.1"),
                _("Four packets are sent."),
            )
            yield from _run("ping", "-c", "4", str(address))
        case "capture":
            port = yield Choose(
                "capture",
                _("Capture"),
                _("On which port? It takes ten seconds; Ctrl-C ends it."),
                tuple(Option(port, port) for port in standing.ha_ports),
                _("The active box advertises, the backup only listens."),
                standing.ha_ports[0],
            )
            yield from _hactl(("capture", str(port), "--seconds", "10"), root=True)
        case "history":
            yield from _hactl(("history",))
        case "check":
            yield from _hactl(("config", "check"))
        case _:
            yield from _run("journalctl", "--no-pager", "--boot", "--lines=40", "--unit=hadaemon")


def _power(_: Translate, verb: str) -> Flow[None]:
    choice = yield Choose(
        verb,
        _("Reboot") if verb == "reboot" else _("Power off"),
        _("An active box hands over first."),
        (Option("yes", _("yes")), Option("no", _("no"))),
        _("In a pair the other box goes on."),
        "no",
    )
    if choice == "yes":
        yield from _run("sudo", "-n", "systemctl", verb)
