"""A box that only remembers what it is told, and the real programs of the console on it: a script.

It is a process of its own, and so the one file here that loads the daemon's package. Arguments: a folder that
is the box's root, and `setup`, `menu` or `refused`. What was stored is in `stored.json` there.
"""

import json
import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hadaemon.cli.pair import ASKS, code_lines, paired_line
from hadaemon.config import check_preseed
from hadaemon.console import main as programs
from hadaemon.console.standing import standing_of
from hadaemon.console.terminal import interruptible
from hadaemon.menu import actions
from hadaemon.menu.first_boot import Facts
from hadaemon.menu.later import Standing
from hadaemon.menu.steps import Failed
from hadaemon.pairing.wire import SHOWN
from hadaemon.setup.good import keep_good
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.state import make_state_folder, store_preseed
from hadaemon.state.configuration import Configuration, load_configuration

FACTS = Facts("1.0", "fw-480a01", ("UTC", "Europe/Berlin", "Europe/Paris", "America/New_York"))
CARDS = tuple(
    actions.Card(f"enp{number}s0", f"52:54:00:48:0a:0{number}", "virtio_net", True, 1000)
    for number in (1, 2, 3)
)
DETECTED = actions.Detected(CARDS[2].mac, ("the hotwire is enp3s0",))
PEER = actions.PeerConfiguration(
    "office",
    "alpha",
    (actions.PeerPort("lan", ("192.168.12.1/24",)), actions.PeerPort("wan", ("192.168.175.101/24",))),
    {
        "name": "office",
        "master": "alpha",
        "hotwire": {"port": "hotwire"},
        "ha_interfaces": [
            {"port": "lan", "virtual_addresses": ["192.168.12.1/24"]},
            {"port": "wan", "virtual_addresses": ["192.168.175.101/24"]},
        ],
        "routes": [{"destination": "default", "gateway": "192.168.175.1"}],
    },
    reach=True,
)
DISKS = (
    actions.Disk("/dev/sda", "Ultra Fit, 32.0 GB, usb", "the box runs from it"),
    actions.Disk("/dev/nvme0n1", "SN530, 256.0 GB, nvme", ""),
)
HASH = f"$6$salt${'x' * 86}"
KEY = "hex:" + "ab" * 32
RESULTS: Mapping[type, object] = {
    actions.ReadCards: CARDS,
    actions.Blink: (),
    actions.Detect: DETECTED,
    actions.HashPassword: HASH,
    actions.NewKey: KEY,
    actions.Store: (),
    actions.ReadStick: Failed(("there is no stick",)),
    actions.ReadDisks: DISKS,
    actions.Hactl: (),
    actions.Activate: (),
    actions.ReadPeer: PEER,
    actions.Pull: ("beta: BACKUP: an active node is heard",),
    actions.Run: (),
}

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


class Box:
    """Does what it is told, and remembers it."""

    def __init__(self, **results: object) -> None:
        self.done: list[object] = []
        self._results = {kind.__name__: result for kind, result in RESULTS.items()} | results

    def __call__(self, action: object) -> object:
        self.done.append(deepcopy(action))  # The flow goes on with what is in it.
        result = self._results[type(action).__name__]
        return result.pop(0) if isinstance(result, list) else result

    def stored(self) -> list[dict[str, Any]]:
        return [action.raw for action in self.done if isinstance(action, actions.Store)]


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


def named_as_on_a_box(places: Places, configuration: Configuration) -> Standing:
    """The files have their real names, whatever the folder."""
    standing = standing_of(places, configuration)
    problems = tuple(problem.removeprefix(str(places.root)) for problem in standing.problems)
    return replace(standing, problems=problems)


def run(root: Path, program: str) -> int:
    """One of the programs, until its end."""
    places = Places(root)
    box = Folder(places)
    places.run.mkdir(parents=True, exist_ok=True)
    with patch.multiple(
        programs,
        Places=lambda: places,
        Performer=lambda _places, _owners: box,
        facts_of=lambda _places: FACTS,
        release_consoles=lambda _own: None,
        system_owners=Owners,
        standing_of=named_as_on_a_box,
    ):
        return _run(program, places, box)


def _run(program: str, places: Places, box: Folder) -> int:
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
