"""What is wrong with a configuration: always all of it at once."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from hadaemon.errors import HadaemonError


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to repair: where it is and what to do."""

    file: str
    path: str
    """The key within the file, e.g. `ports.lan.mac` or `ha_interfaces[0].port`; empty: the whole file."""
    message: str
    others: tuple[str, ...] = ()
    """The keys of what it contradicts, as `path` is one; empty: nothing, or nothing that one key says."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.path, self.message) if part)


class ConfigError(HadaemonError):
    """A configuration cannot be used; `mistakes` has every reason."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """The known word that was probably meant, or all of them."""
    words = sorted(set(known))
    near = nearest(word, words)
    return f"did you mean {near}?" if near else f"{otherwise}: {', '.join(words)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like it; empty: none is."""
    words = sorted(set(known))
    near = difflib.get_close_matches(word, words, n=1) or [longer for longer in words if word in longer]
    return near[0] if near else ""
