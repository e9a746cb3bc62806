"""The man page hactl(8), from the parser: `python3 invoke.py manual` writes docs/hactl.8. Pure."""

import argparse
from collections.abc import Iterator

from hadaemon.cli.parser import CommandParser, build_parsers
from hadaemon.cli.usage import EXIT_CODES

_DESCRIPTION = (
    "Shows and steers the HA daemon of the node that it runs on. Root and the members of the group hadaemon "
    "may use it; what changes the configuration, the keys or the firmware needs root.",
    "Commands that read have --json. Its answer is an object with a schema, which is raised when a field "
    "changes its meaning or goes. What went wrong is told by the exit status and, in words, on standard "
    "error.",
)
_ENVIRONMENT = (
    ("LC_ALL, LC_MESSAGES, LANG", "The language, English or German; without them it is that of the node."),
    ("NO_COLOR", "If it is set and not empty, nothing is coloured."),
    ("TERM", "Nothing is coloured or redrawn if it is dumb, nor coloured on a terminal without colours."),
    ("VISUAL, EDITOR", "The editor of hactl config edit; without them it is nano."),
)
_FILES = (
    ("/data/state/node.toml", "What is this node's alone."),
    ("/data/state/cluster.toml", "What both nodes share."),
    ("/data/state/generations/", "The last 20 configurations."),
    ("/run/hadaemon/control.sock", "The daemon's control socket."),
)


def man_page() -> str:
    """In the language of man(7)."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    top, *others = build_parsers().values()
    for parser in (top, *others):
        parser.fill()
    yield r".\" Made from hactl's parser by `python3 invoke.py manual`."
    yield '.TH HACTL 8 "" Hotspare "Hotspare manual"'
    yield ".SH NAME"
    yield r"hactl \- shows and steers the HA daemon of a node"
    yield ".SH SYNOPSIS"
    yield from (f".B {_escaped('hactl [OPTION...] COMMAND [ARGUMENT...]')}", ".br")
    yield f".B {_escaped('hactl --peer COMMAND [ARGUMENT...]')}"
    yield ".SH DESCRIPTION"
    for paragraph in _DESCRIPTION:
        yield from (".PP", _escaped(paragraph))
    yield ".SH OPTIONS"
    yield from _arguments(top)
    yield ".SH COMMANDS"
    for parser in others:
        if parser.command.loads:
            yield from _command(parser)
    yield ".SH EXIT STATUS"
    yield from _items((str(code), meaning) for code, meaning in EXIT_CODES)
    yield ".SH ENVIRONMENT"
    yield from _items(_ENVIRONMENT)
    yield ".SH FILES"
    yield from _items(_FILES)
    yield ".SH EXAMPLES"
    yield from _examples(top)


def _command(parser: CommandParser) -> Iterator[str]:
    yield f".SS {_escaped(synopsis(parser))}"
    yield _escaped(parser.description or "")
    yield from _arguments(parser)
    yield ".PP"
    yield "Examples:"
    yield from _examples(parser)


def synopsis(parser: CommandParser) -> str:
    """One line, the same whatever version of Python is at work."""
    words = [f"hactl {parser.command.path}".strip()]
    for action in _shown(parser):
        if action.option_strings:
            value = f" {_value(action)}" if _takes_value(action) else ""
            option = f"{action.option_strings[-1]}{value}"
            words.append(option if action.required else f"[{option}]")
        else:
            optional = action.nargs in ("?", "*")
            name = f"{_name(action)}{'...' if action.nargs == '*' else ''}"
            words.append(f"[{name}]" if optional else name)
    return " ".join(words)


def _arguments(parser: CommandParser) -> Iterator[str]:
    expand = argparse.HelpFormatter("hactl")._expand_help
    for action in _shown(parser):
        title = _name(action)
        if action.option_strings:
            title = ", ".join(action.option_strings) + (f" {_value(action)}" if _takes_value(action) else "")
        if action.help or action.option_strings:
            yield from _items([(title, expand(action) if action.help else "")])


def _shown(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Options first, as people write them; not `--help`, which all have."""
    found = [
        action
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        and not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    ]
    yield from sorted(found, key=lambda action: not action.option_strings)


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _value(action: argparse.Action) -> str:
    name = _name(action).upper()
    return f"[{name}]" if action.nargs == "?" else name


def _name(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest


def _examples(parser: CommandParser) -> Iterator[str]:
    for command, text in parser.command.examples:
        yield from (".PP", f".B {_escaped(command)}", ".br", _escaped(f"{text[:1].upper()}{text[1:]}."))


def _items(
    items: "Iterator[tuple[str, str]] | tuple[tuple[str, str], ...] | list[tuple[str, str]]",
) -> Iterator[str]:
    for title, text in items:
        yield from (".TP", f".B {_escaped(title)}", _escaped(text))


def _escaped(text: str) -> str:
    """Nothing in it means anything to troff. What is typed must stay hyphens."""
    plain = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{plain}" if plain[:1] in {".", "'"} else plain


if __name__ == "__main__":
    print(man_page(), end="")
