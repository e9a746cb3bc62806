"""What a change of this node begins with, where things are and the lock, and ends with: an outcome."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hadaemon.io.programs import services
from hadaemon.io.store.pair_lock import locked
from hadaemon.operations.own_configuration import OwnConfiguration, now_text, user_name
from hadaemon.sync.holder import Holder


@dataclass(frozen=True, slots=True)
class NodePaths:
    """Where this node's things are."""

    state: Path
    run: Path
    control: Path
    """The daemon's control socket."""

    def configuration(self) -> OwnConfiguration:
        """What this node has, for whoever only reads or holds the lock."""
        return OwnConfiguration(self.state, self.control, services.start_guard)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change."""

    done: str
    """A sentence."""
    notes: tuple[str, ...] = ()
    """What the administrator should know beside it."""
    changed: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        """For a person."""
        return (self.done, *(f"  note: {note}" for note in self.notes))


@contextmanager
def changing(paths: NodePaths, command: str) -> Iterator[tuple[OwnConfiguration, Holder]]:
    """Holds this node's lock for a command, e.g. `config apply`. Raises LockedError, FileError."""
    here = paths.configuration()
    holder = Holder(user_name(), here.name, now_text(), f"hactl {command}")
    with locked(paths.run, here.name, holder):
        yield here, holder
