"""What a node offers its peer: the bundle of the firmware that it runs, if it has it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.slots import NAMES

PULL_LOG = "firmware-pull.log"
"""In the run folder: what the unit says that fetches the peer's firmware; at its end `end` and a status."""
WORK_LOG = "firmware-upgrade.log"
"""In the run folder: what the unit says that installs for the upgrade of the pair; with the same end."""
STAGED = "upgrade.raucb"
"""The bundle of the upgrade that is under way, on both nodes."""
_MAX_SIZE = 4 << 30
_MAX_TEXT = 200
_END = re.compile(r"end (\d{1,3})")
_TEXTS = ("node", "version", "compatible", "slot", "digest")


@dataclass(frozen=True, slots=True)
class Offer:
    """By the node's own words: whoever takes it checks the bundle itself."""

    node: str
    version: str
    compatible: str
    slot: str
    """That runs, and whose bundle it is."""
    digest: str = ""
    """Of the bundle's manifest; empty: the node does not have the bundle."""
    size: int = 0
    """Bytes of the bundle."""


def to_json(offer: Offer) -> dict[str, Any]:
    """For a message."""
    return asdict(offer)


def from_json(found: Mapping[str, Any]) -> Offer:
    """Checks what came from outside. Raises UpgradeError."""
    texts = [str(found.get(name)) for name in _TEXTS if isinstance(found.get(name), str)]
    size = found.get("size")
    if (
        len(texts) != len(_TEXTS)
        or max(map(len, texts)) > _MAX_TEXT
        or found["slot"] not in NAMES
        or isinstance(size, bool)
        or not isinstance(size, int)
        or not 0 <= size <= _MAX_SIZE
    ):
        raise UpgradeError("the other node's words about its firmware cannot be understood")
    node, version, compatible, slot, digest = texts
    return Offer(node, version, compatible, slot, digest, size)


@dataclass(frozen=True, slots=True)
class Pulled:
    """How far the other node is with fetching this one's firmware."""

    lines: tuple[str, ...]
    """What it has said so far."""
    status: int | None = None
    """Its exit code; None: it is still at it."""


def pulled(said: str) -> Pulled:
    """Reads the other node's log; a last line that is not whole yet is left out."""
    lines = said.split("\n")[:-1]
    if lines and (found := _END.fullmatch(lines[-1])):
        return Pulled(tuple(lines[:-1]), int(found[1]))
    return Pulled(tuple(lines))


def same(one: Offer, other: Offer) -> bool:
    """Both nodes run the same, as far as they can tell: builds of one version differ by their bundles."""
    return one.version == other.version and (not one.digest or not other.digest or one.digest == other.digest)


def check_taken(name: str, found: Pulled) -> None:
    """Raises UpgradeError with the other node's own words, if it has ended without success."""
    if found.status:
        last = found.lines[-1].removeprefix("hactl: ") if found.lines else "it does not say why"
        raise UpgradeError(f"{name} has not taken it: {last}")


def check_offer(offer: Offer, compatible: str) -> None:
    """Raises UpgradeError for an offer that a node of another board cannot take, or that holds nothing."""
    if offer.compatible != compatible:
        raise UpgradeError(f"{offer.node} is a {offer.compatible}, and the other node is a {compatible}")
    if not offer.digest:
        raise UpgradeError(
            f"{offer.node} runs {offer.version} and does not have its bundle: give it that with "
            "`hactl firmware keep FILE` on it"
        )
