"""Epochs and marks of signed advertisements across restarts.

Each life of the node signs with an epoch greater than all before. It follows from the last stored one; the
time of day is only a floor, so that a box that lost its disk is believed again. Clocks that differ, jump or
stand still do no harm as long as the file is there.
"""

import logging
import time
from collections.abc import Callable

from hadaemon.errors import HadaemonError
from hadaemon.io.sequence_file import SequenceFile
from hadaemon.vrrp import MAX_EPOCH, Epoch, Marks, Signatures, Signer

log = logging.getLogger(__name__)

_BLOCK = 256
"""Epochs that are reserved with one write: a reload of the configuration has to wait for no disk."""

_PERIOD = 60.0
"""Seconds between two writes of marks: a peer with a clock in its sequence changes its epoch each second."""


class Sequences:
    """Loaded when the first session needs it."""

    def __init__(self, file: SequenceFile, do: Callable[[str, Callable[[], None]], None]) -> None:
        """`do` takes work for the background, by its kind."""
        self._file = file
        self._do = do
        self._next: Epoch | None = None
        self._signer: Signer | None = None
        self._reserved = Epoch(0)
        """Every epoch below is covered by the file."""
        self._marks: Marks = ()
        self._stored_at = -_PERIOD

    def heard(self) -> Marks:
        """Up to now."""
        if self._next is None:
            self._next = self._load()
        return self._marks

    def signer(self, signatures: Signatures) -> Signer:
        """For one more session, with an epoch that was never used."""
        if self._next is None:
            self._next = self._load()
        # In a long life the sequence may have run into the epochs that follow.
        epoch = self._next if self._signer is None else max(self._next, Epoch(self._signer.epoch + 1))
        self._next = Epoch(epoch % MAX_EPOCH + 1)
        if epoch >= self._reserved or self._next < epoch:
            self._reserve()
        self._signer = Signer(signatures, epoch)
        return self._signer

    def note(self, marks: Marks, now: float, last: bool = False) -> None:
        """What has been heard: kept, and stored when a sender is new or began a new life, or at the end."""
        old, self._marks = self._marks, marks
        if last or (now - self._stored_at >= _PERIOD and _lives(old) != _lives(marks)):
            self._stored_at = now
            reserved = self._reserved
            self._do("sequences", lambda: self._file.store(reserved, marks))

    def _load(self) -> Epoch:
        floor = Epoch(int(time.time()) % MAX_EPOCH or 1)
        try:
            stored, self._marks = self._file.load()
        except HadaemonError as error:
            log.error("%s", error)
            return floor
        return max(stored, floor)

    def _reserve(self) -> None:
        """Before the first packet of an epoch goes out: this waits for the disk."""
        assert self._next is not None
        self._reserved = Epoch(min(self._next + _BLOCK, MAX_EPOCH))
        try:
            self._file.store(self._reserved, self._marks)
        except HadaemonError as error:
            log.error("%s: after a restart the other node may take our advertisements for old ones", error)


def _lives(marks: Marks) -> set[tuple[object, int]]:
    """Which epoch of which sender."""
    return {(sender, sequence >> 32) for sender, sequence in marks}
