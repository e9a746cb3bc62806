"""The real programs of the console on standard input and output, on a box that only remembers; a script.

Arguments: a folder that is the box's root, and `setup`, `menu` or `refused`. What was
stored is in `stored.json` there.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from talking import FACTS, HASH, Box

from hadaemon.cli.pair import ASKS, code_lines, paired_line
from hadaemon.config import check_preseed
from hadaemon.console import main as programs
from hadaemon.console.standing import standing_of
from hadaemon.console.terminal import interruptible
from hadaemon.menu import actions
from hadaemon.menu.later import Standing
from hadaemon.pairing.wire import SHOWN
from hadaemon.setup.good import keep_good
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.state import make_state_folder, store_preseed
from hadaemon.state.configuration import Configuration, load_configuration

WORDS = "acre-bird-coal-dawn"
NODE = {
    "schema": 1,
    "admin": {"password_hash": HASH},
    "node": {"name": "fw-a", "ports": {"lan": {"mac": "52:54:00:48:0a:01"}}},
}
CLUSTER = {
    "name": "office",
    "master": "fw-a",
    "ha_interfaces": [{"port": "lan", "virtual_addresses": ["192.168.12.1/24"]}],
}


class Folder(Box):
    """Keeps what is stored in files, so that the programs see it; the rest is only said."""

    def __init__(self, places: Places) -> None:
        super().__init__(AsRoot=(), Pull=("fw-b: BACKUP: an active node is heard",))
        self._places = places

    def __call__(self, action: object) -> object:
        if isinstance(action, actions.Store):
            self.store(action.raw)
            (self._places.root / "stored.json").write_text(json.dumps([*self.stored(), action.raw]))
        if isinstance(action, actions.Hactl):
            with interruptible(echo=True):
                self._command(action.arguments)
        return super().__call__(action)

    def _command(self, arguments: tuple[str, ...]) -> None:
        """Pairing speaks as it does; here it has nobody to pair with."""
        if arguments == ("pair", "show"):
            print("\n".join(code_lines("123456", SHOWN)))
            print(paired_line("fw-b", WORDS), flush=True)
        elif arguments == ("pair", "enter"):
            input(ASKS)
            print(paired_line("fw-a", WORDS), flush=True)
        else:
            print(f"[hactl {' '.join(arguments)}]", flush=True)

    def store(self, raw: dict[str, object]) -> None:
        make_state_folder(self._places, Owners())
        store_preseed(check_preseed(raw), self._places, Owners())


def named_as_on_a_box(places: Places) -> tuple[Standing, Configuration]:
    """The files have their real names, whatever the folder."""
    standing, configuration = standing_of(places)
    problems = tuple(problem.removeprefix(str(places.root)) for problem in standing.problems)
    return replace(standing, problems=problems), configuration


def run(root: Path, program: str) -> int:
    """One of the programs, until its end."""
    places = Places(root)
    box = Folder(places)
    places.run.mkdir(parents=True, exist_ok=True)
    programs.Places = lambda: places  # type: ignore[misc, assignment]
    programs.Performer = lambda _places, _owners: box  # type: ignore[misc, assignment]
    programs.facts_of = lambda _places: FACTS
    programs.release_consoles = lambda _own: None
    programs.system_owners = Owners
    programs.standing_of = named_as_on_a_box
    if program == "setup":
        sys.argv = ["menu"]
        return programs.main()
    box.store({**NODE, "cluster": CLUSTER})
    if program == "refused":
        keep_good(load_configuration(places.state), places, Owners())
        file = places.state / "cluster.toml"
        file.write_text(file.read_text().replace('port = "lan"', 'port = "lann"'))
    programs.menu()
    return 0


if __name__ == "__main__":
    raise SystemExit(run(Path(sys.argv[1]), sys.argv[2]))
