"""What both nodes compare of their configurations: this node's own."""

from pathlib import Path

from hadaemon.daemon.background import Background
from hadaemon.io.store.generations import Generations
from hadaemon.sync.head import Head


class OwnHead:
    """As it was when the files were read last."""

    def __init__(self, state: Path, background: Background) -> None:
        self._generations = Generations(state)
        self._background = background
        self._head = Head()

    def now(self) -> Head:
        """Empty until it was read for the first time."""
        return self._head

    def read_again(self) -> None:
        """The whole tree is read for it, which may have to wait for a disk."""
        self._background.do("generations", self._read)

    def _read(self) -> None:
        self._head = self._generations.head()
