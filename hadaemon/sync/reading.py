"""Which commands of hactl the peer may run here: those that only read, with the options that only read."""

from collections.abc import Sequence

COMMANDS: dict[tuple[str, ...], frozenset[str]] = {
    ("status",): frozenset({"--json", "--verbose"}),
    ("history",): frozenset({"--json", "--last"}),
    ("alarms",): frozenset({"--json"}),
    ("config", "check"): frozenset({"--json"}),
    ("config", "history"): frozenset({"--json"}),
    ("config", "diff"): frozenset({"--json"}),
    ("key", "show"): frozenset({"--json"}),
    ("firmware", "status"): frozenset({"--json"}),
}
"""A test holds them against the parser: each of a command's options is here, or is said to be left out."""
_NUMBERED = {"--last"}
"""Options that take a number."""
MAX_ARGUMENTS = 8


def reading_commands() -> tuple[str, ...]:
    """For help and messages."""
    return tuple(" ".join(command) for command in COMMANDS)


def may_read(arguments: Sequence[str]) -> bool:
    """Exactly one of the commands and its options, and nothing else."""
    if len(arguments) > MAX_ARGUMENTS:
        return False
    for command, options in COMMANDS.items():
        if tuple(arguments[: len(command)]) == command:
            return _only(arguments[len(command) :], options)
    return False


def _only(rest: Sequence[str], options: frozenset[str]) -> bool:
    position = 0
    while position < len(rest):
        option = rest[position]
        if option not in options:
            return False
        position += 1
        if option in _NUMBERED:
            value = rest[position] if position < len(rest) else ""
            if not (value.isascii() and value.isdecimal() and len(value) < 7):
                return False
            position += 1
    return True
