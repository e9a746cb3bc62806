"""notify scripts as hooks: each script once, with the arguments that it had in each state."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hadaemon.config.hook_model import PROGRAMS, Hook
from hadaemon.config.hooks import MOST
from hadaemon.config.values import shown
from hadaemon.keepalived.commands import command_of
from hadaemon.keepalived.model import Keepalived, Notify
from hadaemon.keepalived.programs import NoProgramError, Origin, Programs, label_of
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.source import Place, ScriptFinder
from hadaemon.status.states import NodeState

_STOP = (NodeState.OFF, NodeState.MAINTENANCE)
_STATES: Mapping[str, tuple[NodeState, ...]] = {
    "notify_master": (NodeState.ACTIVE,),
    "notify_backup": (NodeState.BACKUP,),
    "notify_fault": (NodeState.FAULT,),
    "notify_stop": _STOP,
    "notify": (NodeState.ACTIVE, NodeState.BACKUP, NodeState.FAULT, *_STOP),
}
_THEIRS: Mapping[NodeState, str] = {
    NodeState.ACTIVE: "MASTER",
    NodeState.BACKUP: "BACKUP",
    NodeState.FAULT: "FAULT",
    NodeState.OFF: "STOP",
    NodeState.MAINTENANCE: "STOP",
}
_CONNTRACKD = "primary-backup"
_SERVICES = (
    "write it into [[follow.services]], or elsewhere below [follow]: that follows the active node "
    "(docs/services.md)"
)
_ONCE = (
    "hooks run after the change, once for the node and not for each instance, in a sandbox and as a user "
    "without any right; a keepalived that was stopped is a node in maintenance, or off"
)
_ONCE_TODO = (
    "see that what it calls is in the image (docs/checks.md#hooks, docs/building.md); what it starts and "
    "stops belongs into [[follow.services]] (docs/services.md)"
)


@dataclass(frozen=True, slots=True)
class _Call:
    """One notify line."""

    line: Notify
    subject: tuple[str, ...] = ()
    """What keepalived adds, but the state: GROUP or INSTANCE, the name, and the priority."""

    def words(self, origin: Origin, state: NodeState) -> tuple[str, ...]:
        """All arguments in that state."""
        kind, name, priority = self.subject or ("", "", "")
        return origin.arguments + ((kind, name, _THEIRS[state], priority) if kind else ())


@dataclass(slots=True)
class _Program:
    """One script, and how it is called in which state."""

    origin: Origin
    calls: dict[NodeState, tuple[str, ...]] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)

    def takes(self, calls: Mapping[NodeState, tuple[str, ...]]) -> bool:
        """Whether it can be called like that too."""
        return all(self.calls.get(state, words) == words for state, words in calls.items())

    def text(self) -> str:
        """Called as it was. Raises NoProgramError."""
        if not self.origin.for_shell:
            if any(self.calls.values()):
                raise NoProgramError(
                    f"{self.origin.name} is called with words of its own, and hooks have others: cluster, "
                    "node, state before, state now, reason",
                    f"change it, put it into {PROGRAMS}/, and name it in [[hooks]] (docs/checks.md#hooks)",
                )
            return self.origin.text
        return self.origin.after_first_line("".join(self._lines()))

    def _lines(self) -> Iterator[str]:
        by_words: dict[tuple[str, ...], list[str]] = {}
        for state, words in self.calls.items():
            by_words.setdefault(words, []).append(state)
        yield "# The arguments that it had with keepalived, by the state of the node.\n"
        yield 'case "$HOTSPARE_STATE" in\n'
        for words, states in by_words.items():
            yield f"{' | '.join(states)}) set -- {shlex.join(words)}".rstrip() + " ;;\n"
        yield "esac\n"


def hooks_of(
    told: Sequence[Keepalived], find: ScriptFinder, findings: Findings
) -> tuple[tuple[Hook, ...], Mapping[str, str]]:
    """And their programs by path. What two instances or both nodes say is there once."""
    programs = Programs(PROGRAMS, find)
    made: list[_Program] = []
    nodes = [list(_calls(each)) for each in told]
    everywhere = set.intersection(*(set(map(_key, calls)) for calls in nodes))
    seen: set[tuple[str, str]] = set()
    for call in (call for calls in nodes for call in calls):
        line = call.line
        if _key(call) not in seen:
            if _place(call, programs, made, findings) and _key(call) not in everywhere:
                findings.changed(
                    line.place,
                    f"{line.keyword}: is in one of the two files only: it runs on both nodes now",
                    "look at HOTSPARE_NODE in it, if that is wrong",
                )
        elif line.place.file == told[0].file:
            findings.carried(line.place, f"{line.keyword}: the same program again: it is one hook")
        seen.add(_key(call))
    hooks = [hook for each in made[:MOST] if (hook := _hook(each, programs, findings)) is not None]
    for each in made[MOST:]:
        findings.lost(each.places[0], f"notify: there are {MOST} hooks at most", "join some of them")
    return tuple(hooks), programs.files()


def _key(call: _Call) -> tuple[str, str]:
    return call.line.keyword, call.line.command


def _calls(node: Keepalived) -> Iterator[_Call]:
    """Groups first: they are what moves."""
    priorities = {each.name: each.priority for each in node.instances}
    for group in node.groups:
        priority = next((priorities[each] for each in group.members if each in priorities), 0)
        yield from (_call(line, "GROUP", group.name, priority) for line in group.tracking.notify)
    for each in node.instances:
        yield from (_call(line, "INSTANCE", each.name, each.priority) for line in each.tracking.notify)


def _call(line: Notify, kind: str, name: str, priority: int) -> _Call:
    return _Call(line, (kind, name, str(priority)) if line.keyword == "notify" else ())


def _place(call: _Call, programs: Programs, made: list[_Program], findings: Findings) -> bool:
    """With the first program that is the same script and can be called like that. Whether there is one."""
    line = call.line
    command = command_of(line.command)
    if any(_CONNTRACKD in word for word in command.words[:2]):
        findings.carried(line.place, "the script for conntrackd: the daemon tells it what to do by itself")
        return False
    try:
        origin = programs.origin(command, line.place, label_of(line.keyword, "hook"))
        changers = origin.changers()
        if changers and not origin.copied:
            raise NoProgramError(f"no hook can change the node, as {', '.join(changers)} would", _SERVICES)
    except NoProgramError as error:
        findings.lost(line.place, f"{line.keyword} ({shown(line.command)}): {error}", error.todo)
        return False
    calls = {state: call.words(origin, state) for state in _STATES[line.keyword]}
    same = [each for each in made if each.origin.text == origin.text and each.takes(calls)]
    if not same:
        made.append(_Program(origin))
    program = same[0] if same else made[-1]
    program.calls |= calls
    program.places.append(line.place)
    program.keywords.append(line.keyword)
    return True


def _hook(program: _Program, programs: Programs, findings: Findings) -> Hook | None:
    first, keywords = program.places[0], ", ".join(dict.fromkeys(program.keywords))
    try:
        text = program.text()
    except NoProgramError as error:
        for place in program.places:
            findings.lost(place, f"{keywords}: {error}", error.todo)
        return None
    path = programs.add(program.origin.name, text)
    on = tuple(state for state in NodeState if state in program.calls)
    for place in program.places:
        findings.carried(place, f"{keywords}: the hook {path}, on {', '.join(on)}")
        findings.changed(place, f"notify: {_ONCE}", _ONCE_TODO)
    changers = program.origin.changers()
    if changers:
        findings.changed(
            first, f"{program.origin.name} seems to call {', '.join(changers)}, which no hook can", _SERVICES
        )
    return Hook(path, on)
