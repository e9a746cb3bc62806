"""One switch or maintenance that an administrator waits for: what happened when, and how it ended."""

import asyncio

from hadaemon.cluster import Action, Announce, HandoverEnded, SendAdvertisement, SetAddresses
from hadaemon.control.answers import Spans
from hadaemon.vrrp.model import RELEASE

DETECTION, ADDRESS, ANNOUNCEMENT, TOTAL = "detection", "address", "announcement", "total"


class Handover:
    """Collects the moments of the steps from the actions that are done.

    On the node that takes over: `detection` ends with its first advertisement, `address` when the virtual
    addresses are there, `announcement` when they were announced. On the node that lets go, `detection` ends
    when the other one has been heard to claim them, `address` when this node no longer answers for them; the
    announcement is not seen from here.
    """

    def __init__(self, now: float) -> None:
        self._begin = now
        self._moments: dict[str, float] = {}
        self.ended: asyncio.Future[HandoverEnded] = asyncio.get_running_loop().create_future()

    def note(self, action: Action, now: float) -> None:
        """Takes in an action that is done."""
        if self.ended.done():
            return
        match action:
            case HandoverEnded():
                self._moments[TOTAL] = now
                self.ended.set_result(action)
            case SendAdvertisement(_, advertisement) if advertisement.priority != RELEASE:
                self._moments.setdefault(DETECTION, now)
            case SetAddresses(_, addresses, answering) if addresses:
                if not answering:
                    self._moments.setdefault(DETECTION, now)
                self._moments[ADDRESS] = now
            case Announce() if ADDRESS in self._moments:
                self._moments[ANNOUNCEMENT] = now
            case _:
                pass

    def milliseconds(self) -> Spans:
        """How long each step took, and all of it."""
        spans: dict[str, float | None] = {}
        before = self._begin
        for step in (DETECTION, ADDRESS, ANNOUNCEMENT):
            moment = self._moments.get(step)
            spans[step] = None if moment is None else _milliseconds(moment - before)
            before = before if moment is None else moment
        end = self._moments.get(TOTAL)
        spans[TOTAL] = None if end is None else _milliseconds(end - self._begin)
        return Spans(**spans)


def _milliseconds(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 1)
