"""What a weight of keepalived's meant for a pair, and what it means where a failed check has one weight."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hadaemon.keepalived.model import Keepalived, Tracked, Tracking
from hadaemon.keepalived.pair import Both
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import Place

Which = Callable[[Tracking], Sequence[Tracked]]
"""The lines of one kind."""

_TO_FAULT = (
    "what was tracked without a weight put its node into FAULT, and both nodes if it failed on both: here it "
    "costs 2 of the score, the healthier node is active, and nothing moves where both are the same"
)
_UNKNOWN = (
    "weights: a failed check or ping group costs 2, whatever its weight, and the healthier node is active; "
    "whether the weight was more than the difference of the priorities, one file alone does not say"
)
_SCORE = "read docs/election.md#the-score"


@dataclass(frozen=True, slots=True)
class Use:
    """One place where something is tracked."""

    tracked: Tracked
    apart: int | None
    """The difference of the two nodes' priorities; None: only one of them is known."""
    grouped: bool = False
    """It is tracked by a member of a sync group, where keepalived takes every weight for 0."""


def uses(node: Keepalived, both: Sequence[Both], which: Which, name: str) -> tuple[Use, ...]:
    """Where the node tracks what is called so."""
    return tuple(each for each in _all(node, both, which) if each.tracked.name == name)


def _all(node: Keepalived, both: Sequence[Both], which: Which) -> Iterator[Use]:
    members = {name for group in node.groups for name in group.members}
    for instance in node.instances:
        apart = _apart([instance.name], both)
        for each in which(instance.tracking):
            yield Use(each, apart, instance.name in members)
    for group in node.groups:
        for each in which(group.tracking):
            yield Use(each, _apart(group.members, both))


def _apart(names: Sequence[str], both: Sequence[Both]) -> int | None:
    for each in both:
        if each.second is not None and {each.first.name, each.second.name} & set(names):
            return abs(each.first.priority - each.second.priority)
    return None


def is_reversed(found: Iterable[Use], reverse: bool) -> bool:
    """Whether it is good if it fails: as a line that has a weight of its own says, else as itself says."""
    return any(each.tracked.reverse or (reverse and each.tracked.weight is None) for each in found)


def tell_weight(place: Place, default: int, found: Sequence[Use], findings: Findings) -> None:
    """Where one weight for all is another thing than what was written."""
    weights = [_weight(each, default) for each in found]
    if 0 in weights:
        findings.changed(place, _TO_FAULT, _SCORE)
    elif any(each.apart is None for each in found):
        findings.changed(place, _UNKNOWN, _SCORE)
    elif all(weight <= (each.apart or 0) for weight, each in zip(weights, found, strict=True)):
        findings.changed(
            place,
            f"a weight of {max(weights)} is not more than the difference of the priorities "
            f"({max(each.apart or 0 for each in found)}), so that this failure alone moved nothing: here it "
            "costs 2, and moves all to a healthier node",
            "remove it from cluster.toml, if it must not",
        )


def _weight(use: Use, default: int) -> int:
    own = default if use.tracked.weight is None else use.tracked.weight
    return 0 if use.grouped else abs(own)
