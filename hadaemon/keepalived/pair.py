"""Two nodes' configurations as that of one pair: which instance is which, who is preferred, what differs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hadaemon.config.values import label
from hadaemon.keepalived.conntrackd import Conntrackd
from hadaemon.keepalived.links import Box
from hadaemon.keepalived.model import DEFAULT_PRIORITY, Instance, Keepalived
from hadaemon.keepalived.report import Findings

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_DEFAULT_NAMES = ("alpha", "beta")
_GENERIC = ("keepalived", "haproxy", "lvs", "router", "localhost")
"""Names of files and `router_id` that name no node."""
_SAME = ("vrid", "interval", "version", "password", "preempt", "virtual_mac")


@dataclass(frozen=True, slots=True)
class Side:
    """One node of the pair, as its files tell of it."""

    name: str
    told: Keepalived | None
    """None: there is no file of this node."""
    conntrackd: Conntrackd | None = None
    box: Box = field(default_factory=dict)
    own_names: Mapping[str, str] = field(default_factory=dict)
    """What this node calls an interface, by the other node's name for it, where they differ."""

    def device(self, name: str) -> str:
        """What this node calls the interface."""
        return self.own_names.get(name, name)


@dataclass(frozen=True, slots=True)
class Both:
    """One instance on both nodes; what they say differently is as the first says."""

    first: Instance
    second: Instance | None = None
    swapped: bool = False
    """`first` is of the second node, which alone has it."""

    def of(self, side: int) -> Instance | None:
        """That of the first node (0) or of the second one (1)."""
        if self.swapped:
            return self.first if side else None
        return self.second if side else self.first


def node_names(told: Sequence[Keepalived], asked: Sequence[str]) -> tuple[str, str]:
    """As they were asked for, else as conditions, router_id or the files are called."""
    names: list[str] = list(asked)
    for each in told[len(names) :]:
        stem = each.file.rpartition("/")[2].partition(".")[0]
        names.append(next(filter(None, map(_as_name, (each.config_id, each.globals.router_id, stem))), ""))
    names += [""] * (2 - len(names))
    if names[0] == names[1]:
        names[1] = ""
    for position in (0, 1):
        usual = (_DEFAULT_NAMES[position], _DEFAULT_NAMES[1 - position])
        names[position] = names[position] or next(name for name in usual if name not in names)
    return names[0], names[1]


def _as_name(text: str) -> str:
    """Empty: it names no node."""
    name = _NOT_IN_NAMES.sub("-", text.lower().partition(".")[0]).strip("-")[:63].strip("-")
    try:
        return "" if not name or name in _GENERIC else label(name)
    except ValueError:
        return ""


def cluster_name(told: Sequence[Keepalived]) -> str:
    """That of the only sync group, else `firewalls`."""
    groups = {_as_name(group.name) for each in told for group in each.groups}
    return groups.pop() or "firewalls" if len(groups) == 1 else "firewalls"


def matched(told: Sequence[Keepalived]) -> tuple[Both, ...]:
    """The instances of both nodes: by name, else by the VRID if each has it once."""
    if len(told) < 2:
        return tuple(Both(each) for each in told[0].instances)
    rest = list(told[1].instances)
    found = []
    for first in told[0].instances:
        named = [other for other in rest if other.name == first.name]
        numbered = [other for other in rest if other.vrid == first.vrid]
        second = named[0] if named else numbered[0] if len(numbered) == 1 else None
        if second is not None:
            rest.remove(second)
        found.append(Both(first, second))
    return (*found, *(Both(each, swapped=True) for each in rest))


def other_names(both: Sequence[Both]) -> dict[str, str]:
    """What the second node calls an interface, by the first one's name for it, where they differ."""
    names: dict[str, str] = {}
    for each in both:
        if each.second is None:
            continue
        pairs = [(each.first.interface, each.second.interface)]
        theirs = {address.value.ip: address.device for address in each.second.addresses}
        pairs += [
            (address.device, theirs[address.value.ip])
            for address in each.first.addresses
            if address.value.ip in theirs
        ]
        for mine, other in pairs:
            if mine and other and mine != other:
                names.setdefault(mine, other)
    return names


def tell_differences(both: Sequence[Both], findings: Findings) -> None:
    """What one pair says once, and the two files say differently."""
    for each in both:
        if each.swapped:
            findings.changed(
                each.first.place,
                f"vrrp_instance {each.first.name} is in one of the two files only: it is the pair's now",
                "remove its HA interface from cluster.toml, if that is wrong",
            )
        if each.second is None:
            continue
        for key in _SAME:
            if getattr(each.first, key) != getattr(each.second, key):
                findings.changed(
                    each.second.place,
                    f"vrrp_instance {each.second.name}: {key} differs from that in {each.first.place}, which "
                    "counts: a pair says it once",
                )
        _tell_addresses(each, findings)


def _tell_addresses(each: Both, findings: Findings) -> None:
    assert each.second is not None
    mine = {address.value for address in each.first.addresses}
    theirs = {address.value for address in each.second.addresses}
    for address in (*each.first.addresses, *each.second.addresses):
        if address.value in mine ^ theirs:
            findings.changed(
                address.place,
                f"{address.value} is in one of the two files only: it is a virtual address of the pair now",
                "remove it from cluster.toml, if that is wrong",
            )


def master_of(sides: tuple[Side, Side], both: Sequence[Both], findings: Findings) -> str:
    """The node that is to be active when both are equally healthy."""
    first = both[0].first
    if sides[1].told is None:
        preferred = first.begins_as_master or first.priority >= DEFAULT_PRIORITY
        findings.changed(
            first.at("priority"),
            f"priority {first.priority}: which node is preferred is written once, master = "
            f'"{sides[0 if preferred else 1].name}"; without the other node\'s file this is a guess',
            "look at it in cluster.toml, or import both nodes' files",
        )
        return sides[0 if preferred else 1].name
    votes = list(_votes(both))
    more = sum(vote for _, vote in votes)
    chosen = sides[1] if more < 0 or (more == 0 and votes and not first.begins_as_master) else sides[0]
    at = (votes[0][0] if votes else first).at("priority")
    if len({vote for _, vote in votes}) == 1:
        findings.changed(
            at,
            f'priority: which node is preferred is written once, master = "{chosen.name}"; the score follows '
            "from health, then from that",
        )
    elif votes:
        shared = ", ".join(sorted(instance.name for instance, _ in votes))
        findings.changed(
            at,
            f"the nodes shared the load ({shared} were preferred on different ones): now one node has all "
            "virtual addresses, and the other one waits",
            "see that one box can carry everything",
        )
    else:
        findings.changed(
            at,
            f'the priorities are equal: master = "{chosen.name}" decides now',
            "look at it in cluster.toml",
        )
    return chosen.name


def _votes(both: Sequence[Both]) -> Iterator[tuple[Instance, int]]:
    """Each instance that prefers one node: 1 the first, -1 the second."""
    for each in both:
        if each.second is not None and each.first.priority != each.second.priority:
            yield each.first, 1 if each.first.priority > each.second.priority else -1
