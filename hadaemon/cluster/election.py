"""Who is to be active: every comparison between two nodes, and nothing else.

The group of HA interfaces moves as one, so each rule looks at all of them:
- a backup becomes active when every interface that is up has been silent for its Active_Down_Interval (when
  none is up, when all have been: a node that sees nobody assumes that there is nobody);
- an active yields when it hears a better one on any interface;
- equal scores are decided by the primary addresses on one and the same interface for both nodes.
"""

from collections.abc import Sequence

from hadaemon.cluster.haport import HaPort
from hadaemon.cluster.score import Score
from hadaemon.vrrp.model import RELEASE, Advertisement, IPAddress, Priority
from hadaemon.vrrp.router import Standing

TIE_PATIENCE = 0.03
"""Seconds, or half an Advertisement_Interval if that is less, to wait for a rival's advertisement on the
interface that decides: a node sends on all its interfaces at about the same time."""


LINK_PATIENCE = 10.0
"""Seconds from the start, or from the arrival of a missing network card, in which ports come up: the network
service starts beside the daemon, and gigabit copper negotiates for some seconds. A node that was never
connected is not blind before."""


def acceptance_floor(score: Score, preempt: bool) -> Priority:
    """The lowest priority that a backup leaves active (RFC 9568 §6.4.2).

    Without preemption it is by health alone: Preempt_Mode governs preference, never health.
    """
    return score.priority if preempt else score.health_floor


def standing_to_backup(advertisement: Advertisement, floor: Priority) -> Standing:
    """How a backup takes an advertisement (§6.4.2)."""
    if advertisement.priority == RELEASE:
        return Standing.RELEASE
    return Standing.ACCEPTED if advertisement.priority >= floor else Standing.REFUSED


def standing_to_active(
    advertisement: Advertisement, own: Priority, ports: Sequence[HaPort], waited: bool, now: float
) -> Standing:
    """How an active takes an advertisement that `ports` has already noted (§6.4.3)."""
    if advertisement.priority == RELEASE:
        return Standing.RELEASE
    if advertisement.priority != own:
        return Standing.ACCEPTED if advertisement.priority > own else Standing.REFUSED
    return _break_tie(own, ports, waited, now)


def _break_tie(own: Priority, ports: Sequence[HaPort], waited: bool, now: float) -> Standing:
    """The greater primary address wins (§6.4.3), compared on the interface with the lowest VRID, not on each.

    The rival may be heard on another interface first. Then the decision waits (TIE_PATIENCE): what has not
    come on the lowest by then cannot be heard there.
    """
    up = sorted((port for port in ports if port.is_up), key=lambda port: port.vrid)
    for port in up:
        rival = _rival_address(port, own, now)
        if rival is not None and port.address is not None:
            return Standing.ACCEPTED if int(rival) > int(port.address) else Standing.REFUSED
        if not waited:
            return Standing.UNDECIDED
    return Standing.UNDECIDED


def _rival_address(port: HaPort, own: Priority, now: float) -> IPAddress | None:
    """Who is heard on this port now with our own score."""
    heard = port.heard
    if heard is None or heard.advertisement.priority != own or not port.hears_now(now):
        return None
    return heard.source


def takeover_time(ports: Sequence[HaPort], links_by: float) -> float | None:
    """When a backup is to become active if nothing acceptable is heard until then; monotonic seconds.

    `links_by` is when a node whose ports have not come up yet may take itself for blind.
    """
    up = [port for port in ports if port.is_up]
    deadlines = [port.router.next_deadline for port in up or ports]
    latest = max((deadline for deadline in deadlines if deadline is not None), default=None)
    if latest is None or up or any(port.was_up for port in ports):
        return latest
    return max(latest, links_by)
