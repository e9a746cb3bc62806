"""The task runner: pyinvoke over `firmware.tasks`, with the program's own name and plain failures."""

import os
import re
import sys

from invoke.collection import Collection
from invoke.exceptions import ParseError
from invoke.parser import Parser
from invoke.parser.context import to_flag
from invoke.program import Program

from firmware import __version__, tasks
from firmware.errors import FirmwareError
from firmware.interruption import end_as_by_ctrl_c
from firmware.safe import safe_output
from firmware.words import spelled_out

COMMAND = "python3 invoke.py"
_UNKNOWN = re.compile(r"No idea what (.+) is!")
_VALUELESS = re.compile(r"<Argument: ([^ >]+).*> needed value")
"""What the library says."""


class TaskRunner(Program):
    """Tells a command line that cannot be meant as every other failure is told: with what to do."""

    def __init__(self) -> None:
        super().__init__(
            name="Hotspare",
            binary=COMMAND,
            namespace=Collection.from_module(tasks),
            version=__version__,
        )

    def _make_parser(self) -> Parser:
        """What is typed gets its dashes as soon as the options of all tasks are known."""
        parser: Parser = super()._make_parser()
        several = [context for name, context in parser.contexts.items() if name in tasks.SEVERAL]
        switches = [
            to_flag(name)
            for context in (self.initial_context, *several)
            for each in context.args.values()
            for name in each.names
            if not each.takes_value or name in ("help", "h")
        ]
        names = self.collection.task_names
        self.core.unparsed = [*spelled_out(self.core.unparsed, names, tasks.SEVERAL, switches)]
        return parser

    def parse_tasks(self) -> None:
        """Raises ParseError, which the program prints."""
        try:
            super().parse_tasks()
        except ParseError as error:
            raise ParseError(str(_told(error)), error.context) from None

    def execute(self) -> None:
        """The library would end without a word, and with the code of a failure."""
        try:
            super().execute()
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            raise SystemExit(130) from None


def _told(error: ParseError) -> FirmwareError:
    """In words that do not tell of the library's own parts."""
    context = error.context
    unknown = _UNKNOWN.search(str(error))
    if context is None or not context.name:
        what = f"there is no task {unknown[1]}" if unknown else str(error)
        return FirmwareError(what, todo=f"`{COMMAND}` alone lists the tasks")
    more = f"`{COMMAND} --help {context.name}` has examples"
    missing = [each for each in context.missing_positional_args if each.name]
    if unknown or not missing:
        valueless = _VALUELESS.search(str(error))
        what = f"--{valueless[1].replace('_', '-')} needs a value" if valueless else str(error)
        what = f"{context.name} does not know {unknown[1]}" if unknown else what
        return FirmwareError(what, f"{COMMAND} {context.name}", more)
    name = str(missing[0].name)
    return FirmwareError(
        f"{name.upper()} is missing",
        f"{COMMAND} {context.name} {name.upper()}",
        f"name {missing[0].help}; {more}",
    )


def main() -> int:
    """Run the tasks named on the command line; without any, list them. Returns the exit code."""
    end_as_by_ctrl_c()
    program = TaskRunner()
    arguments = sys.argv[1:] or ["--list"]
    if arguments == ["--list"]:
        print(f"Usage: {COMMAND} TASK [--option ...]; more of a task: {COMMAND} --help TASK\n")
    try:
        with safe_output():
            program.run(["invoke.py", *arguments])
    except BrokenPipeError:  # Whoever read it has read enough, such as `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


if __name__ == "__main__":
    sys.exit(main())
