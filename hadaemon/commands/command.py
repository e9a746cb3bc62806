"""What is declared of a command. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})*\.?", re.IGNORECASE)
Examples = tuple[tuple[str, str], ...]
"""Command lines, each with what it does, in the words of somebody who has that need."""


@dataclass(frozen=True, slots=True)
class PeerOption:
    """An option that the other node may give."""

    name: str
    value: Callable[[str], bool] | None = None
    """Whether a value is one of those that may follow it; None: it takes none."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or a group of commands."""

    path: str
    """E.g. `config apply`; empty: hactl itself."""
    summary: str
    examples: Examples
    loads: str = ""
    """What adds its arguments and says what runs, loaded when it is needed: a module of `hadaemon.cli`, a
    colon, a function. Empty: a group, which has nothing of its own."""
    text: str = ""
    """What `--help` says of it; empty: the summary."""
    json: str = ""
    """What `--help` says of its option `--json`; empty: it has none."""
    reads: bool = False
    """It only reads, and soon ends: the other node may have it run here (`hactl --peer`)."""
    peer: tuple[PeerOption, ...] = ()
    """Which options the other node may give, beside `--json`."""
    peer_words: Callable[[Sequence[str]], bool] | None = None
    """Whether it may give these words beside them; None: it may give none."""


def host(text: str) -> bool:
    """A name or an IPv4 address, and nothing that a program would take for an option."""
    return len(text) < 254 and _HOST.fullmatch(text) is not None


def number(text: str) -> bool:
    """Up to six digits."""
    return text.isascii() and text.isdecimal() and len(text) < 7
