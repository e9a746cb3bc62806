"""The parser of `hactl`, from the declared commands. The module of a command is loaded when it is used."""

import argparse
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hadaemon.cli.usage import Text, epilog, sentence
from hadaemon.commands.command import Command
from hadaemon.commands.table import COMMANDS
from hadaemon.language.speech import _

SOCKET = Path("/run/hadaemon/control.sock")


class CommandParser(argparse.ArgumentParser):
    """Of one command. Whatever is asked of it, it has its arguments then."""

    def __init__(self, command: Command, **more: Any) -> None:
        super().__init__(formatter_class=Text, **more)
        self.command = command
        self._filled = False

    def fill(self) -> None:
        """Adds what only its own use and its own help need: arguments, examples, exit codes."""
        if self._filled:
            return
        self._filled = True
        self.description = sentence(_(self.command.text or self.command.summary))
        self.epilog = epilog(self.command)
        if self.command.loads:
            module, _colon, function = self.command.loads.partition(":")
            getattr(import_module(f"hadaemon.cli.{module}"), function)(self)
        if self.command.json:
            self.add_argument("--json", action="store_true", help=self.command.json)
        for action in self._actions:
            action.help = _(action.help) if action.help else action.help

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As for any parser, and what it does not know is told with the usage of this very command."""
        self.fill()
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and self.command.loads:
            options = [text for text in unknown if text.startswith("-")]
            known = [text for action in self._actions for text in action.option_strings]
            hint = near(options[0].partition("=")[0], known) if options else ""
            if self.command.reads and "--peer" in options:
                first = _("it comes first, `hactl --peer {command}`").format(command=self.command.path)
                hint = f": {first}"
            self.error(_("unrecognized arguments: %s") % " ".join(unknown) + hint)
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:
            whole = f"{self.prog} {value}"
            hint = near(value, action.choices) or ":"
            self.error(
                _("there is no command `{whole}`{hint} `{program} --help` lists all").format(
                    whole=whole, hint=hint, program=self.prog
                )
            )
        super()._check_value(action, value)

    def format_help(self) -> str:
        """As for any parser."""
        self.fill()
        return super().format_help()


def near(word: str, known: Iterable[str]) -> str:
    """What was probably meant, to be put behind a complaint; empty where nothing is like it."""
    # Here and not above: only who makes a mistake needs it.
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1)
    return _(": did you mean {word}?").format(word=found[0]) if found else ""


def build_parsers(commands: Sequence[Command] = COMMANDS) -> dict[str, CommandParser]:
    """Each command's by its path, that of hactl itself by the empty one."""
    top, *others = commands
    parsers = {top.path: CommandParser(top, prog="hactl")}
    _add_options(parsers[top.path])
    groups = {path: _group(parser) for path, parser in parsers.items()}
    for command in others:
        group, _blank, word = command.path.rpartition(" ")
        parsers[command.path] = groups[group].add_parser(word, help=_(command.summary), command=command)
        if not command.loads:
            groups[command.path] = _group(parsers[command.path])
    return parsers


def build_parser() -> CommandParser:
    """That of hactl itself."""
    return build_parsers()[""]


def whole_parser() -> CommandParser:
    """The same with the arguments of every command, for shtab, which looks at all of them."""
    parsers = build_parsers()
    for parser in parsers.values():
        parser.fill()
    return parsers[""]


def _group(parser: CommandParser) -> "argparse._SubParsersAction[CommandParser]":
    return parser.add_subparsers(required=True, metavar="COMMAND")


class ShowVersion(argparse.Action):
    """Says which firmware this `hactl` is from."""

    def __call__(self, parser: argparse.ArgumentParser, *others: object) -> None:
        """Ends the program."""
        # Here and not above: nothing else needs it.
        from hadaemon.state.release import running_release

        release = running_release()
        version = release.version or _("unknown")
        said = (
            _("hactl of firmware {version}, slot {slot}")
            if release.slot
            else _("hactl of firmware {version}")
        )
        print(said.format(version=version, slot=release.slot))
        parser.exit()


def _add_options(top: CommandParser) -> None:
    top.add_argument("--version", action=ShowVersion, nargs=0, help="which firmware this is, and its slot")
    top.add_argument("--socket", type=Path, default=SOCKET, help="the daemon's control socket (%(default)s)")
    top.add_argument("--peer", action="store_true", help="first of all: run a reading command on the peer")
