"""What the node remembers over restarts: maintenance, who is preferred, whether it is suspended."""

from dataclasses import replace
from pathlib import Path

from hadaemon.cluster import Memory
from hadaemon.daemon.background import Background
from hadaemon.errors import HadaemonError
from hadaemon.io.store.memory_file import MemoryFile


class Remembered:
    """On the disk in the background."""

    def __init__(self, folder: Path, background: Background) -> None:
        """Damaged: nothing, which is a problem until something is stored."""
        self._file = MemoryFile(folder)
        self._background = background
        try:
            self.memory = self._file.load()
        except HadaemonError as error:
            background.failed("memory", str(error))
            self.memory = Memory()

    def remember(self, memory: Memory) -> None:
        """From now on."""
        self.memory = memory
        self._background.do("memory", lambda: self._file.store(self.memory))

    def prefer(self, preferred: bool) -> None:
        """As if the last planned switch had made things so: until the next `hactl switch`."""
        if self.memory.preferred is None:
            self.remember(replace(self.memory, preferred=preferred, epoch=self.memory.epoch + 1))
