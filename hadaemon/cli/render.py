"""The daemon's status answer as text. Pure: an answer in, lines out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

from hadaemon.cli.alarms_text import alarm_lines
from hadaemon.cli.conntrack import conntrack_lines
from hadaemon.cli.hotwire import hotwire_lines
from hadaemon.cli.services import service_lines
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.text.columns import duration, table

Answer: TypeAlias = dict[str, Any]

SCHEMA = 2
"""The schema of the answers that this version understands."""

_PHASES = {
    "releasing": "hands over: offers the virtual addresses to the other node",
    "lingering": "has handed over: serves what is still under way to it",
    "claiming": "takes over: waits for the other node to hand over",
    "tied": "compares addresses with a node of the same score",
}
"""What a node is in the middle of."""


def render_status(answer: Answer, verbose: bool = False, now: float | None = None) -> str:
    """The whole status, the most important thing first. `now`: seconds since the epoch, to tell when."""
    status = answer["status"]
    pair = [*hotwire_lines(answer, verbose), *conntrack_lines(answer), *_sync(answer)]
    sections = [
        _head(answer, now),
        _interfaces(answer),
        # The other node's own words over the hotwire say more than its advertisements.
        () if _speaks(answer) and not verbose else _peer(status),
        pair,
        service_lines(answer),
        upgrade_lines(answer) if (answer.get("upgrade") or {}).get("closed") is False else (),
        _checks(status),
        _problems(status),
        alarm_lines(answer),
    ]
    if verbose:
        sections += [_ports(answer), _counters(status)]
    if verbose or any(port["interface"] is None for port in answer["ports"]):
        sections.append(_unbound(answer))
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines)


def _speaks(answer: Answer) -> bool:
    hotwire = answer.get("hotwire")
    return bool(hotwire and hotwire["state"] == "up" and hotwire["peer"])


def _head(answer: Answer, now: float | None) -> Iterator[str]:
    status, firmware = answer["status"], answer["firmware"]
    role = f" ({status['role']})" if status["role"] else ""
    cluster = f" of cluster {status['cluster']}" if status["cluster"] else ""
    since = f" for {duration(status['since'])}" if status["cluster"] else ""
    yield f"{status['node']}{role}{cluster}: {status['state'].upper()}{since}"
    yield f"  {_when(status, now)}{status['reason']}"
    if status["score"]:
        yield f"  priority {status['score']['priority']}: {', '.join(_parts(status['score']))}"
    if status.get("phase"):
        yield f"  {_PHASES.get(status['phase'], status['phase'])}"
    if status.get("suspended"):
        yield f"  SUSPENDED: {status['suspended']}"
    if status.get("maintenance") and status["state"] != "maintenance":
        yield "  MAINTENANCE begins"
    if firmware["version"] or firmware["slot"]:
        trial = ", ON TRIAL" if firmware.get("on_trial") else ""
        yield f"  firmware {firmware['version'] or 'unknown'}, slot {firmware['slot'] or 'unknown'}{trial}"


def _when(status: Answer, now: float | None) -> str:
    """As `hactl history` writes it."""
    if now is None or not status["cluster"]:
        return ""
    return f"since {datetime.fromtimestamp(now - status['since'], UTC):%Y-%m-%d %H:%M:%S} UTC: "


def _parts(score: Answer) -> Iterator[str]:
    """What the priority is made of."""
    yield _counted(score["links_down"], "link", "down") or "all links up"
    groups = _counted(score.get("failed_groups", 0), "ping group", "failed")
    if groups:
        yield groups
    unproven = _counted(score.get("unproven", 0), "link", "not proven yet")
    if unproven:
        yield unproven
    yield "preferred" if score["preferred"] else "not preferred"


def _counted(count: int, what: str, how: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''} {how}" if count else ""


def _interfaces(answer: Answer) -> Iterator[str]:
    interfaces = answer["status"]["interfaces"]
    if not interfaces:
        return
    ports = {port["port"]: port for port in answer["ports"]}
    rows = []
    for interface in interfaces:
        port = ports[interface["port"]]
        here = interface["held"] and port["interface"]  # There may be no card that could have them.
        rows.append(
            (
                interface["port"],
                port["interface"] or "-",
                interface["link"],
                str(interface["vrid"]),
                interface["state"],
                interface["address"] or "-",
                ", ".join(interface["virtual_addresses"]) + (" (here)" if here else ""),
            )
        )
    header = ("port", "interface", "link", "VRID", "state", "address", "virtual addresses")
    yield from table(header, rows)


def _peer(status: Answer) -> Iterator[str]:
    peer = status["peer"]
    if peer:
        yield (
            f"peer: {peer['state']}, {peer['address']} on {peer['port']}, priority {peer['priority']}, "
            f"heard {peer['last_heard']:.1f} s ago"
        )
    elif status["cluster"]:
        yield "peer: never heard (a node in backup sends nothing)"


def _checks(status: Answer) -> Iterator[str]:
    """The ping groups, where there are any."""
    for group in status.get("ping_groups", ()):
        failed = ", ".join(group["failed_hosts"])
        state = "FAILED" if group["failed"] else f"no answer from {failed}" if failed else "answers"
        yield f"ping group {group['name']}: {state}"


def _sync(answer: Answer) -> Iterator[str]:
    """Whether both nodes have the same configuration and the same firmware."""
    sync = answer.get("sync")
    if sync:
        yield f"configuration: {sync['state']}: {sync['reason']}"
    pair = answer["firmware"].get("pair")
    if pair:
        yield f"firmware: {pair['state']}: {pair['reason']}"


def _problems(status: Answer) -> Iterator[str]:
    if status["problems"]:
        yield "problems:"
        yield from (f"  ! {problem['text']}" for problem in status["problems"])
    elif status["cluster"]:
        yield "no problems"


def _ports(answer: Answer) -> Iterator[str]:
    rows = [
        (
            port["port"],
            port["interface"] or "absent",
            port["mac"],
            port["driver"] or "-",
            "carrier" if port["carrier"] else "no carrier",
            ", ".join(address["address"] for address in port["addresses"]) or "-",
        )
        for port in answer["ports"]
    ]
    if rows:
        yield "all ports:"
        header = ("port", "interface", "MAC", "driver", "link", "addresses now")
        yield from (f"  {line}" for line in table(header, rows))


def _unbound(answer: Answer) -> Iterator[str]:
    rows = [
        (
            link["interface"],
            link["mac"],
            link["driver"] or "-",
            link["path"] or "-",
            "carrier" if link["carrier"] else "no carrier",
        )
        for link in answer["unbound"]
    ]
    if rows:
        yield "hardware that no port is bound to:"
        yield from (f"  {line}" for line in table(("interface", "MAC", "driver", "bus", "link"), rows))


def _counters(status: Answer) -> Iterator[str]:
    rows = []
    for interface in status["interfaces"]:
        discards = ", ".join(f"{reason} {count}" for reason, count in sorted(interface["discards"].items()))
        heard = interface["last_heard"]
        rows.append(
            (
                interface["port"],
                str(interface["sent"]),
                str(interface["received"]),
                "never" if heard is None else f"{heard:.1f} s ago from {interface['heard_from']}",
                discards or "none",
            )
        )
    if rows:
        yield "advertisements:"
        yield from (f"  {line}" for line in table(("port", "sent", "received", "last", "discarded"), rows))
