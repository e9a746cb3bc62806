"""The daemon's status answer as text. Pure: an answer in, lines out."""

from collections.abc import Iterator
from datetime import UTC, datetime

from hadaemon.cli.alarms_text import alarm_lines
from hadaemon.cli.conntrack import conntrack_lines
from hadaemon.cli.hotwire import hotwire_lines
from hadaemon.cli.services import service_lines
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.control.status import StatusAnswer
from hadaemon.status.hotwire import HotwireState, PairedHotwire
from hadaemon.status.node import NodeStatus, ScoreStatus
from hadaemon.status.states import NodeState
from hadaemon.status.status import Status
from hadaemon.text.columns import duration, table
from hadaemon.text.times import local_time

_PHASES = {
    "releasing": "hands over: offers the virtual addresses to the other node",
    "lingering": "has handed over: serves what is still under way to it",
    "claiming": "takes over: waits for the other node to hand over",
    "tied": "compares addresses with a node of the same score",
    "starting": "has just started: listens for an active node",
}
"""What a node is in the middle of."""


def render_status(answer: StatusAnswer, verbose: bool = False, now: float | None = None) -> str:
    """The whole status, the most important thing first. `now`: seconds since the epoch, to tell when."""
    node, status = answer.node, answer.node.status
    sections = [
        [*_verdict(node), *_head(node, now)],
        _interfaces(node),
        # The other node's own words over the hotwire say more than its advertisements.
        () if _speaks(node) and not verbose else _peer(status),
        [*hotwire_lines(node, verbose), *conntrack_lines(node.conntrack), *_sync(node)],
        service_lines(node.services),
        upgrade_lines(node.upgrade) if node.upgrade is not None and not node.upgrade.plan.closed else (),
        _checks(status),
        _problems(status),
        alarm_lines(answer.alarms),
    ]
    if verbose:
        sections += [_ports(node), _counters(status)]
    if verbose or any(port.interface is None for port in node.ports):
        sections.append(_unbound(node))
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines)


def _speaks(node: Status) -> bool:
    hotwire = node.hotwire
    return (
        isinstance(hotwire, PairedHotwire) and hotwire.state is HotwireState.UP and hotwire.peer is not None
    )


def _verdict(node: Status) -> Iterator[str]:
    """Would a takeover work now? In one line."""
    if node.verdict is not None:
        yield str(node.verdict) if node.verdict.reasons else f"{node.verdict}: a takeover would work now"


def _head(node: Status, now: float | None) -> Iterator[str]:
    status, firmware = node.status, node.firmware
    role = f" ({status.role})" if status.role else ""
    cluster = f" of cluster {status.cluster}" if status.cluster else ""
    since = f" for {duration(status.since)}" if status.cluster else ""
    yield f"{status.node}{role}{cluster}: {status.state.upper()}{since}"
    yield f"  {_when(status, now)}{status.reason}"
    if status.score is not None:
        yield f"  priority {status.score.priority}: {', '.join(_parts(status.score))}"
    if status.phase:
        yield f"  {_PHASES.get(status.phase, status.phase)}"
    if status.suspended:
        yield f"  SUSPENDED: {status.suspended}"
    if status.maintenance and status.state is not NodeState.MAINTENANCE:
        yield "  MAINTENANCE begins"
    if firmware.version or firmware.slot:
        trial = ", ON TRIAL" if firmware.on_trial else ""
        yield f"  firmware {firmware.version or 'unknown'}, slot {firmware.slot or 'unknown'}{trial}"


def _when(status: NodeStatus, now: float | None) -> str:
    """As `hactl history` writes it."""
    if now is None or not status.cluster:
        return ""
    moment = datetime.fromtimestamp(int(now - status.since), UTC)
    return f"since {local_time(moment)}: "


def _parts(score: ScoreStatus) -> Iterator[str]:
    """What the priority is made of."""
    yield _counted(score.links_down, "link", "down") or "all links up"
    groups = _counted(score.failed_groups, "ping group", "failed")
    if groups:
        yield groups
    routes = _counted(score.missing_routes, "tracked route", "missing")
    if routes:
        yield routes
    unproven = _counted(score.unproven, "link", "not proven yet")
    if unproven:
        yield unproven
    yield "preferred" if score.preferred else "not preferred"


def _counted(count: int, what: str, how: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''} {how}" if count else ""


def _interfaces(node: Status) -> Iterator[str]:
    if not node.status.interfaces:
        return
    names = {port.port: port.interface for port in node.ports}
    rows = []
    for interface in node.status.interfaces:
        name = names.get(interface.port)
        here = interface.held and name  # There may be no card that could have them.
        rows.append(
            (
                interface.port,
                name or "-",
                interface.link,
                str(interface.vrid),
                interface.state,
                interface.address or "-",
                ", ".join(interface.virtual_addresses) + (" (here)" if here else ""),
            )
        )
    header = ("port", "interface", "link", "VRID", "state", "address", "virtual addresses")
    yield from table(header, rows)


def _peer(status: NodeStatus) -> Iterator[str]:
    peer = status.peer
    if peer is not None:
        yield (
            f"peer: {peer.state}, {peer.address} on {peer.port}, priority {peer.priority}, "
            f"heard {peer.last_heard:.1f} s ago"
        )
    elif status.cluster:
        yield "peer: never heard (a node in backup sends nothing)"


def _checks(status: NodeStatus) -> Iterator[str]:
    """The ping groups and the tracked routes, where there are any."""
    for group in status.ping_groups:
        failed = ", ".join(group.failed_hosts)
        state = "FAILED" if group.failed else f"no answer from {failed}" if failed else "answers"
        yield f"ping group {group.name}: {state}"
    for route in status.tracked_routes:
        over = f" over {route.port}" if route.port is not None else ""
        state = "there" if route.present else "MISSING" if route.failed else "not there"
        yield f"route to {route.destination}{over}: {state}"


def _sync(node: Status) -> Iterator[str]:
    """Whether both nodes have the same configuration and the same firmware."""
    if node.sync is not None:
        yield f"configuration: {node.sync.status.state}: {node.sync.status.reason}"
    pair = node.firmware.pair
    if pair is not None:
        yield f"firmware: {pair.state}: {pair.reason}"


def _problems(status: NodeStatus) -> Iterator[str]:
    if status.problems:
        yield "problems:"
        yield from (f"  ! {problem.text}" for problem in status.problems)
    elif status.cluster:
        yield "no problems"


def _ports(node: Status) -> Iterator[str]:
    rows = [
        (
            port.port,
            port.interface or "absent",
            port.mac,
            port.driver or "-",
            "carrier" if port.carrier else "no carrier",
            ", ".join(address.address for address in port.addresses) or "-",
        )
        for port in node.ports
    ]
    if rows:
        yield "all ports:"
        header = ("port", "interface", "MAC", "driver", "link", "addresses now")
        yield from (f"  {line}" for line in table(header, rows))


def _unbound(node: Status) -> Iterator[str]:
    rows = [
        (
            card.interface,
            card.mac,
            card.driver or "-",
            card.path or "-",
            "carrier" if card.carrier else "no carrier",
        )
        for card in node.unbound
    ]
    if rows:
        yield "hardware that no port is bound to:"
        yield from (f"  {line}" for line in table(("interface", "MAC", "driver", "bus", "link"), rows))


def _counters(status: NodeStatus) -> Iterator[str]:
    rows = []
    for interface in status.interfaces:
        discards = ", ".join(f"{reason} {count}" for reason, count in sorted(interface.discards.items()))
        heard = interface.last_heard
        rows.append(
            (
                interface.port,
                str(interface.sent),
                str(interface.received),
                "never" if heard is None else f"{heard:.1f} s ago from {interface.heard_from}",
                discards or "none",
            )
        )
    if rows:
        yield "advertisements:"
        yield from (f"  {line}" for line in table(("port", "sent", "received", "last", "discarded"), rows))
