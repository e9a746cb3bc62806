"""A person at a terminal, and a box, as the tests of the menu have them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hadaemon.console.talk import talk
from hadaemon.console.translations import ORIGINAL, load_translations
from hadaemon.menu import actions
from hadaemon.menu.first_boot import Facts, first_boot
from hadaemon.menu.steps import Failed

TRANSLATIONS = load_translations()
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


class Person:
    """Types what is prepared: by the key of a question, one answer after the other; then hangs up."""

    def __init__(self, answers: Mapping[str, Iterable[str]] | Iterable[str]) -> None:
        by_key = isinstance(answers, Mapping)
        self._by_key = {key: list(texts) for key, texts in answers.items()} if by_key else None
        self._row = [] if by_key else list(answers)
        self.screen: list[str] = []
        self.asked: list[str] = []
        self.secrets: list[str] = []

    def write(self, line: str = "") -> None:
        self.screen.append(line)

    def read(self, prompt: str) -> str:
        self.screen.append(prompt)
        key = prompt.split()[0]
        self.asked.append(key)
        if self._by_key is not None:
            assert self.asked.count(key) < 9, f"no answer to {key} helps:\n{self.text[-1000:]}"
            answers = self._by_key.get(key)
            return answers.pop(0) if answers else ""
        if not self._row:
            raise EOFError
        answer = self._row.pop(0)
        if answer == "\x03":
            raise KeyboardInterrupt
        if answer == "\x04":
            raise EOFError
        return answer

    def read_secret(self, prompt: str) -> str:
        self.secrets.append(prompt)
        return self.read(prompt)

    @property
    def text(self) -> str:
        return "\n".join(self.screen)


class Box:
    """Does what it is told, and remembers it."""

    def __init__(self, **results: object) -> None:
        self.done: list[object] = []
        self._results = {kind.__name__: result for kind, result in RESULTS.items()} | results

    def __call__(self, action: object) -> object:
        self.done.append(action)
        result = self._results[type(action).__name__]
        return result.pop(0) if isinstance(result, list) else result

    def stored(self) -> list[dict[str, Any]]:
        return [action.raw for action in self.done if isinstance(action, actions.Store)]


def set_up(person: Person, box: Box, facts: Facts = FACTS) -> None:
    """The whole first set-up, until its end."""
    converse(lambda: first_boot(facts, TRANSLATIONS), person, box)


def converse(begin: Callable[[], Any], person: Person, box: Box) -> Any:
    """Any flow."""
    return talk(begin, person, box, TRANSLATIONS, ORIGINAL)
