"""What the two boxes of a pair wait for from each other, while each is set up by a thread of its own."""

import threading
from collections.abc import Callable
from enum import IntEnum

from firmware.provision.errors import Interrupted, ProvisionError

_LOOK_SECONDS = 0.2


class Stage(IntEnum):
    """How far a box is; each implies the ones before."""

    FOUND = 1
    """It is at one of the ports, and is the right one."""
    SUMMARY = 2
    """Everything is answered, nothing is written yet."""
    WRITTEN = 3
    WAITS_FOR_CODE = 4
    DONE = 5


class Board:
    """Shared by all ports of a run."""

    def __init__(self, ports: int, stopped: Callable[[], bool]) -> None:
        """`ports`: how many boxes there may be."""
        self._unknown = ports
        self._stopped = stopped
        self._stages: dict[str, Stage] = {}
        self._failed: set[str] = set()
        self._codes: dict[str, str] = {}
        self._changed = threading.Condition()

    def found(self, name: str) -> None:
        """A port has the box of this name. Raises ProvisionError when another one has it too."""
        with self._changed:
            if name in self._stages:
                raise ProvisionError(f"{name} is at another port of this run already: nothing was written")
            self._unknown -= 1
            self._stages[name] = Stage.FOUND
            self._changed.notify_all()

    def reached(self, name: str, stage: Stage) -> None:
        """A box has come so far."""
        with self._changed:
            self._stages[name] = max(stage, self._stages[name])
            self._changed.notify_all()

    def failed(self, name: str) -> None:
        """A box goes no further; an empty name: a port at which none was found."""
        with self._changed:
            self._failed.add(name)
            self._unknown -= not name
            self._changed.notify_all()

    def show_code(self, master: str, code: str) -> None:
        """The code that a master shows just now."""
        with self._changed:
            self._codes[master] = code
            self._changed.notify_all()

    def shows_code(self, master: str) -> bool:
        """Whether it shows one that was not taken."""
        return master in self._codes

    def take_code(self, master: str) -> str:
        """Waits for it; each code is taken once. Raises ProvisionError, Interrupted."""
        self._wait(master, lambda: master in self._codes, "shows no pairing code")
        with self._changed:
            return self._codes.pop(master)

    def wait_for(self, name: str, stage: Stage) -> None:
        """Until the other box has come so far. Raises ProvisionError, Interrupted."""
        self._wait(name, lambda: self._stages.get(name, 0) >= stage, "is not set up")

    def stage(self, name: str) -> int:
        """How far it is; 0: it is not known."""
        return self._stages.get(name, 0)

    def _wait(self, name: str, holds: Callable[[], bool], else_: str) -> None:
        with self._changed:
            while not holds():
                if self._stopped():
                    raise Interrupted
                if name in self._failed:
                    raise ProvisionError(f"the other box of the pair, {name}, {else_}: see its own message")
                if self._stages.get(name) is Stage.DONE:
                    raise ProvisionError(f"the other box of the pair, {name}, is done and {else_}")
                if not self._unknown and name not in self._stages:
                    raise ProvisionError(
                        f"the other box of the pair, {name}, is at none of the ports",
                        todo="name its port with another --port",
                    )
                self._changed.wait(_LOOK_SECONDS)
