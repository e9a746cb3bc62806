"""What is wrong now, from what the daemon tells of itself (`hactl status --json`)."""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hadaemon.alarms import kinds
from hadaemon.alarms.kinds import Kind
from hadaemon.alarms.model import Severity

Report = Mapping[str, Any]

_LINKS = {
    "down": "no carrier: check the cable and the switch port",
    "no-address": "no own address is on it, so nothing can be sent",
    "absent": "no network card has its MAC address",
}
_FOREIGN = re.compile(r"hotwire: .*(come in|third box)")
_SEAT = re.compile(r"port ([^:]+): no carrier, and the virtual addresses are on it")
"""Of a port that advertises nothing."""
_NUMBERS = re.compile(r"\d+([.:]\d+)*")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong now."""

    kind: Kind
    resource: str
    text: str
    severity: Severity | None = None
    """Where it is not that of its kind."""


def faults(report: Report, more: Sequence[Fault] = ()) -> tuple[Fault, ...]:
    """`more` is what the status does not tell. One for each kind and resource: the first counts."""
    found: dict[tuple[str, str], Fault] = {}
    for fault in (*_known(report), *more, *_other(report)):
        found.setdefault((fault.kind.word, fault.resource), fault)
    return tuple(found.values())


def knows_active(report: Report) -> bool:
    """The other node is active, and tells what both see."""
    status = report["status"]
    peer, hotwire = status["peer"], status["hotwire"]
    return bool(
        (peer is not None and peer["state"] == "active")
        or (hotwire is not None and hotwire["node_state"] == "active")
    )


def ready_peer(report: Report) -> str:
    """The other node's name if this one is active and that one is ready, and has the same configuration.

    Empty: it is not so, or not known.
    """
    witness, sync = report["status"]["hotwire"], report["sync"]
    if report["status"]["state"] != "active" or witness is None or not witness["ready"]:
        return ""
    return str(witness["node"]) if sync is not None and sync["state"] == "synchronized" else ""


def _known(report: Report) -> Iterator[Fault]:
    status = report["status"]
    if report["configuration"] == "refused":
        problems = status["problems"] or [status["reason"]]
        yield Fault(kinds.CONFIGURATION, "", "; ".join(problems[:3]))
        return
    if status["state"] == "fault":
        yield Fault(kinds.NODE_FAULT, "", status["reason"])
    if status["maintenance"]:
        yield Fault(kinds.MAINTENANCE, "", "the node is in maintenance: it takes no part in the cluster")
    if status["suspended"]:
        yield Fault(kinds.SUSPENDED, "", f"this node is {status['suspended']}")
    yield from _ports(status)
    yield from _hotwire(report)
    yield from _equal(report)
    yield from _services(report)


def _ports(status: Report) -> Iterator[Fault]:
    """Links, whom they reach, and connections."""
    for interface in status["interfaces"]:
        if interface["link"] in _LINKS:
            text = f"port {interface['port']}: {_LINKS[interface['link']]}"
            yield Fault(kinds.LINK_DOWN, interface["port"], text)
    for group in status["ping_groups"]:
        if group["failed"]:
            hosts = ", ".join(group["failed_hosts"])
            yield Fault(
                kinds.PING_FAILED, group["name"], f"ping group {group['name']}: no answer from {hosts}"
            )
    for problem in status["problems"]:
        if problem.startswith("connections: "):
            yield Fault(kinds.CONNECTIONS, "", problem)
        elif _FOREIGN.match(problem):
            yield Fault(kinds.HOTWIRE_FOREIGN, "", problem)
        elif seat := _SEAT.match(problem):
            yield Fault(kinds.LINK_DOWN, seat[1], problem)


def _hotwire(report: Report) -> Iterator[Fault]:
    hotwire, status = report["hotwire"], report["status"]
    if hotwire is None:
        return
    if hotwire["state"] == "not-paired":
        yield Fault(kinds.NOT_PAIRED, "", "the nodes are not paired: advertisements alone decide")
        return
    if hotwire["state"] == "down":
        text = "no carrier: check the cable, and whether the other node is on"
        yield Fault(kinds.HOTWIRE_DOWN, "", f"hotwire: port {hotwire['port']}: {text}")
    if hotwire["state"] == "up":
        yield from _unready(status)
        if hotwire["peer"] is not None and hotwire["peer"]["deaf"]:
            text = "the other node is heard over the hotwire and does not hear this one"
            yield Fault(kinds.HOTWIRE_ONE_WAY, "", text)
    elif hotwire["state"] == "silent" and hotwire["last_word"]:
        yield Fault(kinds.PEER_AWAY, "", f"the other node is gone: {hotwire['last_word']}")
    elif _dead(status):
        yield Fault(kinds.PEER_DEAD, "", "the other node has stopped without a word: it cannot take over")
    elif hotwire["state"] == "silent" and hotwire["last_heard"] is None:
        yield Fault(kinds.PEER_AWAY, "", "the other node has not been heard over the hotwire yet")
    elif hotwire["state"] == "silent":
        text = "the other node is not heard, and the carrier is there"
        yield Fault(kinds.HOTWIRE_SILENT, "", f"hotwire: port {hotwire['port']}: {text}")


def _unready(status: Report) -> Iterator[Fault]:
    """It is there, and is not ready."""
    witness = status["hotwire"]
    if witness is not None and witness["ready"] is False and status["state"] == "active":
        why = witness["unready"] or f"it is in {witness['node_state']}"
        yield Fault(kinds.PEER_UNREADY, "", f"{witness['node']} could not take over: {why}")


def _dead(status: Report) -> bool:
    """Its daemon died, or an active one fell silent on all ways."""
    heard, witness = status["peer"], status["hotwire"]
    dead = witness is not None and witness["state"] == "dead"
    return dead or (status["state"] == "active" and heard is not None and heard["state"] == "silent")


def _equal(report: Report) -> Iterator[Fault]:
    """The configurations and the firmware of the two."""
    sync, hotwire = report["sync"], report["hotwire"]
    up = hotwire is not None and hotwire["state"] == "up"
    if sync is not None and up and sync["state"] != "synchronized":
        kind = kinds.SYNC_ERROR if sync["state"] == "error" else kinds.SYNC_PENDING
        yield Fault(kind, "", f"configuration: {sync['state']}: {sync['reason']}")
    pair = report["firmware"]["pair"]
    if pair is not None and up and pair["state"] == "pending":
        yield Fault(kinds.FIRMWARE_DIFFERS, "", f"firmware: {pair['reason']}")


def _services(report: Report) -> Iterator[Fault]:
    for service in report["services"] or ():
        state, wanted = service["state"], service["wanted"]
        if state not in (("up",) if wanted else ("down", "failed")):
            text = f"{service['unit']} is {state}, and is to be {'up' if wanted else 'down'}"
            yield Fault(kinds.SERVICE, service["unit"], text)


_CLAIMED = re.compile(
    r"hotwire: |the hotwire (is silent|passes one way)|connections: |ping group |this node is suspended"
    r"|port [^:]+: (no carrier|no own address|the network card is gone)"
    r"|port [^:]+: (no network card has|there is no interface)"
)
"""What the alarms with a word of their own tell already."""


_DUPLICATE = re.compile("answers for the virtual address|the address is used twice")
"""Two boxes have one address."""


def _other(report: Report) -> Iterator[Fault]:
    """Whatever else is among the problems. Its numbers change and it stays the same."""
    status = report["status"]
    units = tuple(f"{service['unit']}: " for service in report["services"] or ())
    if report["configuration"] == "refused":
        return
    for problem in status["problems"]:
        if _CLAIMED.match(problem) or problem.startswith(units) or problem == status["reason"]:
            continue
        kind = kinds.DUPLICATE if _DUPLICATE.search(problem) else kinds.OTHER
        yield Fault(kind, f"{zlib.crc32(_NUMBERS.sub('#', problem).encode()):08x}", problem)
