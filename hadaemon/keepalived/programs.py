"""Programs of keepalived's as scripts of the configuration: copied, or written anew from a command."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from hadaemon.keepalived.commands import SHELLS, Command
from hadaemon.keepalived.source import Place, ScriptFinder

_SYSTEM = ("", "/bin", "/sbin", "/usr/bin", "/usr/sbin")
"""Folders of what comes with a system, and of what is looked for there."""
_INTERPRETER = re.compile(r"(python|perl)[0-9.]*\Z")
_NOT_IN_FILES = re.compile(r"[^A-Za-z0-9._-]+")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LONGEST = 60
_CALLED = r"(?m)(?:^[ \t]*|[;&|({/][ \t]*|\b(?:then|do|else|exec|sudo)[ \t]+)"
_VERBS = (
    r"[^\n;|&]*\b(start|stop|restart|reload|enable|disable|add|del|delete|replace|change|append|flush|set|up|"
    r"down)"
)
_CHANGING = re.compile(
    rf"{_CALLED}(?:(systemctl|service|invoke-rc\.d|ip|nft|tc)[ \t]{_VERBS}\b"
    r"|(iptables|ip6tables|conntrackd|modprobe|hostnamectl)[ \t]+\S)"
)
"""What only root may do, as far as a text shows it."""


_STOPS = re.compile(
    rf"{_CALLED}(?:[^\s;|&]*/)?(?:killall|pkill|systemctl[ \t]+stop|service)[ \t][^\n;|&]*\bkeepalived\b"
)
"""How a script has keepalived itself give way."""


class NoProgramError(ValueError):
    """It cannot be a script of the configuration: why not, and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.todo = todo


@dataclass(frozen=True, slots=True)
class Origin:
    """What a command runs."""

    name: str
    """Of a file."""
    text: str
    arguments: tuple[str, ...] = ()
    copied: bool = False
    """It is a file of the administrator's; else it was written here."""

    @property
    def for_shell(self) -> bool:
        """Whether its arguments can be set in its text."""
        words = self.text.partition("\n")[0].removeprefix("#!").split()
        names = [word.rpartition("/")[2] for word in words[:2]]
        return bool(names) and (names[0] in SHELLS or (names[0] == "env" and names[-1] in SHELLS))

    def after_first_line(self, lines: str) -> str:
        """Its text with lines that are run first."""
        first, _, rest = self.text.partition("\n")
        return f"{first}\n{lines}{rest}"

    def stops_keepalived(self) -> bool:
        """Whether it gives way by ending keepalived, and not by its own end."""
        return bool(_STOPS.search(self._code()))

    def changers(self) -> tuple[str, ...]:
        """What it calls that changes the node, which no program in the sandbox can."""
        return tuple(sorted({found[1] or found[3] for found in _CHANGING.finditer(self._code())}))

    def _code(self) -> str:
        return re.sub(r"(?m)^\s*#.*$", "", self.text.replace('"$@"', shlex.join(self.arguments)))


@dataclass(slots=True)
class Programs:
    """Those of one folder of the configuration, by their name."""

    folder: str
    find: ScriptFinder
    texts: dict[str, str] = field(default_factory=dict)

    def origin(self, command: Command, place: Place, name: str) -> Origin:
        """What the command runs. `name`: of a script that is written here. Raises NoProgramError."""
        if command.line:
            return Origin(name, f"#!{command.shell}\n{command.line}\n")
        words, shebang = command.words, ""
        if len(words) > 1 and _runs_scripts(command.program) and not words[1].startswith("-"):
            shebang = f"#!{words[0]}\n" if words[0].startswith("/") else f"#!/usr/bin/env {words[0]}\n"
            words = words[1:]
        if not words:
            raise NoProgramError("names no program", "name one in [[checks]] or [[hooks]] (docs/checks.md)")
        folder, _, file = words[0].rpartition("/")
        if folder in _SYSTEM and not shebang:
            text = self._found(file, place, words[0], "")
            if text is None:
                return Origin(name, f'#!/bin/sh\nexec {shlex.quote(words[0])} "$@"\n', words[1:])
        else:
            text = self._found(words[0], place, words[0], shebang)
            if text is None:
                raise NoProgramError(
                    f"{words[0]} is not here",
                    f"copy it beside {place.file} and import again; or put it into {self.folder}/ by hand "
                    "and name it in cluster.toml (docs/checks.md)",
                )
        return Origin(_file_name(file) or name, text, words[1:], copied=True)

    def _found(self, wanted: str, place: Place, path: str, shebang: str) -> str | None:
        try:
            return self.find(wanted, place, shebang)
        except ValueError as error:
            raise NoProgramError(
                f"{path}: {error}", f"mend it and import again, or write {self.folder}/ by hand"
            ) from error

    def add(self, name: str, text: str) -> str:
        """Its path beside cluster.toml: that of the same text, if it is there already."""
        stem, dot, kind = name.partition(".")
        for each in (f"{begin}{dot}{kind}" for begin in numbered(stem)):
            if self.texts.setdefault(each, text) == text:
                return f"{self.folder}/{each}"
        raise AssertionError

    def files(self) -> dict[str, str]:
        """By their paths beside cluster.toml."""
        return {f"{self.folder}/{name}": text for name, text in self.texts.items()}


def with_arguments(origin: Origin, path: str) -> str:
    """Its text, that is called with its arguments. Raises NoProgramError."""
    if not origin.arguments:
        return origin.text
    words = shlex.join(origin.arguments)
    if not origin.for_shell:
        raise NoProgramError(
            f"{origin.name} is called with {words}, and programs are called without words of one's own",
            f"write them into it, put it into {path}/, and name it in cluster.toml (docs/checks.md)",
        )
    if not origin.copied:
        return origin.text.replace('"$@"', words)
    return origin.after_first_line(f"set -- {words}    # As keepalived called it.\n")


def _runs_scripts(program: str) -> bool:
    return program in SHELLS or bool(_INTERPRETER.match(program))


def _file_name(file: str) -> str:
    """As a file of the configuration may be called; empty: it cannot."""
    return _NOT_IN_FILES.sub("-", file).strip(".-")[:_LONGEST]


def label_of(text: str, fallback: str) -> str:
    """A name of a check that comes near to it."""
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-")[:_LONGEST].strip("-") or fallback


def numbered(name: str) -> Iterator[str]:
    """The name, then with a number behind it that grows."""
    yield name
    number = 1
    while True:
        number += 1
        yield f"{name}-{number}"
