"""Epochs and marks of signed advertisements across restarts.

Each life of the node signs with an epoch greater than all before. It follows from the last stored one; the
time of day is only a floor, so that a box that lost its disk is believed again. Clocks that differ, jump or
stand still do no harm as long as the file is there.

What was heard of the others is kept in two places: to the packet in memory that outlives the daemon
(`MarkFile`), and one step ahead on the disk (`SequenceFile`, `hadaemon/vrrp/bounds.py`).

| what happens                | what is known then         | recordings that pass | a sender that goes on  |
| --------------------------- | -------------------------- | -------------------- | ---------------------- |
| the daemon ends or crashes  | each last sequence         | none                 | is heard at once       |
| a reboot in good order      | each last sequence         | none                 | is heard at once       |
| a power cut, a kernel crash | the bounds on the disk     | none; see below      | is heard after a step  |
| the disk is lost            | nothing                    | all, until their     | is heard at once       |
|                             |                            | sender is heard      |                        |

After a power cut those recordings pass that were made between the first packet of a sender that is new or
began a new life and the end of the one write to the disk that it caused: the sender is heard meanwhile,
because a node that waits for a disk before it believes the active one would become active beside it.
A step is `hadaemon.vrrp.bounds.STEP`, or two advertisements of each virtual router if that is longer.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock

from hadaemon.daemon.part import Part
from hadaemon.errors import HadaemonError
from hadaemon.io.store.mark_file import MarkFile
from hadaemon.io.store.sequence_file import SequenceFile
from hadaemon.vrrp import MAX_EPOCH, NO_MARKS, Epoch, Marks, Sender, Signatures, Signer
from hadaemon.vrrp.bounds import Bounds, BoundStep

log = logging.getLogger(__name__)

_BLOCK = 256
"""Epochs that are reserved with one write: a reload of the configuration has to wait for no disk."""


class Sequences(Part):
    """Loaded when the first session needs it."""

    def __init__(
        self, file: SequenceFile, mark_file: MarkFile, do: Callable[[str, Callable[[], None]], None]
    ) -> None:
        """`do` takes work for the background, by its kind."""
        self._file = file
        self._mark_file = mark_file
        self._do = do
        self._next: Epoch | None = None
        self._signer: Signer | None = None
        self._bounds: Bounds | None = None
        self._wanted: tuple[Epoch, Marks] = Epoch(1), NO_MARKS
        """What the file is to have: every smaller epoch may have been used, every sender's bound."""
        self._writing = Lock()

    def heard(self, step: BoundStep) -> Marks:
        """Up to now; for one more session, in which senders that count advance by such steps."""
        if self._bounds is None:
            self._bounds = Bounds(step, self._load())
        self._bounds.step = step
        return self._bounds.marks

    def signer(self, signatures: Signatures) -> Signer:
        """For one more session, with an epoch that was never used. Only after `heard`."""
        assert self._next is not None
        # In a long life the sequence may have run into the epochs that follow.
        epoch = self._next if self._signer is None else max(self._next, Epoch(self._signer.epoch + 1))
        self._next = Epoch(epoch % MAX_EPOCH + 1)
        if epoch >= self._wanted[0] or self._next < epoch:
            self._reserve()
        self._signer = Signer(signatures, epoch)
        return self._signer

    def note(self, sender: Sender, sequence: int, now: float) -> None:
        """An advertisement was accepted: kept at once, and stored when the sender comes near its bound."""
        assert self._bounds is not None
        if not self._bounds.is_news(sender, sequence):
            return
        try:
            self._mark_file.put(sender, sequence)
        except HadaemonError as error:
            log.error("%s: after a crash of the daemon the bounds on the disk count", error)
        if self._bounds.advance(sender, sequence, now):
            self._wanted = self._wanted[0], self._bounds.reserve()
            self._do("sequences", self._write)

    async def close(self) -> None:
        """The daemon ends in good order: stores what was heard, to the packet."""
        self._mark_file.close()
        if self._bounds is not None:
            self._wanted = self._wanted[0], self._bounds.marks
            self._do("sequences", self._write)

    def _load(self) -> Marks:
        """Where both places know a sender, the one in memory is exact."""
        floor = Epoch(int(time.time()) % MAX_EPOCH or 1)
        stored, bounds, marks = floor, NO_MARKS, NO_MARKS
        try:
            stored, bounds = self._file.load()
        except HadaemonError as error:
            log.error("%s", error)
        try:
            marks = self._mark_file.load()
        except HadaemonError as error:
            log.error("%s: after a crash of the daemon the bounds on the disk count", error)
        self._next = max(stored, floor)
        self._wanted = self._next, {**bounds, **marks}
        return self._wanted[1]

    def _reserve(self) -> None:
        """Before the first packet of an epoch goes out: this waits for the disk."""
        assert self._next is not None
        assert self._bounds is not None
        self._wanted = Epoch(min(self._next + _BLOCK, MAX_EPOCH)), self._bounds.reserve()
        try:
            self._write()
        except HadaemonError as error:
            log.error("%s: after a restart the other node may take our advertisements for old ones", error)

    def _write(self) -> None:
        """The newest, whoever comes last: in the loop or in the background."""
        with self._writing:
            self._file.store(*self._wanted)
