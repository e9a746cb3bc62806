"""The upgrade of a pair, watched from outside: where it stands, its end, and how long each step took.

The steps are read out of both nodes' histories, by each node's own clock: right to a second or so.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import LabError
from firmware.lab.lab import Lab
from firmware.lab.node import Node

LOOK_SECONDS = 8.0
"""Each look costs an emulated node seconds of its processor, which the installation wants too."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line of a node's history; `at` in seconds since the epoch."""

    at: float
    node: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One of the upgrade's; `seconds` until the next one began."""

    what: str
    seconds: float


def plan_of(node: Node) -> dict[str, Any]:
    """Empty while nobody answers: the node restarts by itself, and the shell goes with it."""
    try:
        if not node.logged_in and not node.advance_login():
            return {}
        return node.status().get("upgrade") or {}
    except LabError:
        return {}


def wait_for_end(lab: Lab, seconds: float, report: Callable[[str], None]) -> None:
    """Until both nodes have closed the plan; each new word of theirs is reported with its moment."""
    begun, seen = time.monotonic(), dict[str, tuple[object, ...]]()

    def over() -> bool:
        done = []
        for node in lab.nodes.values():
            found = plan_of(node)
            words = (found.get("step"), found.get("waits"), found.get("verdict"))
            if found and seen.get(node.name) != words:
                seen[node.name] = words
                report(f"  {time.monotonic() - begun:6.0f} s  {node.name}: {words[0] or ''} {words[1]}")
            done.append(found.get("closed") is True)
        return all(done)

    wait_until(over, Deadline(seconds), "the end of the upgrade", interval=LOOK_SECONDS)


def steps_of(first: Node, second: Node, target: str) -> list[Step]:
    """Those of the pair's last upgrade, which was committed."""
    notes = sorted((*_notes(first), *_notes(second)), key=lambda note: note.at)
    return list(steps(notes, first.name, second.name, target))


def steps(notes: Sequence[Note], first: str, second: str, target: str) -> Iterator[Step]:
    """By the notes of both nodes, oldest first. A milestone that is not among them is left out."""
    ours = [note for note in notes if f" to {target}: begins" in note.text and note.node == second]
    if not ours:
        return
    begins = ours[-1].at
    what, at = "", begins
    for node, words, following in _milestones(first, second, target):
        found = next(
            (note.at for note in notes if note.node == node and note.at >= at and words in note.text), None
        )
        if found is None:
            continue
        if what:
            yield Step(what, found - at)
        what, at = following, found


def _milestones(first: str, second: str, target: str) -> Iterator[tuple[str, str, str]]:
    """Who notes which words, and what goes on from there until the next one."""
    yield second, f" to {target}: begins", "the plan is on both nodes"
    for node, other in ((first, second), (second, first)):
        yield node, f": installs {target}", f"{node} installs and verifies"
        yield node, f": restarts into {target}", f"{node} restarts on trial"
        yield node, f"goes on: {target} runs", f"{node} proves to be well"
        if node == first:
            yield node, " is good, and is kept", f"{node} gets every connection; {other} hands over"
            yield other, ": handed over: ", f"{node} soaks"
    # It decides as soon as it is well, and may have noted that first.
    yield second, ": committed: ", f"{second} gets every connection; with preempt {first} hands back"
    yield first, ": handed over: ", "nothing is left to do"
    yield second, ": is over, ", ""


def _notes(node: Node) -> Iterator[Note]:
    found = json.loads(node.run("hactl history --json --last 0").output)
    for change in found["changes"]:
        yield Note(datetime.fromisoformat(change["time"]).timestamp(), node.name, change["reason"])
