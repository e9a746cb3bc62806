"""conntrackd.conf: over which cable the connections go, what it filtered, which helpers, and how many."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network

from hadaemon.config.conntrack_model import (
    EVERYTHING,
    HELPERS,
    MAX_CONNECTIONS,
    MOST_CONNECTIONS,
    PROTOCOLS,
    Conntrack,
    Helper,
)
from hadaemon.keepalived.lines import Line
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import Place, Source
from hadaemon.keepalived.tree import Statement, read_tree
from hadaemon.keepalived.values import address
from hadaemon.vrrp.model import IPAddress, IPNetwork

_CHANNELS = ("Multicast", "UDP", "TCP")
_PAGE = "docs/conntrack.md"
_BUFFERS = "sizes, files and buffers of conntrackd: the daemon writes its configuration by itself"
_OURS = {
    "TCP": "tcp",
    "UDP": "udp",
    "ICMP": "icmp",
    "ICMPV6": "icmp",
    "IPV6-ICMP": "icmp",
    "SCTP": "sctp",
}
_HELPERS = {
    "h.245": "h323",
    **{kernel.lower(): name for name, kind in HELPERS.items() for kernel, _ in kind.listens.values()},
}
"""Ours by conntrackd's, which are the kernel's."""
_NUMBER = re.compile(r"[0-9]{1,10}\Z", re.ASCII)
_STANDARD_PORT = "if its rule named another port than the standard one: write that too, as in ftp/2121"


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
    settings: Conntrack = EVERYTHING
    """What it filtered, its helpers, and how many connections it had room for."""


def read_conntrackd(source: Source, findings: Findings) -> Conntrackd | None:
    """None: it synchronizes nothing. Raises SourceError."""
    found: Conntrackd | None = None
    settings = EVERYTHING
    for each in read_tree(_lines(source)):
        match each.keyword:
            case "Sync":
                found = _sync(source.path, each, findings) or found
                settings = _with_helpers(settings, _expecting(each, findings))
            case "General":
                settings = replace(_general(each, findings), helpers=settings.helpers)
            case "Stats":
                findings.lost(each.place, "Stats: no statistics of connections are logged")
            case "Helper":
                settings = _with_helpers(settings, _own_helpers(each, findings))
            case _:
                findings.lost(each.place, f"{each.keyword} is no word that is known here")
    return replace(found, settings=settings) if found is not None else None


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
            for inner in each.within:
                if inner.keyword != "ExpectationSync":
                    findings.carried(inner.place, "Options: windows of TCP are tracked liberally")
        else:
            findings.carried(each.place, _BUFFERS)
    if not links:
        findings.refuse(block.place, "Sync names no link: add Multicast, UDP or TCP with its Interface")
        return None
    links.sort(key=lambda link: not link[0])
    for _, link in links[1:]:
        findings.lost(link.place, "a second link for connections: there is one hotwire")
    return links[0][1]


def _expecting(block: Statement, findings: Findings) -> Iterator[Helper]:
    """The helpers whose expectations were told by name."""
    options = (each for each in block.within if each.keyword == "Options")
    for each in (inner for option in options for inner in option.within):
        if each.keyword != "ExpectationSync" or each.rest.lower() == "off":
            continue
        if each.block is None:
            findings.changed(
                each.place,
                "ExpectationSync On: what helpers expect is told, and no helper is on by itself",
                f"name those that you need, helpers of [conntrack]: {', '.join(HELPERS)}",
            )
        for inner in each.within:
            for word in inner.words:
                yield from _helper(inner, word, findings)


def _helper(each: Statement, word: str, findings: Findings) -> Iterator[Helper]:
    name = _HELPERS.get(word.lower())
    if name is None:
        findings.lost(
            each.place, f"ExpectationSync {word}: the kernel has no such helper for what is forwarded"
        )
        return
    findings.changed(
        each.place,
        f"ExpectationSync {word}: {name} is in helpers of [conntrack], assigned at its standard port",
        _STANDARD_PORT,
    )
    yield Helper(name)


def _own_helpers(block: Statement, findings: Findings) -> Iterator[Helper]:
    """conntrackd read these protocols itself."""
    for each in block.within:
        name = _HELPERS.get(each.words[1].lower()) if each.keyword == "Type" and len(each.words) > 1 else None
        if name is not None:
            findings.changed(
                each.place,
                f"Helper {name}: the kernel reads it, by helpers of [conntrack], at its standard port",
                _STANDARD_PORT,
            )
            yield Helper(name)
        elif each.keyword == "Type":
            findings.lost(each.place, f"Helper {each.rest}: nobody reads this protocol here")


def _with_helpers(settings: Conntrack, more: Iterable[Helper]) -> Conntrack:
    """Each once."""
    return replace(settings, helpers=tuple(dict.fromkeys((*settings.helpers, *more))))


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


def _general(block: Statement, findings: Findings) -> Conntrack:
    settings = EVERYTHING
    for each in block.within:
        match each.keyword:
            case "Filter":
                for inner in each.within:
                    settings = _filter(inner, settings, findings)
            case "HashLimit":
                settings = replace(settings, max_connections=_most(each, findings))
            case _:
                findings.carried(each.place, _BUFFERS)
    return settings


def _most(each: Statement, findings: Findings) -> int:
    """Its cache was to hold twice what the kernel may have."""
    if not _NUMBER.match(each.rest):
        findings.refuse(each.place, f"HashLimit {each.rest!r} is no number")
        return MAX_CONNECTIONS
    asked = int(each.rest) // 2
    most = max(MAX_CONNECTIONS, min(asked, MOST_CONNECTIONS))
    if most == asked:
        findings.carried(each.place, f"HashLimit: max_connections of [conntrack] is half of it, {most}")
    else:
        findings.changed(
            each.place, f"HashLimit was for {asked} connections: the kernel's table here holds {most}"
        )
    return most


def _filter(each: Statement, settings: Conntrack, findings: Findings) -> Conntrack:
    """With what one part of the filter says."""
    kind = (each.keyword, *each.words[1:2])
    names = [word for inner in each.within for word in inner.words]
    if kind == ("Address", "Ignore"):
        findings.carried(
            each.place,
            "Address Ignore: what is no address of the pair is in ignore of [conntrack]; a node's own "
            "connections and those on the hotwire are never told, those to virtual addresses are",
        )
        return replace(settings, ignore=tuple(_networks(each, findings)))
    named = {_OURS[name.upper()] for name in names if name.upper() in _OURS}
    if kind == ("Protocol", "Ignore"):
        named = set(PROTOCOLS) - named
    if each.keyword == "Protocol" and named:
        told = tuple(name for name in PROTOCOLS if name in named)
        findings.carried(each.place, f"Protocol: {', '.join(told)} are told, protocols of [conntrack]")
        return replace(settings, protocols=told)
    findings.changed(
        each.place,
        f"{each.keyword} {' '.join(each.words[1:])} ({', '.join(names)}): there are no filters of this kind, "
        "such connections are told all the same",
    )
    return settings


def _networks(block: Statement, findings: Findings) -> Iterator[IPNetwork]:
    for each in block.within:
        try:
            found = ip_network(each.words[1] if len(each.words) > 1 else "", strict=False)
        except ValueError as error:
            findings.refuse(each.place, str(error))
            continue
        if found.prefixlen:
            yield found
        else:
            findings.lost(each.place, f"{found}: a whole family cannot be ignored")


def settings_of(
    conntrackd: Iterable[Conntrackd | None], addresses: Collection[IPAddress], findings: Findings
) -> Conntrack:
    """[conntrack] of the pair. `addresses`: those of the pair, which it treats in its own way."""
    known = [each for each in conntrackd if each is not None]
    if not known:
        return EVERYTHING
    protocols = known[0].settings.protocols
    for other in known[1:]:
        if other.settings.protocols != protocols:
            findings.changed(
                other.place, "the nodes told different protocols: now both tell those of the first one"
            )
    ends = {end for each in known for end in (each.own, each.peer)}
    helpers = _with_helpers(
        EVERYTHING, (helper for each in known for helper in each.settings.helpers)
    ).helpers
    ignored = dict.fromkeys(network for each in known for network in each.settings.ignore)
    return Conntrack(
        protocols=protocols,
        ignore=tuple(
            network
            for network in ignored
            if not network.is_loopback
            and not (network.num_addresses == 1 and network.network_address in {*ends, *addresses})
        ),
        helpers=helpers,
        max_connections=max(each.settings.max_connections for each in known),
    )
