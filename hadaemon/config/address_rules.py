"""What two addresses of a configuration must not be to each other: one table.

The first rule that fits a pair of entries tells of it. Where no rule says anything, the two have nothing to
do with each other: networks that packets are compared with, tracked routes, what checks look at (often the
node itself), sources and NAT addresses (which must be virtual ones, see `follow.py` and
`hadaemon.firewall.advice`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from hadaemon.config import address_relations as relations
from hadaemon.config.address_book import Book, Entry, File, Keys, Role
from hadaemon.config.address_relations import Relation
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.reader import Mistakes
from hadaemon.vrrp.model import OWNER, IPAddress, IPNetwork


class Then(StrEnum):
    """What becomes of it."""

    REFUSED = "refused"
    TOLD = "told"
    """It may work, and the administrator should know."""
    UNSERVED = "refused, or told where services follow"
    """Nothing of ours answers there; a service of the administrator's may ([follow], port forwards)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: two roles, how they stand to each other, and why that is wrong."""

    ones: tuple[Role, ...]
    """It is told at the key of these."""
    when: Relation
    others: tuple[Role, ...]
    then: Then
    why: str
    """And what to write."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What some rules depend on."""

    owner: bool = False
    """The node owns the virtual addresses: its priority is 255."""
    served: bool = False
    """There are services of the administrator's that may answer at addresses of the node."""


ALONE = Facts(served=True)
"""Of a node.toml alone: what cluster.toml says of services is not known."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A rule that fits."""

    rule: Rule
    one: Entry
    other: Entry
    refused: bool

    @property
    def message(self) -> str:
        """What is wrong, and what to do."""
        return f"{self.rule.when.says(self.one, self.other)}: {self.rule.why}"


_MINE = (Role.OWN, Role.VIRTUAL, Role.TUNNEL)
_CONNECTED = (Role.OWN, Role.HOTWIRE, Role.VIRTUAL)
_LINKS = (*_CONNECTED, Role.TUNNEL)
_NETWORKS = (Role.OWN, Role.HOTWIRE, Role.VIRTUAL, Role.PREFIX, Role.TUNNEL)
_ASKED = (Role.DNS, Role.NTP, Role.SYSLOG, Role.ALARMS, Role.HOST_DNS)
_FAR = (Role.GATEWAY, *_ASKED, Role.PING, Role.FORWARD, Role.ENDPOINT)

RULES: tuple[Rule, ...] = (
    Rule((Role.OWN,), relations.SAME, (Role.OWN,), Then.REFUSED, "remove one of the two"),
    Rule((Role.VIRTUAL,), relations.SAME, (Role.VIRTUAL,), Then.REFUSED, "remove one of the two"),
    Rule(
        (Role.VIRTUAL,),
        relations.SAME,
        (Role.OWN,),
        Then.REFUSED,
        "a virtual address must be the own address of neither node",
    ),
    Rule(
        (Role.TUNNEL,),
        relations.SAME,
        _LINKS,
        Then.REFUSED,
        "the tunnel needs an address of its own",
    ),
    Rule(
        (Role.PEER,),
        relations.SAME,
        (Role.VIRTUAL,),
        Then.REFUSED,
        "that moves, and advertisements go to a node: write its own address",
    ),
    Rule(
        (Role.PEER,),
        relations.OF_OTHER_NODE,
        (Role.OWN,),
        Then.REFUSED,
        "write the own address of the node that is named",
    ),
    Rule(
        (Role.GATEWAY,),
        relations.SAME,
        _LINKS,
        Then.REFUSED,
        "the node would be its own next router: take that of the next router",
    ),
    Rule(
        (Role.PING,),
        relations.SAME,
        _MINE,
        Then.REFUSED,
        "who has it always gets an answer, from itself: take a router or a switch",
    ),
    Rule(
        (Role.ENDPOINT,),
        relations.SAME,
        _MINE,
        Then.REFUSED,
        "that is this end of the tunnel: write where the other one is",
    ),
    Rule(
        _ASKED,
        relations.SAME,
        _MINE,
        Then.UNSERVED,
        "nothing of ours answers there, only what you start ([[follow.services]], HAProxy) or forward to: "
        "name the server itself",
    ),
    Rule(
        (Role.FORWARD,),
        relations.SAME,
        _MINE,
        Then.TOLD,
        'the connection ends at the node itself, and needs a rule of the firewall to = ["node"] there; '
        "else write the host behind it",
    ),
    Rule(
        _FAR,
        relations.INSIDE,
        (Role.HOTWIRE,),
        Then.REFUSED,
        "the hotwire is exclusive, nobody else is there: take an address in another network",
    ),
    Rule(
        (*_FAR, Role.PEER, Role.DHCP_GATEWAY, Role.DHCP_HOST),
        relations.EDGE,
        _LINKS,
        Then.REFUSED,
        "no station has it: take an address between its first and last",
    ),
    Rule(
        (Role.OWN, Role.HOTWIRE, Role.VIRTUAL, Role.TUNNEL),
        relations.EDGE,
        _LINKS,
        Then.REFUSED,
        "no station has it: take an address between its first and last, and one prefix length",
    ),
    Rule(
        _NETWORKS,
        relations.ELSEWHERE,
        _NETWORKS,
        Then.REFUSED,
        "what is in both could be reached over one of them only: give each a network of its own",
    ),
    Rule(
        (Role.OWN, Role.VIRTUAL),
        relations.OTHER_LENGTH,
        (Role.OWN, Role.VIRTUAL),
        Then.TOLD,
        "a network has one prefix length, and who has the smaller part does not reach the rest: write the "
        "same, or /32 (IPv6: /128) for a virtual address without a network of its own",
    ),
    Rule(
        (Role.ROUTE,),
        relations.PART,
        (Role.HOTWIRE,),
        Then.REFUSED,
        "the hotwire is exclusive, nothing is routed there: remove the route",
    ),
    Rule(
        (Role.ROUTE,),
        relations.SAME_ROUTE,
        (Role.OWN, Role.VIRTUAL, Role.TUNNEL),
        Then.REFUSED,
        "the route would take the place of the port's own: remove it, or give it a metric over 0 (IPv6: 256)",
    ),
    Rule(
        (Role.ALLOWED,),
        relations.ITSELF,
        _LINKS,
        Then.REFUSED,
        "that is this node's, not the other end's: write the addresses and networks behind the tunnel",
    ),
    Rule(
        (Role.ALLOWED,),
        relations.PART,
        _NETWORKS,
        Then.REFUSED,
        "the route into the tunnel would take its place, and nobody there could be reached: write the "
        "networks behind the tunnel alone",
    ),
    Rule(
        (Role.ALLOWED,),
        relations.AROUND,
        _CONNECTED,
        Then.TOLD,
        "the narrower network counts, but what is for it goes into the tunnel as soon as its port is gone: "
        "write the networks behind the tunnel alone, if they can be named",
    ),
    Rule(
        (Role.ALLOWED,),
        relations.SAME_NETWORK,
        (Role.ALLOWED,),
        Then.REFUSED,
        "a network is behind one peer: remove one of the two",
    ),
    Rule(
        (Role.ALLOWED,),
        relations.SAME_ROUTE,
        (Role.ROUTE,),
        Then.REFUSED,
        "the route into the tunnel would take the place of that one, and none would be left when the tunnel "
        "ends: remove one, or give the other another metric",
    ),
    Rule((Role.DHCP_HOST,), relations.SAME, (Role.DHCP_HOST,), Then.REFUSED, "give each host its own"),
    Rule(
        (Role.DHCP_HOST,),
        relations.SAME,
        (*_MINE, Role.PEER, Role.DHCP_GATEWAY),
        Then.REFUSED,
        "give the host another one",
    ),
    Rule(
        (Role.RANGE,),
        relations.HOLDS,
        (*_MINE, Role.PEER, Role.DHCP_GATEWAY),
        Then.REFUSED,
        "leave it out: a client would get it",
    ),
    Rule(
        (Role.RANGE,),
        relations.HOLDS_EDGE,
        (Role.VIRTUAL,),
        Then.REFUSED,
        "leave it out: no station can have it",
    ),
    Rule(
        (Role.RANGE,),
        relations.HOLDS,
        (Role.GATEWAY, *_ASKED, Role.PING, Role.FORWARD),
        Then.TOLD,
        "a client may get it: leave it out, or name its host in hosts",
    ),
)


Places: TypeAlias = Mapping[File, tuple[str, str]]
"""Of each file its name, and what stands before its keys: a preseed has both."""

Index: TypeAlias = dict[Role, list[tuple[int, Entry]]]


def facts_of(node: NodeConfig | None, cluster: ClusterConfig) -> Facts:
    """What the rules must know beside the addresses."""
    follow = cluster.follow
    served = bool(follow.services or follow.haproxy or cluster.firewall.destination_nat)
    return Facts(node is not None and cluster.vrrp.priorities.get(node.name) == OWNER, served)


def conflicts(book: Book, facts: Facts) -> Iterator[Conflict]:
    """Everything in the book that contradicts something else in it, in the order of the rules."""
    index: Index = defaultdict(list)
    for place, entry in enumerate(book):
        index[entry.role].append((place, entry))
    reserved = {entry.ip for _, entry in index[Role.DHCP_HOST]}
    told: set[tuple[int, int]] = set()
    said: set[tuple[int, int, IPAddress | IPNetwork | None]] = set()
    for rule in RULES:
        for (here, one), (there, other) in _pairs(rule, index):
            pair = (min(here, there), max(here, there))
            if pair in told or (here < there and one.role in rule.others and other.role in rule.ones):
                continue
            if not rule.when.holds(one, other) or _is_right(one, other, facts, reserved):
                continue
            told.add(pair)
            # A port's own and virtual addresses are mostly of one network: it is told once.
            about = (id(rule), here, other.ip if rule.when.of_address else other.network)
            if about in said:
                continue
            said.add(about)
            refused = rule.then is Then.REFUSED or (rule.then is Then.UNSERVED and not facts.served)
            yield Conflict(rule, one, other, refused)


def note_conflicts(book: Book, facts: Facts, mistakes: Mistakes, places: Places) -> None:
    """Notes what is refused."""
    for each in conflicts(book, facts):
        if each.refused:
            file, prefix = places[each.one.file]
            others = named(((each.other.file, each.other.key),), places)
            mistakes.add(f"{prefix}{each.one.key}", each.message, file, others)


def named(keys: Keys, places: Places) -> tuple[str, ...]:
    """As mistakes name them."""
    return tuple(f"{places[file][1]}{key}" for file, key in keys)


def _pairs(rule: Rule, index: Index) -> Iterator[tuple[tuple[int, Entry], tuple[int, Entry]]]:
    others = [each for role in rule.others for each in index[role]]
    by_address: dict[IPAddress | None, list[tuple[int, Entry]]] = defaultdict(list)
    if rule.when.same_address:
        for each in others:
            by_address[each[1].ip].append(each)
    for one in (each for role in rule.ones for each in index[role]):
        near: Sequence[tuple[int, Entry]] = by_address[one[1].ip] if rule.when.same_address else others
        yield from ((one, other) for other in near if other[0] != one[0])


def _is_right(one: Entry, other: Entry, facts: Facts, reserved: set[IPAddress | None]) -> bool:
    """The exceptions: the address owner's own addresses are the virtual ones, a host that is named may
    have an address of the range, and the next router of a backup may be the active node."""
    if one.role is Role.RANGE:
        return other.ip in reserved
    if one.role is Role.GATEWAY and one.while_backup and other.role is Role.VIRTUAL:
        return not facts.owner
    return facts.owner and {one.role, other.role} == {Role.OWN, Role.VIRTUAL} and one.ip == other.ip
