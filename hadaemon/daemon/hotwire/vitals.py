"""What the other node's administrator wants to see of this one, beside the node's own words."""

import os
from collections.abc import Callable

from hadaemon.io.kernel.hardware import model
from hadaemon.io.programs.conntrackd import connections
from hadaemon.status.report import Vitals
from hadaemon.sync.head import Head
from hadaemon.upgrade.firmware_report import FirmwareReport

DIGITS = 16
"""Of the configuration's digest, enough to tell whether the nodes have the same."""
_AGE = 1.0
"""Seconds for which what was measured is good enough."""


class VitalSigns:
    """Measures at most once a second: two reads of the kernel's own files, which never wait for a disk."""

    def __init__(
        self,
        firmware: str,
        head: Callable[[], Head],
        cards: Callable[[], int],
        upgrade: Callable[[], FirmwareReport],
    ) -> None:
        """`cards`: how many network cards there are; `upgrade`: what is said of the pair's."""
        self._upgrade = upgrade
        self._firmware = firmware
        self._head = head
        self._cards = cards
        self._model = model()
        self._measured = Vitals()
        self._until = 0.0

    def measure(self, now: float, since: float) -> Vitals:
        """`now` and `since`, when the node came into its state, are monotonic seconds."""
        if now >= self._until:
            self._until = now + _AGE
            head = self._head()
            self._measured = Vitals(
                firmware=self._firmware,
                generation=head.generation,
                configuration=head.digest[:DIGITS],
                connections=connections(),
                load=os.getloadavg()[0],
                model=self._model,
                cards=self._cards(),
                since=int(now - since),
                upgrade=self._upgrade(),
            )
        return self._measured
