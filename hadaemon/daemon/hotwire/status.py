"""What `hactl status` tells of the hotwire, and what is wrong with it."""

from collections.abc import Iterator

from hadaemon.daemon.hotwire.hotwire import Hotwire
from hadaemon.hotwire.message import DropReason
from hadaemon.problems import Problem, kinds, other
from hadaemon.status.hotwire import HotwireState, PairedHotwire

_RECENT = 60.0
"""Seconds for which a dropped message is worth a problem."""

NOT_PAIRED = Problem(
    kinds.NOT_PAIRED,
    "",
    "hotwire: not paired with another node, so that advertisements alone decide who is active",
)

_FOREIGN = {
    DropReason.WRONG_KEY: "messages with a wrong key come in: a foreign box is on the cable, or the nodes "
    "are not paired with each other",
    DropReason.THIRD_BOX: "a third box that has the pair's secret is on the cable, which must be direct",
    DropReason.OWN_NAME: "messages in our own name come in: both nodes have the same name, or the cable is "
    "a loop",
    DropReason.WRONG_SOURCE: "messages from another address than the peer's come in: a foreign box is on the "
    "cable, or the nodes differ in their addresses on the hotwire",
}
"""Somebody else is on the cable."""

_VERSIONS = {
    DropReason.OLDER_VERSION: "messages of a version that is too old come in: upgrade the firmware of the "
    "other node",
    DropReason.NEWER_VERSION: "messages of a version that is too new come in: upgrade the firmware of this "
    "node",
}


def state_of(hotwire: Hotwire) -> HotwireState:
    """In one word, now."""
    link = hotwire.link
    if link is None or not link.carrier or hotwire.failure is not None:
        return HotwireState.DOWN
    return HotwireState.UP if hotwire.heartbeat.alive else HotwireState.SILENT


def describe(hotwire: Hotwire, now: float) -> PairedHotwire:
    """For `hactl status`."""
    link, heartbeat = hotwire.link, hotwire.heartbeat
    heard_at = heartbeat.heard_at
    return PairedHotwire(
        state=state_of(hotwire),
        port=hotwire.plan.port.name,
        interface=link.name if link is not None else None,
        address=str(hotwire.plan.ends.own),
        peer_address=str(hotwire.peer_address) if hotwire.peer_address is not None else None,
        last_heard=now - heard_at if heard_at is not None else None,
        connected=hotwire.connected,
        encrypted=hotwire.plan.protection.keying is not None and hotwire.plan.protection.keying.agreed,
        sent=hotwire.sent,
        received=heartbeat.received,
        drops={reason.value: count for reason, count in sorted(heartbeat.drops.items())},
        last_word=hotwire.last_word,
        own=hotwire.own_vitals(),
        peer=heartbeat.report,
    )


def problems(hotwire: Hotwire, peer_is_dead: bool, now: float) -> Iterator[Problem]:
    """What an administrator should look at. `peer_is_dead`: the other node fell silent on all ways."""
    link, port = hotwire.link, hotwire.plan.port
    if link is None:
        text = f"hotwire: no network card has the MAC address of port {port.name} ({port.mac})"
        yield Problem(kinds.HOTWIRE_DOWN, "", text)
    elif not link.carrier:
        text = f"hotwire: port {port.name} has no carrier: check the cable, and whether the other node is on"
        yield Problem(kinds.HOTWIRE_DOWN, "", text)
    elif hotwire.failure is not None:
        yield Problem(kinds.HOTWIRE_DOWN, "", f"hotwire: port {port.name}: {hotwire.failure}")
    elif not hotwire.heartbeat.alive:
        yield _unheard(hotwire, peer_is_dead, now)
    if peer_is_dead and state_of(hotwire) is HotwireState.DOWN:
        yield Problem(kinds.PEER_DEAD, "", "the other node has stopped without a word: it cannot take over")
    for reason, at in sorted(hotwire.heartbeat.dropped_at.items()):
        if now - at > _RECENT:
            continue
        if reason in _FOREIGN:
            yield Problem(kinds.HOTWIRE_FOREIGN, "", f"hotwire: {_FOREIGN[reason]}")
        elif reason in _VERSIONS:
            yield other("hotwire/version", f"hotwire: {_VERSIONS[reason]}")


def _unheard(hotwire: Hotwire, peer_is_dead: bool, now: float) -> Problem:
    heartbeat = hotwire.heartbeat
    if hotwire.last_word:
        return Problem(kinds.PEER_AWAY, "", f"hotwire: {heartbeat.peer_name} is gone: {hotwire.last_word}")
    if heartbeat.heard_at is None:
        kind = kinds.PEER_DEAD if peer_is_dead else kinds.PEER_AWAY
        return Problem(kind, "", "hotwire: the other node has not been heard yet")
    kind = kinds.PEER_DEAD if peer_is_dead else kinds.HOTWIRE_SILENT
    text = f"hotwire: {heartbeat.peer_name} has been silent for {now - heartbeat.heard_at:.0f} s"
    return Problem(kind, "", text)
