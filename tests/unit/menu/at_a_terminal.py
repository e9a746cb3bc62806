"""The real programs of the console on standard input and output, on a box that only remembers; a script.

Arguments: a folder that is the box's root, and `setup` or `menu`. What was stored is in `stored.json` there.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from talking import FACTS, HASH, Box

from hadaemon.config import check_preseed
from hadaemon.console import main as programs
from hadaemon.menu import deeds
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.state import make_state_folder, store_preseed

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
        super().__init__(AsRoot=())
        self._places = places

    def __call__(self, deed: object) -> object:
        if isinstance(deed, deeds.Store):
            self.store(deed.raw)
            (self._places.root / "stored.json").write_text(json.dumps([*self.stored(), deed.raw]))
        if isinstance(deed, deeds.Hactl):
            print(f"[hactl {' '.join(deed.arguments)}]", flush=True)
        return super().__call__(deed)

    def store(self, raw: dict[str, object]) -> None:
        make_state_folder(self._places, Owners())
        store_preseed(check_preseed(raw), self._places, Owners())


def run(root: Path, program: str) -> int:
    """One of the two programs, until its end."""
    places = Places(root)
    box = Folder(places)
    places.run.mkdir(parents=True, exist_ok=True)
    programs.Places = lambda: places  # type: ignore[misc, assignment]
    programs.Performer = lambda _places, _owners: box  # type: ignore[misc, assignment]
    programs.facts_of = lambda _places: FACTS
    programs.release_consoles = lambda _own: None
    programs.system_owners = Owners
    if program == "setup":
        sys.argv = ["menu"]
        return programs.main()
    box.store({**NODE, "cluster": CLUSTER})
    programs.menu()
    return 0


if __name__ == "__main__":
    raise SystemExit(run(Path(sys.argv[1]), sys.argv[2]))
