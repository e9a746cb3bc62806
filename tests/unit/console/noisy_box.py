"""A flow of the menu on a real terminal, whose box only remembers. Run as a script.

Arguments: a folder, into which goes what was done; the question (of `QUESTIONS`) to which the flow leads.
"""

import sys
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from firmware.screens.box import Box
from hadaemon.console.talk import Stopped, talk
from hadaemon.console.terminal import Line, steady
from hadaemon.console.translations import ORIGINAL
from hadaemon.menu import actions
from tests.unit.console.talking import TRANSLATIONS
from tests.unit.menu.test_wrong_answers import DEEDS, QUESTIONS

DONE = "done"
LOOKING = (actions.ReadCards, actions.Blink, actions.Detect, actions.HashPassword, actions.NewKey)
"""Done again by whoever goes back and comes again; it changes nothing."""


def run(folder: Path, key: str) -> None:
    """From the first question to the end of the flow."""
    way = QUESTIONS[key][0]
    box, terminal = Box(**DEEDS | deepcopy(dict(way.results))), Line()
    with steady(), suppress(EOFError, Stopped):
        talk(way.begin, terminal, box, TRANSLATIONS, ORIGINAL)
    deeds = [f"{each!r} {getattr(each, 'raw', '')}" for each in box.done if not isinstance(each, LOOKING)]
    folder.mkdir()
    (folder / DONE).write_text("\n".join(deeds))


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2])
