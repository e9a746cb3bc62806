"""A table of nftables of its own: who gets a virtual address as source, and what comes back to HAProxy.

Apart from the table of the firewall, which is replaced as a whole at each change: systemd fills the sets
here, once at the start of a unit, and they stay.
"""

import re
from collections.abc import Iterator

from hadaemon.config.follow_model import Follow
from hadaemon.vrrp.model import IPAddress

TABLE = "hotspare_follow"
TRANSPARENT_MARK = 0x48D
"""Of packets that come back to an address that HAProxy has borrowed. By the routing table that the unit of
HAProxy makes they are local."""
TUNNEL_MARK = 0x48E
"""Of a tunnel's own packets: they go beside a tunnel that takes everything."""
TUNNEL_TABLE = 73
"""The routing table with the default route of such a tunnel, which follows it."""
_FIRST_MARK = 0x4800
_LEVELS = (2, 3, 4)
"""Below system.slice, an instance below the slice of its template, and what its own `Slice` may add."""


def source_set(unit: str) -> str:
    """The set with the control group of a unit."""
    return f"unit_{re.sub('[^A-Za-z0-9]', '_', unit)}"


def follow_table(follow: Follow) -> str:
    """Loaded whole; what is in the sets stays."""
    outgoing = list(_marks(follow))
    leaving = [*_tunnels(follow), *_translations(follow)]
    diverted = _diverted(follow)
    if not outgoing and not leaving and not diverted:
        return f"table inet {TABLE} {{}}\ndelete table inet {TABLE}\n"
    sets = [
        f"set {source_set(each.unit)} {{ type cgroupsv2; }}"
        for each in follow.services
        if each.source is not None
    ]
    lines = [
        f"table inet {TABLE} {{}}",
        f"flush table inet {TABLE}",
        f"table inet {TABLE} {{",
        *(f"\t{line}" for line in sets),
        *_chain("output", "type filter hook output priority mangle;", outgoing),
        *_chain("postrouting", "type nat hook postrouting priority srcnat - 5;", leaving),
        *_chain("prerouting", "type filter hook prerouting priority mangle;", diverted),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _chain(name: str, hook: str, rules: list[str]) -> Iterator[str]:
    yield f"\tchain {name} {{"
    yield from (f"\t\t{line}" for line in (hook, *rules))
    yield "\t}"


def _marks(follow: Follow) -> Iterator[str]:
    for number, each in enumerate(follow.services):
        if each.source is not None:
            for level in _LEVELS:
                known = f"socket cgroupv2 level {level} @{source_set(each.unit)}"
                yield f"{known} meta mark set {_FIRST_MARK + number:#x}"


def _translations(follow: Follow) -> Iterator[str]:
    for number, each in enumerate(follow.services):
        if each.source is not None:
            yield f'oifname != "lo" meta mark {_FIRST_MARK + number:#x} {_translated(each.source)}'


def _tunnels(follow: Follow) -> Iterator[str]:
    """The kernel's own packets of a tunnel, which belong to no unit; never those of other hosts."""
    for each in follow.wireguard:
        if each.source is not None:
            known = f'oifname != "lo" fib saddr type local udp sport {each.listen_port}'
            yield f"{known} {_translated(each.source)}"


def _translated(source: IPAddress) -> str:
    family = source.version
    return f"meta nfproto ipv{family} snat {'ip' if family == 4 else 'ip6'} to {source}"


def _diverted(follow: Follow) -> list[str]:
    if follow.haproxy is None or not follow.haproxy.transparent:
        return []
    return [
        f"meta l4proto tcp socket transparent 1 socket wildcard 0 meta mark set {TRANSPARENT_MARK:#x} accept"
    ]
