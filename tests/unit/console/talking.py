"""A person at a terminal, and a box, as the tests of the menu have them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hadaemon.console.talk import talk
from hadaemon.console.voices import ORIGINAL, load_voices
from hadaemon.menu import deeds
from hadaemon.menu.first_boot import Facts, first_boot
from hadaemon.menu.steps import Failed

VOICES = load_voices()
FACTS = Facts("1.0", "fw-480a01", ("UTC", "Europe/Berlin", "Europe/Paris", "America/New_York"))
CARDS = tuple(
    deeds.Card(f"enp{number}s0", f"52:54:00:48:0a:0{number}", "virtio_net", True, 1000)
    for number in (1, 2, 3)
)
DETECTED = deeds.Detected(CARDS[2].mac, ("the hotwire is enp3s0",))
PEER = deeds.PeerConfiguration(
    "office",
    "alpha",
    (deeds.PeerPort("lan", ("192.168.12.1/24",)), deeds.PeerPort("wan", ("192.168.175.101/24",))),
)
DISKS = (
    deeds.Disk("/dev/sda", "Ultra Fit, 32.0 GB, usb", "the box runs from it"),
    deeds.Disk("/dev/nvme0n1", "SN530, 256.0 GB, nvme", ""),
)
HASH = f"$6$salt${'x' * 86}"
KEY = "hex:" + "ab" * 32
RESULTS: Mapping[type, object] = {
    deeds.ReadCards: CARDS,
    deeds.Blink: (),
    deeds.Detect: DETECTED,
    deeds.HashPassword: HASH,
    deeds.NewKey: KEY,
    deeds.Store: (),
    deeds.ReadStick: Failed(("there is no stick",)),
    deeds.ReadDisks: DISKS,
    deeds.Hactl: (),
    deeds.Activate: (),
    deeds.ReadPeer: PEER,
    deeds.Pull: ("beta: BACKUP: an active node is heard",),
    deeds.Run: (),
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

    def __call__(self, deed: object) -> object:
        self.done.append(deed)
        result = self._results[type(deed).__name__]
        return result.pop(0) if isinstance(result, list) else result

    def stored(self) -> list[dict[str, Any]]:
        return [deed.raw for deed in self.done if isinstance(deed, deeds.Store)]


def set_up(person: Person, box: Box, facts: Facts = FACTS) -> None:
    """The whole first set-up, until its end."""
    converse(lambda: first_boot(facts, VOICES), person, box)


def converse(begin: Callable[[], Any], person: Person, box: Box) -> Any:
    """Any flow."""
    return talk(begin, person, box, VOICES, ORIGINAL)
