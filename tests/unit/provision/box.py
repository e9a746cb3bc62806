"""A box at the other end of a line: the real menu on a pseudo-terminal, whose actions are only remembered.

Run as a script. Arguments: a folder; the last digits of its cards' MAC addresses. It writes what was stored
into `stored-<digits>.json` of the folder; the two boxes of a pair pass the code through a file there, as the
hotwire would.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from firmware.lab.deadline import stretched
from firmware.screens.box import FACTS, Box
from hadaemon.console.main import guarded
from hadaemon.console.talk import talk
from hadaemon.console.terminal import Line, steady
from hadaemon.console.translations import ORIGINAL, load_translations
from hadaemon.menu import actions
from hadaemon.menu.first_boot import first_boot
from hadaemon.menu.steps import Failed

FOLDER, DIGITS = Path(sys.argv[1]), sys.argv[2]
CODE = "123 456"
LOST, SHOWN = FOLDER / "lost", FOLDER / "shown-again"
"""The last word of the first pairing is to be lost; the master shows a code again."""
TRANSLATIONS = load_translations()


class Appliance(Box):
    """A box with cards of its own, and a cable to the other one."""

    def __init__(self) -> None:
        cards = tuple(
            actions.Card(f"enp{number}s0", f"52:54:00:48:{DIGITS}:0{number}", "virtio_net", True, 1000)
            for number in (1, 2, 3)
        )
        pulled = ("beta: BACKUP: an active node is heard", "configuration: synchronized")
        super().__init__(ReadCards=cards, Pull=pulled)

    def __call__(self, action: object) -> object:
        done = super().__call__(action)
        if isinstance(action, actions.Hactl) and action.arguments[0] == "pair":
            return show() if action.arguments == ("pair", "show") else enter()
        if isinstance(action, actions.ReadPeer) and LOST.exists():
            wait_for(SHOWN)
            time.sleep(
                stretched(2.0)
            )  # As long as nobody answers, which is longer than a code is looked for.
            LOST.unlink()
            return Failed(("silent",))
        return done


def wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.02)


def show() -> object:
    """With LOST, the other box's last word of the first pairing does not arrive."""
    print(f"on the other node, type  {CODE}", flush=True)
    typed = FOLDER / "typed"
    if LOST.exists() and LOST.read_text() == "lost":
        typed.unlink()
        SHOWN.touch()
    wait_for(typed)
    if LOST.exists() and not SHOWN.exists():
        LOST.write_text("lost")
        return Failed(())
    return () if typed.read_text() == CODE else Failed(())


def enter() -> object:
    (FOLDER / "typed").write_text(input("the code that the other node shows: "))
    return ()


box, terminal = Appliance(), Line()
with steady():
    while not box.stored():
        guarded(
            lambda: talk(lambda: first_boot(FACTS, TRANSLATIONS), terminal, box, TRANSLATIONS, ORIGINAL),
            terminal,
        )
(FOLDER / f"stored-{DIGITS}.json").write_text(json.dumps(box.stored()))
while True:
    sys.stdout.write("\nfw login: ")
    sys.stdout.flush()
    if not sys.stdin.readline():
        break
