"""The sessions that the manual shows: what is typed at which question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from firmware.screens.session import Pace, record, screen_of

MASTER: Mapping[str, tuple[str, ...]] = {
    "language": ("1",),
    "password": ("correct horse",),
    "password-again": ("correct horse",),
    "hostname": ("fw-a",),
    "time-zone": ("berlin",),
    "purpose": ("2",),
    "addresses-lan": ("192.168.12.300/24", "192.168.12.141/24"),
    "addresses-wan": ("192.168.175.102/24",),
    "virtual-lan": ("?", "192.168.12.1/24"),
    "virtual-wan": ("192.168.175.101/24",),
    "gateway": ("192.168.175.1",),
    "ssh": ("lan",),
    "write": ("1",),
    "pair": ("1",),
}
SPARE: Mapping[str, tuple[str, ...]] = {
    **MASTER,
    "purpose": ("3",),
    "hostname": ("fw-b",),
    "code": ("123 456",),
    "card-lan": ("1",),
    "card-wan": ("1",),
    "addresses-lan": ("192.168.12.142/24",),
    "addresses-wan": ("192.168.175.103/24",),
}
WRONG: Mapping[str, tuple[str, ...]] = {
    **MASTER,
    "purpose": ("1",),
    "hostname": ("Fire Wall", "fw-a"),
    "password": ("short", "correct horse"),
}
LATER = {"menu": ("leave",)}
REFUSED = {"menu": ("leave",)}


@dataclass(frozen=True, slots=True)
class Sessions:
    """Each is run once, and many blocks are cut out of it."""

    master: str
    spare: str
    wrong: str
    later: str
    refused: str


def run_sessions() -> Sessions:
    """All of them."""
    return Sessions(
        screen_of(record("setup", MASTER)),
        screen_of(record("setup", SPARE)),
        screen_of(record("setup", WRONG)),
        screen_of(record("menu", LATER)),
        screen_of(record("refused", REFUSED)),
    )


def question(screen: str, key: str, heading: str = "\n-- ") -> str:
    """One question with its heading, and what was answered; with what was said to a wrong answer."""
    end = screen.rindex(f"\n{key} ")
    first = screen.index(f"\n{key} ")
    end = screen.find("\n", end + 1)
    begin = screen.rindex(heading, 0, first)
    return screen[begin:end].strip("\n") + "\n"


def between(screen: str, first: str, last: str) -> str:
    """From a heading to before another one."""
    begin = screen.index(f"-- {first} ")
    return screen[begin : screen.index(f"-- {last} ", begin)].strip("\n") + "\n"


def after(screen: str, heading: str) -> str:
    """From a heading on."""
    return screen[screen.index(f"-- {heading} ") :]


BLOCKS: Mapping[str, Callable[[Sessions], str]] = {
    "master": lambda run: run.master,
    "spare": lambda run: after(run.spare, "Pairing"),
    "language": lambda run: question(run.master, "language", "-- Hotspare"),
    "password": lambda run: question(run.wrong, "password"),
    "cards": lambda run: between(run.master, "The network cards of this box", "What is this box to be?"),
    "purpose-master": lambda run: question(run.master, "purpose"),
    "purpose-spare": lambda run: question(run.spare, "purpose"),
    "hotwire": lambda run: between(run.master, "The hotwire", "Name of enp1s0"),
    "addresses": lambda run: question(run.master, "addresses-lan"),
    "virtual": lambda run: question(run.master, "virtual-wan"),
    "summary": lambda run: between(run.master, "Summary", "Pairing"),
    "pair-master": lambda run: after(run.master, "Pairing"),
    "pair-spare": lambda run: between(run.spare, "Pairing", "Port lan of cluster office"),
    "card": lambda run: question(run.spare, "card-lan"),
    "spare-end": lambda run: after(run.spare, "The card of wan"),
    "menu": lambda run: run.later,
    "refused": lambda run: run.refused,
}
"""By the name that the pages mark them with."""


def paced() -> Pace:
    """A person who has the answers beside the keyboard."""
    return Pace(reading=0.9, key=0.07)
