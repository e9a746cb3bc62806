"""conntrackd.conf: over which cable the connections go, and what it filtered."""

from collections.abc import Iterable
from dataclasses import dataclass

from hadaemon.keepalived.lines import Line
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import Place, Source
from hadaemon.keepalived.tree import Statement, read_tree
from hadaemon.keepalived.values import address
from hadaemon.vrrp.model import IPAddress

_CHANNELS = ("Multicast", "UDP", "TCP")
_PAGE = "docs/conntrack.md"
_BUFFERS = "sizes, files and buffers of conntrackd: the daemon writes its configuration by itself"
_TOLD = ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP")


@dataclass(frozen=True, slots=True)
class Conntrackd:
    """One node's configuration, as far as it says something of the pair."""

    file: str
    interface: str
    """Of its dedicated link."""
    own: IPAddress | None
    """This node's address on it, as far as the file says it."""
    peer: IPAddress | None
    place: Place


def read_conntrackd(source: Source, findings: Findings) -> Conntrackd | None:
    """None: it synchronizes nothing. Raises SourceError."""
    found: Conntrackd | None = None
    for each in read_tree(_lines(source)):
        match each.keyword:
            case "Sync":
                found = _sync(source.path, each, findings) or found
            case "General":
                _general(each, findings)
            case "Stats":
                findings.lost(each.place, "Stats: no statistics of connections are logged")
            case "Helper":
                findings.lost(
                    each.place,
                    "Helper: the kernel's helpers are in the image, and none is on by itself",
                    "switch one on with a snippet: docs/firewall.md#protocols-with-a-second-connection",
                )
            case _:
                findings.lost(each.place, f"{each.keyword} is no word that is known here")
    return found


def _lines(source: Source) -> Iterable[Line]:
    """Only # begins a comment, and nothing is defined."""
    for number, text in enumerate(source.text.removeprefix("\ufeff").split("\n"), 1):
        plain = text.partition("#")[0].strip()
        if plain:
            yield Line(plain, Place(source.path, number))


def _sync(file: str, block: Statement, findings: Findings) -> Conntrackd | None:
    links: list[tuple[bool, Conntrackd]] = []
    for each in block.within:
        if each.keyword == "Mode":
            _mode(each, findings)
        elif each.keyword in _CHANNELS:
            links.append(("Default" in each.words, _link(file, each, findings)))
        elif each.keyword == "Options":
            findings.carried(
                each.place, "Options: expectations are told, and windows of TCP are tracked liberally"
            )
        else:
            findings.carried(each.place, _BUFFERS)
    if not links:
        findings.refuse(block.place, "Sync names no link: add Multicast, UDP or TCP with its Interface")
        return None
    links.sort(key=lambda link: not link[0])
    for _, link in links[1:]:
        findings.lost(link.place, "a second link for connections: there is one hotwire")
    return links[0][1]


def _mode(each: Statement, findings: Findings) -> None:
    mode = (each.words[1] if len(each.words) > 1 else "").upper()
    if mode != "FTFW":
        findings.changed(each.place, f"Mode {mode}: connections are told by FTFW, which repeats what is lost")
    else:
        findings.carried(
            each.place, "Mode FTFW: connections are told by it over the hotwire, nothing to set up"
        )
    external = [inner for inner in each.within if inner.keyword == "DisableExternalCache"]
    if not external or external[0].rest.lower() != "on":
        findings.changed(
            each.place,
            "there is no external cache: every connection goes into the other node's kernel at once, so "
            "that a takeover has nothing to commit",
            f"forget primary-backup.sh; why: {_PAGE}#how",
        )


def _link(file: str, block: Statement, findings: Findings) -> Conntrackd:
    interface, own, peer = "", None, None
    for each in block.within:
        match each.keyword:
            case "Interface":
                interface = each.rest
            case "IPv4_interface":
                own = address(each.rest, each, findings)
            case "IPv4_address" if block.keyword != "Multicast":
                own = address(each.rest, each, findings)
            case "IPv4_Destination_Address":
                peer = address(each.rest, each, findings)
            case "IPv6_interface" | "IPv6_address" | "IPv6_Destination_Address":
                findings.lost(
                    each.place,
                    f"{each.keyword}: the hotwire speaks IPv4",
                    "nothing: it has an address by itself (docs/hotwire.md#addresses)",
                )
            case _:
                findings.carried(each.place, _BUFFERS)
    if block.keyword != "UDP":
        findings.changed(
            block.place, f"{block.keyword}: connections go by unicast UDP, to the other node alone"
        )
    return Conntrackd(file, interface, own, peer, block.place)


def _general(block: Statement, findings: Findings) -> None:
    for each in block.within:
        if each.keyword != "Filter":
            findings.carried(each.place, _BUFFERS)
            continue
        for inner in each.within:
            _filter(inner, findings)


def _filter(each: Statement, findings: Findings) -> None:
    names = [word for inner in each.within for word in inner.words]
    if each.keyword == "Address":
        findings.carried(
            each.place,
            "Address: a node's own connections and those on the hotwire are never told; all others are",
        )
    elif each.keyword == "Protocol" and "Accept" in each.words and set(names) >= set(_TOLD[:2]):
        findings.carried(each.place, "Protocol: TCP, UDP, ICMP and SCTP are told")
    else:
        findings.changed(
            each.place,
            f"{each.keyword} {' '.join(each.words[1:])} ({', '.join(names)}): there are no filters, all of "
            "TCP, UDP, ICMP and SCTP is told",
        )
