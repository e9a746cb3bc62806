"""The programs: the menu in place of a login prompt, until the box is configured; and the later one."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from hadaemon.console.perform import Performer
from hadaemon.console.standing import standing_of
from hadaemon.console.store import release_consoles
from hadaemon.console.talk import Perform, Stopped, talk
from hadaemon.console.terminal import Line, Terminal, steady, wrapped
from hadaemon.console.translations import ORIGINAL, load_translations
from hadaemon.errors import HadaemonError
from hadaemon.io.kernel.links import LinkTable
from hadaemon.io.kernel.netlink import Netlink
from hadaemon.io.store.files import read_text
from hadaemon.language.speech import speak
from hadaemon.menu.changes import FLOWS
from hadaemon.menu.first_boot import Facts, first_boot
from hadaemon.menu.later import later
from hadaemon.menu.steps import Translate
from hadaemon.operations.install import InstallPlaces, can_install
from hadaemon.setup.places import Owners, Places, system_owners
from hadaemon.state.configuration import Configuration, load_configuration
from hadaemon.state.places import NODE_FILE
from hadaemon.state.release import running_release
from hadaemon.state.services_check import is_followable
from hadaemon.text.plain import plain
from hadaemon.text.safe import safe_output

_ZONES = "zone.tab"
"""Of the time zone database: country, place, name."""


def main() -> int:
    """The login program of a console while there is no node. However it ends, the console comes back.

    With the name of a flow: that one alone, for a box that is configured.
    """
    with safe_output():
        if len(sys.argv) == 2 and sys.argv[1] in FLOWS:
            return as_root(sys.argv[1])
        return first_menu()


def first_menu() -> int:
    """The menu of a box without a node."""
    os.environ.setdefault("USER", "root")  # For the history of the configuration.
    places = Places()
    terminal = Line()
    with steady():
        try:
            set_up_box(terminal, Performer(places, system_owners()), load_translations(), places)
        except EOFError:
            return 0
        finally:
            if configured(places):
                with suppress(HadaemonError):
                    release_consoles(os.ttyname(sys.stdin.fileno()).removeprefix("/dev/"))
    return 0


def as_root(flow: str) -> int:
    """One change of a box that is configured, for `hactl menu`, which is not root."""
    places = Places()
    terminal, translations = Line(), load_translations()
    language = _language(load_configuration(places.state))
    speak(language, serial=True)
    perform = Performer(places, system_owners())
    with steady():
        try:
            talk(lambda: FLOWS[flow](translations[language]), terminal, perform, translations, language)
        except (EOFError, Stopped, KeyboardInterrupt):
            _ = translations[language]
            terminal.write(plain(_("Stopped: nothing more is changed.")))
            return 1
    return 0


def menu() -> None:
    """The menu of a configured box, until the person leaves it."""
    places = Places()
    terminal, translations = Line(), load_translations()
    perform = Performer(places, Owners())
    with steady(), suppress(EOFError):
        while True:
            configuration = load_configuration(places.state)
            language = _language(configuration)
            speak(language, serial=True)
            standing = standing_of(places, configuration)
            try:
                if not talk(
                    lambda translate=translations[language], now=standing: later(translate, now),  # type: ignore[misc]
                    terminal,
                    perform,
                    translations,
                    language,
                ):
                    return
            except (Stopped, KeyboardInterrupt):
                continue


def _language(configuration: Configuration) -> str:
    return configuration.node.language if configuration.node is not None else ORIGINAL


def set_up_box(
    terminal: Terminal, perform: Perform, translations: Mapping[str, Translate], places: Places
) -> None:
    """Asks until the box is configured. Raises EOFError when the line is gone."""
    while not configured(places):
        facts = facts_of(places)
        stopped = guarded(
            lambda facts=facts: talk(
                lambda: first_boot(facts, translations), terminal, perform, translations, ORIGINAL
            ),  # type: ignore[misc]
            terminal,
        )
        if stopped and not configured(places):
            terminal.write("Stopped: nothing was changed. / Abgebrochen: nichts wurde veraendert.")


def guarded(run: Callable[[], object], terminal: Terminal) -> bool:
    """Whether it was stopped. A console is never lost to a mistake of ours."""
    try:
        run()
    except (Stopped, KeyboardInterrupt):
        return True
    except (EOFError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 (the person at the console has nothing else)
        fault = f"{type(error).__name__}: {error}"
        for line in wrapped(f"! This is a fault of the menu, which begins anew ({fault})."):
            terminal.write(line)
        terminal.write("! Das ist ein Fehler des Menues. Es beginnt neu.")
        return True
    return False


def configured(places: Places) -> bool:
    """There is a node."""
    return (places.state / NODE_FILE).exists()


def facts_of(places: Places) -> Facts:
    """What is known before the first question."""
    problems: list[str] = []
    for file in (places.data_error, places.setup_problems):
        try:
            problems += (read_text(file) or "").splitlines()
        except HadaemonError as error:
            problems.append(str(error))
    return Facts(
        running_release().version or "",
        _suggested_name(),
        zones_of(places),
        tuple(problems),
        places.data_error.exists(),
        can_install(InstallPlaces()),
        is_followable,
    )


def zones_of(places: Places) -> tuple[str, ...]:
    """Every place's time zone, and UTC."""
    try:
        lines = (places.zones / _ZONES).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.split("\t")[2] for line in lines if line.count("\t") > 1 and not line.startswith("#"))
    return tuple(sorted({"UTC", *names}))


def _suggested_name() -> str:
    """From the first card's MAC address: no two boxes have the same."""
    try:
        netlink = Netlink()
    except HadaemonError:
        return ""
    try:
        macs = sorted(
            link.mac for link in LinkTable(netlink.list_all()).links() if link.mac and not link.kind
        )
    except HadaemonError:
        return ""
    finally:
        netlink.close()
    macs = [mac for mac in macs if mac != "00:00:00:00:00:00"]
    return f"fw-{macs[0].replace(':', '')[-6:]}" if macs else ""
