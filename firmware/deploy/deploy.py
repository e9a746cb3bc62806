"""`python3 invoke.py deploy`: folders checked, compared and applied to pairs, on both nodes or on none.

A pair is changed by `hactl config apply --both --confirm`: both nodes check it before either takes it, and
both go back by themselves unless it is confirmed. It is confirmed when each of them could be logged in to
again, by a new connection, and is no worse off than before. So whatever breaks off at any step leaves the
pair as it was, at once or when the time is over.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from firmware.check import as_a_node_would
from firmware.deploy.options import DeployOptions
from firmware.deploy.plan import Pair, plan
from firmware.deploy.reach import Done, Lost, Reach
from firmware.errors import FirmwareError
from firmware.safe import safe

T = TypeVar("T")

_PAGE = "docs/deploy.md"
_HIDDEN = "(secret)"
_SETTLING = 60.0
"""Seconds until a pair must be as well off as before."""
_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A node before the change."""

    check: int
    """As `hactl status --check` ends: 0 is best."""
    told: str


def deploy(options: DeployOptions) -> None:
    """One pair after the other; a line for each at the end. Raises FirmwareError: one of them failed."""
    pairs = [_checked(Path(folder), options) for folder in options.folder]
    lines, failed = [], []
    for pair in pairs:
        try:
            line = _one(pair, options)
        except FirmwareError as error:
            print(error)
            failed.append(pair.name)
            line = f"FAILED: {error.what}"
        lines.append(f"{pair.name}: {line}")
    print("\n".join(lines))
    if failed:
        raise FirmwareError(f"not everything was deployed: {', '.join(failed)}", "above", f"more: {_PAGE}")


def _checked(folder: Path, options: DeployOptions) -> Pair:
    """All folders are checked before any pair is changed."""
    found = as_a_node_would("hadaemon.cli.folder", str(folder))
    if not found["good"]:
        problems = "\n".join(f"  ! {problem}" for problem in found["problems"])
        raise FirmwareError(f"its nodes would refuse it:\n{problems}", str(folder), "mend it first")
    for note in found["notes"]:
        print(f"{folder}: note: {note}")
    return plan(folder, found, options)


def _one(pair: Pair, options: DeployOptions) -> str:
    """What became of it."""
    places = ", ".join(f"{node.name} ({node.target})" for node in pair.nodes)
    print(f"{pair.name}: looks at {places} ...", flush=True)
    before = {node.name: _look(node, pair) for node in pair.nodes}
    entry = pair.nodes[0]
    lines = _difference(entry, pair.folder)
    for other in pair.nodes[1:]:
        if not lines and _difference(other, pair.folder):
            return (
                f"{entry.name} has this configuration, and {other.name} has another one: "
                f"`sudo hactl config sync --to-peer` on {entry.name}"
            )
    if not lines:
        return "nothing to do: the nodes have this configuration"
    print("\n".join(f"  {line}" for line in lines))
    if options.check:
        return "would change, and was not changed"
    if not options.yes and not _agreed(pair):
        return "nothing was changed"
    return _apply(pair, entry, before, options.confirm)


def _look(node: Reach, pair: Pair) -> Standing:
    """Is it the right box, and how is it? What its own file says otherwise is told, and left alone."""
    done = node.hactl("config", "show", "--node", "--json")
    if done.code:
        raise FirmwareError(f"{node.name} cannot tell its configuration", node.target, _said(done))
    values = _answer(node, done, "values", dict)
    if values.get("name") != node.name:
        raise FirmwareError(
            f"at {node.target} is {values.get('name')}, and not {node.name}", "its node.toml", "see --at"
        )
    for key in _differing(values, pair.own.get(node.name, {})):
        print(
            f"  note: {node.name}: its own node.toml has another {key} than the folder; that file is not "
            "deployed: `sudo hactl config edit --node` there"
        )
    state = node.hactl("status", "--check")
    return Standing(state.code, state.out)


def _apply(pair: Pair, entry: Reach, before: Mapping[str, Standing], seconds: int) -> str:
    back = f"what was applied goes back by itself within {seconds} s"
    try:
        where = "--both" if pair.has_hotwire else "--here"
        done = entry.hactl("config", "apply", "$d", where, "--confirm", f"{seconds}s", folder=pair.folder)
        if done.code:
            raise FirmwareError(
                f"{entry.name} refuses it, and nothing was changed", entry.target, _said(done)
            )
        patience = min(seconds / 2, _SETTLING)
        worse = [told for node in pair.nodes if (told := _worse(node, before[node.name], patience))]
        if not worse:
            confirmed = entry.hactl("config", "confirm")
            if not confirmed.code:
                return f"{done.out.splitlines()[0] if done.out else 'applied'}, and confirmed"
            worse = [_said(confirmed)]
        entry.hactl("config", "rollback", "--unconfirmed")
    except Lost as error:
        raise FirmwareError(f"{error.what}; {back}", error.where, error.todo) from None
    except KeyboardInterrupt:
        print(
            f"interrupted: {back}, or at once by `sudo hactl config rollback --unconfirmed` on {entry.name}"
        )
        raise
    raise FirmwareError(f"it went back to what was before: {'; '.join(worse)}", entry.target, "mend it first")


def _worse(node: Reach, before: Standing, patience: float) -> str:
    """By a new connection, within so many seconds; empty: it is no worse off."""
    deadline = time.monotonic() + patience
    while True:
        state = node.hactl("status", "--check")
        if state.code <= before.check:
            return ""
        if time.monotonic() > deadline:
            return f"{node.name} was good enough ({before.told}), and is not now: {state.out}"
        time.sleep(_PAUSE)


def _difference(node: Reach, folder: Path) -> list[str]:
    done = node.hactl("config", "diff", "$d", "--json", folder=folder)
    if done.code:
        raise FirmwareError(f"{node.name} cannot compare it", node.target, _said(done))
    return [str(line) for line in _answer(node, done, "lines", list)]


def _answer(node: Reach, done: Done, key: str, kind: type[T]) -> T:
    """What `hactl … --json` has at a key. Raises FirmwareError: something else answered."""
    try:
        found = json.loads(done.out)[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if isinstance(found, kind):
        return found
    what = f"{node.name} does not answer as a node of this firmware"
    raise FirmwareError(what, node.target, f"look what `ssh {node.target} hactl --version` says")


def _differing(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """The keys at the top of two node.toml, whose values are others; nobody compares what is secret."""
    return [
        key
        for key in sorted({*there, *here})
        if there.get(key) != here.get(key) and _HIDDEN not in json.dumps(there.get(key), default=str)
    ]


def _agreed(pair: Pair) -> bool:
    try:
        return input(safe(f"{pair.name}: apply this on both nodes? [y/N] ")).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _said(done: Done) -> str:
    return done.errors or done.out or f"it ended with {done.code}"
