"""The hotwire and the other node in `hactl status`. Pure: an answer in, lines out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hadaemon.text.columns import columns, duration

_SHOWN = 8
"""Digits of a configuration's digest."""
_OTHER_ROLE = {"master": "spare", "spare": "master"}


def hotwire_lines(answer: dict[str, Any], verbose: bool) -> Iterator[str]:
    """Nothing where there is no hotwire."""
    hotwire = answer.get("hotwire")
    if not hotwire:
        return
    if hotwire["state"] == "not-paired":
        yield f"hotwire: not paired (port {hotwire['port']})"
        return
    yield f"hotwire: {', '.join(_link(hotwire))}"
    if hotwire["peer"]:
        yield from (f"  {line}" for line in _node(answer, hotwire["peer"], verbose))
    if verbose or hotwire["drops"]:
        drops = ", ".join(f"{reason} {count}" for reason, count in hotwire["drops"].items())
        counts = f"sent {hotwire['sent']}, received {hotwire['received']}"
        yield f"  heartbeats {counts}, dropped: {drops or 'none'}"


def _link(hotwire: dict[str, Any]) -> Iterator[str]:
    yield str(hotwire["state"])
    yield f"{hotwire['interface'] or 'absent'} {hotwire['address']}"
    if hotwire["last_word"]:
        yield f"the other node is gone: {hotwire['last_word']}"
    elif hotwire["last_heard"] is None:
        yield "the other node was never heard"
    else:
        yield f"{hotwire['peer_address']} heard {hotwire['last_heard']:.1f} s ago"
    if hotwire["state"] == "up" and not hotwire["connected"]:
        yield "no connection to its daemon yet"


def _node(answer: dict[str, Any], peer: dict[str, Any], verbose: bool) -> Iterator[str]:
    """The other node by its own words: the last ones, if it is silent now."""
    status = answer["status"]
    was = "" if answer["hotwire"]["state"] == "up" else f" was {peer['state'].upper()}"
    role = _OTHER_ROLE.get(status["role"] or "", "")
    witness = status.get("hotwire") or {}
    priority = f", priority {witness['priority']}" if witness.get("priority") is not None else ""
    yield f"{peer['name']} ({role}){was}{priority}: {', '.join(_score(peer))}"
    links = ", ".join(f"{name} {'up' if usable else 'down'}" for name, usable in peer["links"])
    if links:
        yield f"links: {links}"
    yield from _side_by_side(answer, peer, verbose)


def _score(peer: dict[str, Any]) -> Iterator[str]:
    down, groups = peer["links_down"], peer["failed_groups"]
    yield "all links up" if not down else f"{down} link{'s' if down > 1 else ''} down"
    if groups:
        yield f"{groups} ping group{'s' if groups > 1 else ''} failed"
    yield "preferred" if peer["preferred"] else "not preferred"
    if peer["suspended"]:
        yield "suspended"
    if peer["unready"]:
        yield f"not ready: {peer['unready']}"
    elif peer["state"] == "backup":
        yield "ready to take over"


def _side_by_side(answer: dict[str, Any], peer: dict[str, Any], verbose: bool) -> Iterator[str]:
    """Both nodes; what should be the same on both and is not is marked, what cannot change only told then."""
    status = answer["status"]
    own = answer["hotwire"]["own"] | {"state": status["state"], "since": status["since"]}
    rows = [("", status["node"], peer["name"], "")]
    for row in _ROWS:
        differs = row.same and own[row.key] and peer.get(row.key) and own[row.key] != peer[row.key]
        if differs or verbose or not row.fixed:
            rows.append((row.title, row.show(own), row.show(peer), "! differs" if differs else ""))
    yield from columns(rows)


def _state(vitals: dict[str, Any]) -> str:
    lasts = "" if vitals.get("since") is None else f" for {duration(vitals['since'])}"
    return f"{vitals['state'].upper()}{lasts}"


def _configuration(vitals: dict[str, Any]) -> str:
    if not vitals["configuration"]:
        return "none"
    return f"generation {vitals['generation']}, {vitals['configuration'][:_SHOWN]}"


def _connections(vitals: dict[str, Any]) -> str:
    return "-" if vitals["connections"] is None else str(vitals["connections"])


@dataclass(frozen=True, slots=True)
class _Row:
    """One thing of which each node has its own."""

    title: str
    key: str
    show: Callable[[dict[str, Any]], str]
    same: bool = False
    """It should be the same on both."""
    fixed: bool = False
    """It never changes on a node."""


_ROWS = (
    _Row("state", "state", _state),
    _Row("firmware", "firmware", lambda vitals: vitals["firmware"] or "unknown", same=True),
    _Row("configuration", "configuration", _configuration, same=True),
    _Row("model", "model", lambda vitals: vitals.get("model") or "unknown", same=True, fixed=True),
    _Row(
        "network cards", "cards", lambda vitals: str(vitals.get("cards") or "unknown"), same=True, fixed=True
    ),
    _Row("connections", "connections", _connections),
    _Row("load", "load", lambda vitals: f"{vitals['load']:.2f}"),
)
