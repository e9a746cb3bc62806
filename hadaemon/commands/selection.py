"""Which connections `hactl connections` shows, in words: `tcp 192.168.12.0/24 port 22`. Pure.

It is declared here because these words go to the other node, too, which takes no others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

PROTOCOLS: dict[str, tuple[int, ...]] = {
    "tcp": (6,),
    "udp": (17,),
    "icmp": (1, 58),
    "sctp": (132,),
    "dccp": (33,),
    "udplite": (136,),
    "gre": (47,),
    "esp": (50,),
    "ah": (51,),
}
"""Their numbers; as in rules of the firewall, `icmp` means both families."""
TCP_STATES = (
    *("none", "syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait"),
    *("close", "syn_sent2"),
)
SCTP_STATES = (
    *("none", "closed", "cookie_wait", "cookie_echoed", "established", "shutdown_sent", "shutdown_recd"),
    *("shutdown_ack_sent", "heartbeat_sent"),
)
"""By their numbers, in the kernel's words."""
MARKS = ("assured", "unreplied", "nat")
"""What may be said of a connection of any protocol."""
STATES = tuple(dict.fromkeys((*TCP_STATES, *SCTP_STATES, *MARKS)))
WORDS = ("host", "port", *PROTOCOLS, *STATES)
"""Every word but addresses, networks and numbers."""
_MOST_PORTS = 65535


class SelectionError(ValueError):
    """A word that selects nothing. The text says what is wrong with it."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(text)
        self.word = word
        """As it was given; empty: one is missing."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Connections that have one of these protocols and states, and all of these addresses and ports."""

    protocols: frozenset[int] = frozenset()
    """Empty: any."""
    states: frozenset[str] = frozenset()
    """Empty: any."""
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Each has one end of the connection, be it a translated one."""
    ports: frozenset[int] = frozenset()
    """Each is at one end of the connection, be it a translated one."""


def read_selection(words: Sequence[str]) -> Selection:
    """What these words select. Raises SelectionError."""
    protocols: set[int] = set()
    states: set[str] = set()
    networks: list[IPv4Network | IPv6Network] = []
    ports: set[int] = set()
    left = iter(words)
    for word in left:
        if word in PROTOCOLS:
            protocols.update(PROTOCOLS[word])
        elif word in STATES:
            states.add(word)
        elif word == "port":
            ports.add(_port(_next(left, word, "a number, e.g. `port 22`")))
        elif word == "host":
            networks.append(_network(_next(left, word, "an address, e.g. `host 192.168.12.5`")))
        else:
            networks.append(_network(word))
    return Selection(frozenset(protocols), frozenset(states), tuple(networks), frozenset(ports))


def selects(words: Sequence[str]) -> bool:
    """Whether they are a selection."""
    try:
        read_selection(words)
    except SelectionError:
        return False
    return True


def _next(left: Iterator[str], word: str, wanted: str) -> str:
    found = next(left, None)
    if found is None:
        raise SelectionError("", f"{word}: it is followed by {wanted}")
    return found


def _port(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) < 6 and int(word) <= _MOST_PORTS):
        raise SelectionError("", f'port: "{word}" is no number from 0 to {_MOST_PORTS}')
    return int(word)


def _network(word: str) -> IPv4Network | IPv6Network:
    if not any(mark in word for mark in ".:"):
        raise SelectionError(word, f'"{word}" is no protocol, state, address or network')
    try:
        return ip_network(word)
    except ValueError:
        pass
    try:
        whole = ip_network(word, strict=False)
    except ValueError:
        raise SelectionError(word, f'"{word}" is no protocol, state, address or network') from None
    raise SelectionError("", f'"{word}" is an address within a network: write "{whole}"')
