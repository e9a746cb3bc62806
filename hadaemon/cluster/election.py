"""Who is to be active: every comparison between two nodes, and nothing else.

The group of HA interfaces moves as one, so each rule looks at all of them:
- a backup becomes active when every interface that is up has been silent for its Active_Down_Interval (when
  none is up, when all have been: a node that sees nobody assumes that there is nobody);
- an active yields when it hears a better one on any interface;
- equal scores are decided by the primary addresses on one and the same interface for both nodes, or by the
  names of the nodes while the hotwire tells them.
"""

from collections.abc import Sequence

from hadaemon.cluster.score import Score
from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.vrrp.model import RELEASE, Advertisement, IPAddress, Priority
from hadaemon.vrrp.router import Standing, VirtualRouter
from hadaemon.vrrp.timers import seconds

TIE_PATIENCE = 0.03
"""Seconds, or half an Advertisement_Interval if that is less, to wait for a rival's advertisement on the
deciding interface: a node sends on all its interfaces at about the same time."""


UNDER_WAY = 0.005
"""Seconds that an advertisement may have been on its way when the link of the hotwire was lost."""

LATE = 0.02
"""Seconds by which an advertisement may come late, or half an Advertisement_Interval if that is less, before
it counts as missed by a node whose hotwire has just lost its link."""

SWITCH_PATIENCE = 0.01
"""Seconds that an active waits, after it has become the less healthy one, before it hands over: when a switch
dies, both nodes lose their links at about the same time, and nothing has to move."""

LINK_PATIENCE = 10.0
"""Seconds from the start, or from the arrival of a missing network card, in which ports come up: the network
service starts beside the daemon, and gigabit copper negotiates for some seconds. Before that, a node that was
never connected does not count as blind."""


def acceptance_floor(score: Score, preempt: bool) -> Priority:
    """The lowest priority that a backup leaves active (RFC 9568 §6.4.2).

    Without preemption it follows from health alone: Preempt_Mode governs preference, never health.
    """
    return score.priority if preempt else score.health_floor


def standing_to_backup(advertisement: Advertisement, floor: Priority) -> Standing:
    """How a backup takes an advertisement (§6.4.2)."""
    if advertisement.priority == RELEASE:
        return Standing.RELEASE
    return Standing.ACCEPTED if advertisement.priority >= floor else Standing.REFUSED


def standing_to_active(
    advertisement: Advertisement, own: Priority, ports: Sequence[WatchedPort], waited: bool, now: float
) -> Standing:
    """How an active takes an advertisement that `ports` has already noted (§6.4.3)."""
    if advertisement.priority == RELEASE:
        return Standing.RELEASE
    if advertisement.priority > own:
        return Standing.ACCEPTED
    if advertisement.priority < own:
        return Standing.REFUSED
    return _break_tie(own, ports, waited, now)


def _break_tie(own: Priority, ports: Sequence[WatchedPort], waited: bool, now: float) -> Standing:
    """The greater primary address wins (§6.4.3), compared for one virtual router: the first that is heard.

    The first is that with the lowest VRID, IPv4 before IPv6. The rival may be heard on another one sooner.
    Then the decision waits (TIE_PATIENCE): what has not come on the first by then cannot be heard there.
    """
    for port in ports:
        for router in port.routers:
            source = port.source(router)
            if source is None or not port.can_send(router):
                continue
            rival = _rival_address(port, router, own, now)
            if rival is not None:
                return Standing.ACCEPTED if int(rival) > int(source) else Standing.REFUSED
            if not waited:
                return Standing.UNDECIDED
    return Standing.UNDECIDED


def _rival_address(port: WatchedPort, router: VirtualRouter, own: Priority, now: float) -> IPAddress | None:
    """Who is heard for this virtual router now with our own score."""
    heard = port.heard_by(router)
    if heard is None or heard.advertisement.priority != own or not heard.is_current(now):
        return None
    return heard.source


def takeover_time(ports: Sequence[WatchedPort], links_by: float) -> float | None:
    """When a backup is to become active if nothing acceptable is heard until then; monotonic seconds.

    `links_by` is when a node whose ports have not come up yet may count itself as blind.
    """
    able = any(port.able for port in ports)
    times = (_silent_at(name, ports, able) for name in {port.name for port in ports})
    silent = [due for due in times if due is not None]
    latest = max(silent, default=None)
    if latest is None or able or any(port.was_up for port in ports):
        return latest
    return max(latest, links_by)


def _silent_at(name: str, ports: Sequence[WatchedPort], able: bool) -> float | None:
    """When nothing has come over that port for its shortest Active_Down_Interval, although one node sends all
    that is advertised there. None: nobody listens there; `able`: only what can send and receive counts."""
    here = [each for port in ports if port.name == name for each in (port.able if able else port.routers)]
    waiting = [(each.next_deadline, each.active_down_interval) for each in here]
    if not waiting:
        return None
    shortest = min(interval for _, interval in waiting)
    return max((due - interval + shortest for due, interval in waiting if due is not None), default=None)


def was_under_way(heard_at: float, ended_at: float) -> bool:
    """What was heard then may have been sent before the other node, or its hotwire, came to an end."""
    return heard_at <= ended_at + UNDER_WAY


def death_time(ports: Sequence[WatchedPort], cut_at: float) -> float | None:
    """When a peer counts as dead after its hotwire lost the link at `cut_at`: one missed advertisement is
    enough.

    Where the intervals differ, the shortest counts of those that were kept until then, over links that are up
    if there are any.
    None: nobody was active before, or an advertisement came after that, so that only the cable was pulled.
    """
    heard = [(port, port.heard) for port in ports if port.heard is not None]
    last = max((one for _, one in heard), key=lambda one: one.at, default=None)
    if last is None or last.advertisement.priority == RELEASE or not was_under_way(last.at, cut_at):
        return None
    kept = [(port, one) for port, one in heard if one.is_current(cut_at)]
    kept_up = [(port, one) for port, one in kept if port.is_up] or kept
    words = [one for _, one in kept_up] or [last]
    shortest = min(one.interval for one in words)
    latest, interval = max(one.at for one in words if one.interval == shortest), seconds(shortest)
    return max(latest + interval + min(interval / 2, LATE), cut_at + UNDER_WAY)
