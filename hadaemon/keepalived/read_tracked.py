"""What is tracked beside links (scripts, processes, files), and the programs that are told of a change."""

from collections.abc import Iterable, Iterator, Mapping

from hadaemon.keepalived import words
from hadaemon.keepalived.model import File, Notify, Process, Script, Tracked, Tracking
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.tree import Statement
from hadaemon.keepalived.values import number, seconds, weight

NOTIFY = ("notify_master", "notify_backup", "notify_fault", "notify_stop", "notify")
TRACKING = ("track_script", "track_process", "track_file", *NOTIFY)
"""The words of an instance or a group that are read here."""

_SCRIPT = ("script", "interval", "timeout", "rise", "fall", "weight", "user", "init_fail")
_PROCESS = ("process", "param_match", "weight", "quorum", "quorum_max")
_DELAYS: Mapping[str, tuple[str, ...]] = {
    "fork_delay": ("up",),
    "terminate_delay": ("down",),
    "delay": ("up", "down"),
}
_FILE = ("file", "weight", "init_file")
_MOST = 10**6


def read_tracking(block: Iterable[Statement], findings: Findings) -> Tracking:
    """Of an instance or a group."""
    found: dict[str, list[Tracked]] = {"track_script": [], "track_process": [], "track_file": []}
    notify = []
    for each in block:
        if each.keyword in found:
            found[each.keyword] += _tracked(each, findings)
        elif each.keyword in NOTIFY and len(each.words) > 1:
            notify.append(Notify(each.keyword, each.words[1], each.place))
    scripts, processes, files = map(tuple, found.values())
    return Tracking(scripts, processes, files, tuple(notify))


def _tracked(block: Statement, findings: Findings) -> Iterator[Tracked]:
    for each in block.within:
        at = each.words.index("weight") if "weight" in each.words else 0
        value = weight(each, findings, at + 1) if at else None
        yield Tracked(each.keyword, each.place, value, "reverse" in each.words)


def read_script(block: Statement, findings: Findings) -> Script:
    """keepalived's own defaults: every second, a timeout of the interval, once up and once down."""
    command, interval, timeout, rise, fall, counts = "", 1.0, 0.0, 1, 1, 0
    reverse = False
    for each in block.within:
        match each.keyword:
            case "script":
                command = each.rest
            case "interval":
                interval = float(seconds(each, findings) or 1)
            case "timeout":
                timeout = float(seconds(each, findings) or 0)
            case "rise":
                rise = number(each, findings, 1, _MOST) or 1
            case "fall":
                fall = number(each, findings, 1, _MOST) or 1
            case "weight":
                counts, reverse = weight(each, findings) or 0, "reverse" in each.words
            case "user":
                words.tell(each, {"user": words.USER}, (), findings)
            case "init_fail":
                _tell_beginning(each, findings)
            case _:
                words.tell(each, {}, _SCRIPT, findings)
    return Script(
        block.rest, command, interval, timeout or interval, rise, fall, block.place, counts, reverse
    )


def read_process(block: Statement, findings: Findings) -> Process:
    """keepalived's own defaults: one process of that name, and no delay."""
    command: tuple[str, ...] = ()
    counted, delays, counts, reverse = "", {"up": 0.0, "down": 0.0}, 0, False
    for each in block.within:
        match each.keyword:
            case "process":
                command = each.words[1:]
            case "quorum" if number(each, findings, 0, _MOST) == 1:
                pass
            case "quorum" | "quorum_max" | "param_match":
                counted = " ".join(each.words)
            case "full_command":
                counted = counted or each.keyword
            case "delay" | "fork_delay" | "terminate_delay":
                found = float(seconds(each, findings) or 0)
                delays |= dict.fromkeys(_DELAYS[each.keyword], found)
            case "weight":
                counts, reverse = weight(each, findings) or 0, "reverse" in each.words
            case _:
                words.tell(each, {}, (*_PROCESS, *_DELAYS, "full_command"), findings)
    return Process(block.rest, command, block.place, counted, delays["up"], delays["down"], counts, reverse)


def read_file(block: Statement, findings: Findings) -> File:
    """keepalived's own default: the number in it is added to the priority."""
    path, counts, reverse = "", 1, False
    for each in block.within:
        match each.keyword:
            case "file":
                path = each.rest
            case "weight":
                found = weight(each, findings)
                counts, reverse = 1 if found is None else found, "reverse" in each.words
            case "init_file":
                findings.changed(
                    each.place, "init_file: nobody makes the file: one that is missing counts as 0"
                )
            case _:
                words.tell(each, {}, _FILE, findings)
    return File(block.rest, path, block.place, counts, reverse)


def _tell_beginning(each: Statement, findings: Findings) -> None:
    findings.changed(
        each.place, "init_fail: a check counts once it has failed, and not before anybody has looked"
    )
