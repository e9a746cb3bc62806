"""The first set-up on standard input and output, with a box that only remembers. Run as a script.

Argument: a file that gets what was stored, as JSON.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from talking import FACTS, VOICES, Box

from hadaemon.console.main import guarded
from hadaemon.console.talk import talk
from hadaemon.console.terminal import Line, steady
from hadaemon.console.voices import ORIGINAL
from hadaemon.menu.first_boot import first_boot

box = Box()
terminal = Line()
with steady():
    try:
        while not box.stored():
            guarded(
                lambda: talk(lambda: first_boot(FACTS, VOICES), terminal, box, VOICES, ORIGINAL), terminal
            )
            terminal.write("END")
    except EOFError:
        terminal.write("EOF")
Path(sys.argv[1]).write_text(json.dumps(box.stored()))
