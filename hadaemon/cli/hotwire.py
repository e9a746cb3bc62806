"""The hotwire and the other node in `hactl status`. Pure: values in, lines out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hadaemon.language.speech import _, counted, marked, told
from hadaemon.status.hotwire import HotwireState, PairedHotwire, UnpairedHotwire
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report, Vitals
from hadaemon.status.states import NodeState, Role
from hadaemon.status.status import Status
from hadaemon.text.columns import columns, duration

_SHOWN = 8
"""Digits of a configuration's digest."""
_OTHER_ROLE = {Role.MASTER: Role.SPARE, Role.SPARE: Role.MASTER}


def hotwire_lines(node: Status, verbose: bool) -> Iterator[str]:
    """Nothing where there is no hotwire."""
    match node.hotwire:
        case UnpairedHotwire(port):
            yield _("hotwire: not paired (port {port})").format(port=port)
        case PairedHotwire() as hotwire:
            yield from _paired(node, hotwire, verbose)
        case None:
            return


def _paired(node: Status, hotwire: PairedHotwire, verbose: bool) -> Iterator[str]:
    yield f"{_('hotwire')}: {', '.join(_link(hotwire))}"
    if hotwire.peer is not None:
        yield from (f"  {line}" for line in _node(node, hotwire, hotwire.peer, verbose))
    if verbose or hotwire.drops:
        drops = ", ".join(f"{reason} {count}" for reason, count in hotwire.drops.items())
        counts = _("heartbeats sent {sent}, received {received}, dropped: {drops}").format(
            sent=hotwire.sent, received=hotwire.received, drops=drops or _("none")
        )
        yield f"  {counts}"


def _link(hotwire: PairedHotwire) -> Iterator[str]:
    yield _(hotwire.state)
    if hotwire.encrypted and hotwire.state is HotwireState.UP:
        yield _("encrypted")
    yield f"{hotwire.interface or _('absent')} {hotwire.address}"
    if hotwire.last_word:
        yield _("the other node is gone: {why}").format(why=told(hotwire.last_word))
    elif hotwire.last_heard is None:
        yield _("the other node was never heard")
    else:
        yield _("{address} heard {seconds} s ago").format(
            address=hotwire.peer_address, seconds=f"{hotwire.last_heard:.1f}"
        )
    if hotwire.state is HotwireState.UP and not hotwire.connected:
        yield _("no connection to its daemon yet")


def _node(node: Status, hotwire: PairedHotwire, report: Report, verbose: bool) -> Iterator[str]:
    """The other node by its own words: the last ones, if it is silent now."""
    status, peer = node.status, report.peer
    was = "" if hotwire.state is HotwireState.UP else _(" was {state}").format(state=_(peer.state.upper()))
    role = _(_OTHER_ROLE[status.role]) if status.role is not None else ""
    witness = status.hotwire
    known = witness is not None and witness.priority is not None
    priority = f", {_('priority {priority}').format(priority=witness.priority)}" if witness and known else ""
    yield f"{peer.name} ({role}){was}{priority}: {', '.join(_score(peer))}"
    links = ", ".join(f"{name} {_('up') if usable else _('down')}" for name, usable in peer.links)
    if links:
        yield f"{_('links')}: {links}"
    yield from _side_by_side(node, hotwire.own, report, verbose)


def _score(peer: Peer) -> Iterator[str]:
    down, checks = peer.links_down, peer.failed_groups
    yield counted("{count} link down", "{count} links down", down) if down else _("all links up")
    if checks:
        yield counted("{count} check failed", "{count} checks failed", checks)
    yield _("preferred") if peer.preferred else _("not preferred")
    if peer.suspended:
        yield _("suspended")
    if peer.unready:
        yield _("not ready: {why}").format(why=told(peer.unready))
    elif peer.state is NodeState.BACKUP:
        yield _("ready to take over")


def _side_by_side(node: Status, own: Vitals, report: Report, verbose: bool) -> Iterator[str]:
    """Both nodes; what should be the same on both and is not is marked, what cannot change only told then."""
    status, vitals = node.status, report.vitals
    rows = [
        ("", status.node, report.peer.name, ""),
        (_("state"), _state(status.state, status.since), _state(report.peer.state, vitals.since), ""),
    ]
    for row in _ROWS:
        here, there = row.same(own), row.same(vitals)
        differs = bool(here and there) and here != there
        if differs or verbose or not row.fixed:
            mark = f"! {_('differs')}" if differs else ""
            rows.append((_(row.title), row.show(own), row.show(vitals), mark))
    yield from columns(rows)


def _state(state: NodeState, since: float | None) -> str:
    word = _(state.upper())
    return word if since is None else _("{state} for {since}").format(state=word, since=duration(since))


def _configuration(vitals: Vitals) -> str:
    if not vitals.configuration:
        return _("none")
    generation = _("generation {number}").format(number=vitals.generation)
    return f"{generation}, {vitals.configuration[:_SHOWN]}"


def _connections(vitals: Vitals) -> str:
    return "-" if vitals.connections is None else str(vitals.connections)


def _whatever(_: Vitals) -> None:
    """It need not be the same."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One thing of which each node has its own."""

    title: str
    show: Callable[[Vitals], str]
    same: Callable[[Vitals], object] = _whatever
    """What should be the same on both; nothing: it is not known, or need not be."""
    fixed: bool = False
    """It never changes on a node."""


_ROWS = (
    _Row(marked("firmware"), lambda vitals: vitals.firmware or _("unknown"), lambda vitals: vitals.firmware),
    _Row(marked("configuration"), _configuration, lambda vitals: vitals.configuration),
    _Row(
        marked("model"),
        lambda vitals: vitals.model or _("unknown"),
        lambda vitals: vitals.model,
        fixed=True,
    ),
    _Row(
        marked("network cards"),
        lambda vitals: str(vitals.cards or _("unknown")),
        lambda vitals: vitals.cards,
        fixed=True,
    ),
    _Row(marked("connections"), _connections),
    _Row(marked("load"), lambda vitals: f"{vitals.load:.2f}"),
)
