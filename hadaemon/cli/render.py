"""The daemon's status answer as text. Pure: an answer in, lines out."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from hadaemon.cli.alarms_text import alarm_lines
from hadaemon.cli.conntrack import conntrack_lines
from hadaemon.cli.hotwire import hotwire_lines
from hadaemon.cli.services import service_lines
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.control.status import StatusAnswer
from hadaemon.language.speech import _, counted, marked, told
from hadaemon.language.verdict import verdict_line
from hadaemon.status.hotwire import HotwireState, PairedHotwire
from hadaemon.status.node import NodeStatus, ScoreStatus
from hadaemon.status.states import NodeState
from hadaemon.status.status import Status
from hadaemon.text.columns import duration, table
from hadaemon.text.times import local_time

_PHASES = {
    "releasing": marked("hands over: offers the virtual addresses to the other node"),
    "lingering": marked("has handed over: serves what is still under way to it"),
    "claiming": marked("takes over: waits for the other node to hand over"),
    "tied": marked("compares addresses with a node of the same score"),
    "starting": marked("has just started: listens for an active node"),
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
        line = verdict_line(node.verdict)
        yield line if node.verdict.reasons else f"{line}: {_('a takeover would work now')}"


def _head(node: Status, now: float | None) -> Iterator[str]:
    status, firmware = node.status, node.firmware
    name = f"{status.node} ({_(status.role)})" if status.role else status.node
    state = _(status.state.upper())
    if status.cluster:
        yield _("{node} of cluster {cluster}: {state} for {since}").format(
            node=name, cluster=status.cluster, state=state, since=duration(status.since)
        )
    else:
        yield f"{name}: {state}"
    yield f"  {_when(status, now)}{told(status.reason)}"
    if status.score is not None:
        priority = _("priority {priority}").format(priority=status.score.priority)
        yield f"  {priority}: {', '.join(_parts(status.score))}"
    if status.phase:
        yield f"  {_(_PHASES.get(status.phase, status.phase))}"
    if status.suspended:
        yield f"  {_('SUSPENDED')}: {told(status.suspended)}"
    if status.maintenance and status.state is not NodeState.MAINTENANCE:
        yield f"  {_('MAINTENANCE begins')}"
    if firmware.version or firmware.slot:
        unknown = _("unknown")
        running = _("firmware {version}, slot {slot}").format(
            version=firmware.version or unknown, slot=firmware.slot or unknown
        )
        yield f"  {running}{', ' + _('ON TRIAL') if firmware.on_trial else ''}"


def _when(status: NodeStatus, now: float | None) -> str:
    """As `hactl history` writes it."""
    if now is None or not status.cluster:
        return ""
    moment = datetime.fromtimestamp(int(now - status.since), UTC)
    return _("since {time}: ").format(time=local_time(moment))


def _parts(score: ScoreStatus) -> Iterator[str]:
    """What the priority is made of."""
    if score.links_down:
        yield counted("{count} link down", "{count} links down", score.links_down)
    else:
        yield _("all links up")
    if score.failed_groups:
        yield counted("{count} ping group failed", "{count} ping groups failed", score.failed_groups)
    if score.missing_routes:
        yield counted("{count} tracked route missing", "{count} tracked routes missing", score.missing_routes)
    if score.failed_checks:
        yield counted("{count} check failed", "{count} checks failed", score.failed_checks)
    if score.failed_services:
        yield counted("{count} service failed", "{count} services failed", score.failed_services)
    if score.unproven:
        yield counted("{count} link not proven yet", "{count} links not proven yet", score.unproven)
    yield _("preferred") if score.preferred else _("not preferred")


def _interfaces(node: Status) -> Iterator[str]:
    if not node.status.interfaces:
        return
    names = {port.port: port.interface for port in node.ports}
    rows = []
    for interface in node.status.interfaces:
        name = names.get(interface.port)
        elsewhere = interface.addresses_on
        # There may be no card that could have them.
        here = interface.held and names.get(interface.address_port)
        places = [_("on {port}").format(port=elsewhere)] if elsewhere else []
        places += [_("here")] if here else []
        rows.append(
            (
                interface.port,
                name or "-",
                _(interface.link),
                str(interface.vrid),
                _(interface.state),
                interface.address or "-",
                ", ".join(interface.virtual_addresses) + (f" ({', '.join(places)})" if places else ""),
            )
        )
    header = (
        *(_("port"), _("interface"), _("link"), "VRID", _("state"), _("address")),
        _("virtual addresses"),
    )
    yield from table(header, rows)


def _peer(status: NodeStatus) -> Iterator[str]:
    peer = status.peer
    if peer is not None:
        yield _("peer: {state}, {address} on {port}, priority {priority}, heard {seconds} s ago").format(
            state=_(peer.state),
            address=peer.address,
            port=peer.port,
            priority=peer.priority,
            seconds=f"{peer.last_heard:.1f}",
        )
    elif status.cluster:
        yield _("peer: never heard (a node in backup sends nothing)")


def _checks(status: NodeStatus) -> Iterator[str]:
    """The ping groups, the tracked routes and the own checks, where there are any."""
    for group in status.ping_groups:
        failed = ", ".join(group.failed_hosts)
        partly = _("no answer from {hosts}").format(hosts=failed) if failed else _("answers")
        state = _("FAILED") if group.failed else partly
        yield f"{_('ping group {name}').format(name=group.name)}: {state}"
    for route in status.tracked_routes:
        name = _("route to {destination}").format(destination=route.destination)
        over = _(" over {port}").format(port=route.port) if route.port is not None else ""
        state = _("there") if route.present else _("MISSING") if route.failed else _("not there")
        yield f"{name}{over}: {state}"
    for check in status.checks:
        said = f" ({told(check.said)})" if check.said else ""
        state = _("FAILED") if check.failed else _("good") if check.good else _("not good")
        yield f"{_('check {name}').format(name=check.name)}: {state}{said}"


def _sync(node: Status) -> Iterator[str]:
    """Whether both nodes have the same configuration and the same firmware."""
    if node.sync is not None:
        sync = node.sync.status
        yield f"{_('configuration')}: {_(sync.state)}: {told(sync.reason)}"
    pair = node.firmware.pair
    if pair is not None:
        yield f"{_('firmware')}: {_(pair.state)}: {told(pair.reason)}"


def _problems(status: NodeStatus) -> Iterator[str]:
    if status.problems:
        yield f"{_('problems')}:"
        yield from (f"  ! {told(problem.text)}" for problem in status.problems)
    elif status.cluster:
        yield _("no problems")


def _ports(node: Status) -> Iterator[str]:
    rows = [
        (
            port.port,
            port.interface or _("absent"),
            port.mac,
            port.driver or "-",
            _carrier(port.carrier),
            ", ".join(address.address for address in port.addresses) or "-",
        )
        for port in node.ports
    ]
    if rows:
        yield f"{_('all ports')}:"
        header = (_("port"), _("interface"), "MAC", _("driver"), _("link"), _("addresses now"))
        yield from (f"  {line}" for line in table(header, rows))


def _unbound(node: Status) -> Iterator[str]:
    rows = [
        (
            card.interface,
            card.mac,
            card.driver or "-",
            card.path or "-",
            _carrier(card.carrier),
        )
        for card in node.unbound
    ]
    if rows:
        yield f"{_('hardware that no port is bound to')}:"
        header = (_("interface"), "MAC", _("driver"), _("bus"), _("link"))
        yield from (f"  {line}" for line in table(header, rows))


def _carrier(there: bool) -> str:
    return _("carrier") if there else _("no carrier")


def _counters(status: NodeStatus) -> Iterator[str]:
    rows = []
    ports = Counter(interface.port for interface in status.interfaces)
    for interface in status.interfaces:
        shared = ports[interface.port] > 1
        discards = ", ".join(f"{reason} {count}" for reason, count in sorted(interface.discards.items()))
        heard = interface.last_heard
        rows.append(
            (
                f"{interface.port} (VRID {interface.vrid})" if shared else interface.port,
                str(interface.sent),
                str(interface.received),
                _("never")
                if heard is None
                else _("{seconds} s ago from {address}").format(
                    seconds=f"{heard:.1f}", address=interface.heard_from
                ),
                discards or _("none"),
            )
        )
    if rows:
        yield f"{_('advertisements')}:"
        header = (_("port"), _("sent"), _("received"), _("last"), _("discarded"))
        yield from (f"  {line}" for line in table(header, rows))
