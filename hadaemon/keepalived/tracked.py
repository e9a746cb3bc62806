"""What keepalived tracked beside links: scripts, processes and files, as ping groups and checks of ours."""

import math
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from hadaemon.config import check_words
from hadaemon.config.check_model import KINDS, PROGRAMS, Check, CountsOn, Http, Program, Target, Tcp
from hadaemon.config.checks import LONGEST, MAX_STREAK, MOST, SHORTEST, SHORTEST_RUN
from hadaemon.config.model import PingGroup
from hadaemon.config.values import shown
from hadaemon.keepalived.commands import command_of, pinged, probe
from hadaemon.keepalived.model import File, Keepalived, Process, Script
from hadaemon.keepalived.pair import Both
from hadaemon.keepalived.programs import NoProgramError, Programs, label_of, numbered, with_arguments
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import Place, ScriptFinder
from hadaemon.keepalived.weights import Use, Which, is_reversed, tell_weight, uses
from hadaemon.vrrp.model import IPAddress

_MAX_HOSTS = 16
_LONGEST = 3600.0
"""Seconds between two looks."""
_PROCESS_INTERVAL = 2.0
"""Seconds: keepalived hears of the end of a process, and a look each second costs more than it is worth."""
_DOCS = "docs/checks.md"
_IN_THE_IMAGE = (
    f"see that it does its work without any right, and that what it calls is in the image ({_DOCS}#programs, "
    "docs/building.md)"
)
_BY_PROGRAM = f"write a program that ends with 0 when all is well: [[checks]] with program ({_DOCS})"

_Thing = TypeVar("_Thing", Script, Process, File)


@dataclass(slots=True)
class Watched:
    """What came of all of them."""

    programs: Programs
    virtual: set[IPAddress]
    findings: Findings
    groups: dict[str, PingGroup] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)

    def name_for(self, text: str, fallback: str) -> str:
        """A name that nothing else has."""
        taken = {*self.groups, *self.checks}
        return next(each for each in numbered(label_of(text, fallback)) if each not in taken)

    def add(self, what: str, place: Place, check: Check) -> bool:
        """One more, if nothing looks at the same, and there is room for it. Whether it was added."""
        same = [known.name for known in self.checks.values() if known.target == check.target]
        if same:
            self.findings.changed(place, f"{what}: is what the check {same[0]} looks at, and counts once")
            return False
        if len(self.checks) >= MOST:
            self.findings.lost(
                place, f"{what}: there are {MOST} checks at most", "let one program look at several things"
            )
            return False
        self.checks[check.name] = check
        kind = KINDS[type(check.target)]
        self.findings.carried(place, f"{what}: the check {check.name}, {kind} {check.target}")
        return True


def watched(
    told: Sequence[Keepalived],
    both: Sequence[Both],
    virtual: set[IPAddress],
    find: ScriptFinder,
    findings: Findings,
) -> Watched:
    """All that is tracked anywhere. What two instances or both nodes track is there once."""
    done = Watched(Programs(PROGRAMS, find), virtual, findings)
    nodes = _Nodes(told, both, findings)
    for script, used in nodes.tracked(lambda each: each.scripts, lambda each: each.scripts, "vrrp_script"):
        _script(script, used, done)
    for process, used in nodes.tracked(
        lambda each: each.processes, lambda each: each.processes, "vrrp_track_process"
    ):
        _process(process, used, done)
    for file, used in nodes.tracked(lambda each: each.files, lambda each: each.files, "track_file"):
        _file(file, used, done)
    return done


@dataclass(frozen=True, slots=True)
class _Nodes:
    """One node's configuration or both."""

    told: Sequence[Keepalived]
    both: Sequence[Both]
    findings: Findings

    def tracked(
        self, things: Callable[[Keepalived], Sequence[_Thing]], which: Which, word: str
    ) -> Iterator[tuple[_Thing, tuple[Use, ...]]]:
        """Each with its uses. What nobody tracks, and what the second node has otherwise, is told."""
        first: dict[str, _Thing] = {}
        for node in self.told:
            self._tell_unknown(node, {each.name for each in things(node)}, which, word)
            for each in things(node):
                known = first.setdefault(each.name, each)
                if known is not each and replace(known, place=each.place) != each:
                    self.findings.changed(
                        each.place,
                        f"{word} {each.name}: differs from {known.place}, which counts: a pair says it once",
                    )
                if known is not each:
                    continue
                used = tuple(use for one in self.told for use in uses(one, self.both, which, each.name))
                if used and self._is_alone(each.name, things):
                    self.findings.changed(
                        each.place,
                        f"{word} {each.name}: is in one of the two files only: both nodes look at it now",
                    )
                if used:
                    yield each, used
                else:
                    self.findings.carried(each.place, f"{word} {each.name}: nothing tracks it")

    def _tell_unknown(self, node: Keepalived, names: set[str], which: Which, word: str) -> None:
        tracking = [each.tracking for each in node.instances] + [each.tracking for each in node.groups]
        for each in tracking:
            for tracked in which(each):
                if tracked.name not in names:
                    self.findings.lost(
                        tracked.place,
                        f"{shown(tracked.name)} is tracked, and there is no {word} of that name",
                        "keepalived passed it over, too: nothing, if that was right",
                    )

    def _is_alone(self, name: str, things: Callable[[Keepalived], Sequence[_Thing]]) -> bool:
        return not all(any(each.name == name for each in things(node)) for node in self.told)


def _script(script: Script, used: Sequence[Use], done: Watched) -> None:
    what = f"vrrp_script {script.name}"
    command = command_of(script.command)
    hosts = tuple(each for each in pinged(command) if each not in done.virtual)[:_MAX_HOSTS]
    if is_reversed(used, script.reverse):
        _tell_reverse(what, script.place, done)
        return
    if hosts:
        _ping_group(script, hosts, done)
        tell_weight(script.place, script.weight, used, done.findings)
        return
    target: Target | None = probe(command)
    if target is None:
        try:
            target = _program(script, done)
        except NoProgramError as error:
            done.findings.lost(script.place, f"{what} ({shown(script.command)}): {error}", error.todo)
            return
    if done.add(what, script.place, _timed(script, target, done)):
        tell_weight(script.place, script.weight, used, done.findings)


def _tell_reverse(what: str, place: Place, done: Watched) -> None:
    done.findings.lost(place, f"{what}: reverse: it was good when it failed, which no check is", _BY_PROGRAM)


def _ping_group(script: Script, hosts: tuple[IPAddress, ...], done: Watched) -> None:
    name = done.name_for(script.name, "ping")
    done.findings.changed(
        script.place,
        f"vrrp_script {script.name}: the ping group {name}, which fails when none of its hosts answers; the "
        "other node then takes over if it is healthier",
        "see that both boxes have an own address that reaches the hosts",
    )
    interval, timeout, fall, rise = _times(script, SHORTEST, done)
    done.groups[name] = PingGroup(name, hosts, None, interval, timeout, fall, rise)


def _program(script: Script, done: Watched) -> Program:
    """Raises NoProgramError."""
    name = label_of(script.name, "check")
    origin = done.programs.origin(command_of(script.command), script.place, name)
    path = done.programs.add(origin.name, with_arguments(origin, PROGRAMS))
    if origin.stops_keepalived():
        done.findings.changed(
            script.place,
            f"vrrp_script {script.name}: it stops keepalived to give way, which is no longer there",
            f"let {path} end with 1 in that case: that is how a check fails",
        )
    changers = origin.changers()
    if changers:
        done.findings.changed(
            script.place,
            f"vrrp_script {script.name}: it seems to call {', '.join(changers)}, and no check can change the "
            "node",
            f"read {path}: what it starts and stops belongs into [[follow.services]] (docs/services.md)",
        )
    done.findings.changed(
        script.place, "programs run in a sandbox, as a user without any right", _IN_THE_IMAGE
    )
    return check_words.program(path)


def _timed(script: Script, target: Target, done: Watched) -> Check:
    """What is at a virtual address answers for the active node alone."""
    shortest = SHORTEST_RUN if KINDS[type(target)] in ("program", "process") else SHORTEST
    interval, timeout, fall, rise = _times(script, shortest, done)
    name = done.name_for(script.name, "check")
    if isinstance(target, Tcp | Http) and target.address in done.virtual:
        done.findings.changed(
            script.place,
            f"vrrp_script {script.name}: {target.address} is a virtual address, where the active node "
            "answers, so the check counts on that node alone",
        )
        return Check(name, target, interval, timeout, max(fall, 2), rise, CountsOn.ACTIVE)
    return Check(name, target, interval, timeout, fall, rise)


def _times(script: Script, shortest: float, done: Watched) -> tuple[float, float, int, int]:
    """Interval, timeout, failures and successes, within our bounds."""
    interval = round(min(max(script.interval, shortest), _LONGEST), 3)
    timeout = round(min(max(script.timeout, SHORTEST), interval, LONGEST), 3)
    fall, rise = min(script.fall, MAX_STREAK), min(script.rise, MAX_STREAK)
    if (interval, timeout, fall, rise) != (script.interval, script.timeout, script.fall, script.rise):
        done.findings.changed(
            script.place,
            f"vrrp_script {script.name}: interval {interval:g} s, timeout {timeout:g} s, fall {fall}, rise "
            f"{rise}: what it had is more, or less, than what can be set",
        )
    return interval, timeout, fall, rise


def _process(process: Process, used: Sequence[Use], done: Watched) -> None:
    what = f"vrrp_track_process {process.name}"
    if is_reversed(used, process.reverse):
        _tell_reverse(what, process.place, done)
        return
    if process.counted or len(process.command) != 1:
        done.findings.lost(
            process.place,
            f"{what}: {process.counted or 'parameters'}: a check asks whether any process of a name runs",
            f"write a program that counts them with pgrep: [[checks]] with program ({_DOCS})",
        )
        return
    try:
        target = check_words.process(process.command[0].rpartition("/")[2])
    except ValueError as error:
        done.findings.lost(process.place, f"{what}: {error}", _BY_PROGRAM)
        return
    check = Check(
        done.name_for(process.name, "process"),
        target,
        _PROCESS_INTERVAL,
        _PROCESS_INTERVAL,
        _looks(process.down_delay),
        _looks(process.up_delay),
    )
    if not done.add(what, process.place, check):
        return
    done.findings.changed(
        process.place,
        f"track_process: it is looked for every {_PROCESS_INTERVAL:g} seconds, and a delay is a number of "
        "looks",
    )
    tell_weight(process.place, process.weight, used, done.findings)


def _looks(delay: float) -> int:
    return min(1 + math.ceil(delay / _PROCESS_INTERVAL), MAX_STREAK)


def _file(file: File, used: Sequence[Use], done: Watched) -> None:
    """A missing file is a 0 there, and a failure for our check of a file: only a program sees the number."""
    what = f"track_file {file.name}"
    weights = {file.weight if each.tracked.weight is None else each.tracked.weight for each in used}
    if not file.path or weights != {0} or is_reversed(used, file.reverse):
        done.findings.lost(
            file.place,
            f"{what}: the number in {shown(file.path)} was added to the priority, and a check is good or not",
            f"{_BY_PROGRAM}; to keep a node out by hand: hactl maintenance on",
        )
        return
    name = done.name_for(file.name, "file")
    text = (
        "#!/bin/sh\n# Good while there is no number in the file, or a 0.\n"
        f"number=\nread -r number < {shlex.quote(file.path)}\n"
        'echo "the file says ${number:-nothing}"\ntest "${number:-0}" -eq 0\n'
    )
    path = done.programs.add(name, text)
    done.add(what, file.place, Check(name, check_words.program(path), 2.0, 2.0, 1, 1))
    done.findings.changed(
        file.place,
        f"{what}: a program reads {shown(file.path)} every 2 seconds",
        "see that something on the new boxes writes it; to keep a node out by hand: hactl maintenance on",
    )
    tell_weight(file.place, file.weight, used, done.findings)
