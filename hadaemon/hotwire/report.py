"""What a node tells of itself in each heartbeat, as compact JSON.

Unknown keys are ignored and missing ones have a default, so that two neighbouring versions understand each
other. Values out of bounds make the whole report unbelievable: it is authentic, so its sender is broken.
"""

import dataclasses
import json
from collections.abc import Callable
from itertools import accumulate
from typing import Any, get_type_hints

from hadaemon.hotwire.message import MAX_BODY
from hadaemon.status.keys import Keys
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report, Vitals
from hadaemon.status.states import NodeState
from hadaemon.text.reading import read_json
from hadaemon.upgrade.firmware_report import MAX_REASON, FirmwareReport, from_json, to_json

_MAX_TEXT = 200
"""Characters of any text in a report."""
_SHORT_TEXT = 24
"""Characters of each where all of it does not fit otherwise."""
_MAX_MODEL = 64
_MAX_LINKS = 256
_MAX_NUMBER = (1 << 63) - 1


def encode_report(report: Report) -> bytes:
    """At most MAX_BODY bytes: of very many links the healthy ones are left out first, then the rest of them,
    and the longest texts are cut at last: the plan of an upgrade always goes along."""
    links = dict(report.peer.links)
    down = [name for name, usable in links.items() if not usable]
    some = dict.fromkeys(down[: _fitting(down)], False)
    for kept, most in (*((each, _MAX_TEXT) for each in (links, some, {})), ({}, _SHORT_TEXT)):
        body = _encode(report, kept, most)
        if len(body) <= MAX_BODY:
            return body
    return _encode(report, {}, 0)


def _fitting(names: list[str]) -> int:
    """How many names surely fit beside the rest of a report."""
    ends = accumulate(len(name) + len('"":false,') for name in names)
    return sum(end <= MAX_BODY // 2 for end in ends)


def _encode(report: Report, links: dict[str, bool], most: int) -> bytes:
    """`most`: characters of a text."""
    parts = (report.peer, report.vitals, report.keys)
    content: dict[str, Any] = {
        key: value for each in parts for key, value in dataclasses.asdict(each).items()
    }
    content["links"] = links
    content["unready"] = report.peer.unready[:most]
    content["model"] = report.vitals.model[: min(most, _MAX_MODEL)]
    del content["upgrade"]
    if report.vitals.upgrade.known:
        content["upgrade"] = to_json(report.vitals.upgrade, min(most, MAX_REASON))
    content["load"] = round(report.vitals.load, 2)
    if report.keys == Keys():
        for key in _KEYS_FIELDS:
            del content[key]
    content |= {key: int(value) for key, value in content.items() if isinstance(value, bool)}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def decode_report(body: bytes) -> Report:
    """Raises ValueError when the body is not a report."""
    content = read_json(body)
    if not isinstance(content, dict):
        raise ValueError("not an object")
    read = _Reader(content)
    peer = {name: read.value(name, kind) for name, kind in _PEER_FIELDS.items()}
    vitals = {name: read.value(name, kind) for name, kind in _VITALS_FIELDS.items()}
    keys = {name: read.value(name, kind) for name, kind in _KEYS_FIELDS.items()}
    return Report(Peer(**peer), Vitals(**vitals), Keys(**keys))


class _Reader:
    """Typed, bounded reads from a JSON object; each raises ValueError."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content

    def value(self, key: str, kind: object) -> Any:
        """What belongs to a field of that type."""
        return self._readers[kind](key)

    @property
    def _readers(self) -> dict[object, Callable[[str], object]]:
        return {
            str: self._text,
            int: self._number,
            bool: self._flag,
            float: self._fraction,
            int | None: self._optional_number,
            NodeState: self._state,
            tuple[tuple[str, bool], ...]: self._flags,
            FirmwareReport: lambda key: from_json(self._content.get(key)),
        }

    def _text(self, key: str) -> str:
        """Printable, and no more than anybody wants to read."""
        value = self._content.get(key, "")
        if not isinstance(value, str) or len(value) > _MAX_TEXT or not value.isprintable():
            raise ValueError(f"{key} is no text")
        return value

    def _state(self, key: str) -> NodeState:
        return NodeState(self._text(key))

    def _number(self, key: str) -> int:
        return _number(key, self._content.get(key, 0))

    def _optional_number(self, key: str) -> int | None:
        value = self._content.get(key)
        return None if value is None else _number(key, value)

    def _flag(self, key: str) -> bool:
        return self._number(key) != 0

    def _fraction(self, key: str) -> float:
        value = self._content.get(key, 0)
        if not isinstance(value, int | float) or not 0 <= value < 1e6:
            raise ValueError(f"{key} is no number")
        return float(value)

    def _flags(self, key: str) -> tuple[tuple[str, bool], ...]:
        value = self._content.get(key, {})
        if not isinstance(value, dict) or len(value) > _MAX_LINKS:
            raise ValueError(f"{key} is no object")
        return tuple((name, _number(key, flag) != 0) for name, flag in value.items() if name.isprintable())


def _number(key: str, value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MAX_NUMBER:
        raise ValueError(f"{key} is no number")
    return int(value)


_PEER_FIELDS = get_type_hints(Peer)
_VITALS_FIELDS = get_type_hints(Vitals)
_KEYS_FIELDS = get_type_hints(Keys)
