"""What `hactl --peer` may run on the other node: the declared reading commands with the declared options.

The rule of the node that runs it, too: whoever holds the pair's key can ask for anything. So nothing is left
to a parser, which knows abbreviations, hidden options and paths: a word is exactly one of the declared ones,
a value that its option accepts, or part of what the command's own rule for words accepts as a whole.
"""

from collections.abc import Iterator, Sequence

from hadaemon.commands.command import Command, PeerOption
from hadaemon.commands.table import COMMANDS

MAX_WORDS = 16
_JSON = PeerOption("--json")
READING: tuple[Command, ...] = tuple(command for command in COMMANDS if command.reads)


def may_run(words: Sequence[str]) -> bool:
    """Exactly one of the commands and its options, and nothing else."""
    if len(words) > MAX_WORDS:
        return False
    for command in READING:
        path = command.path.split()
        if list(words[: len(path)]) == path:
            return _only(words[len(path) :], command)
    return False


def peer_options(command: Command) -> tuple[PeerOption, ...]:
    """Those that the other node may give."""
    return (*command.peer, _JSON) if command.json else command.peer


def refusal() -> str:
    """For whoever asks for something else."""
    return f"only commands that read can be run on the peer: {', '.join(_quoted())}"


def _quoted() -> Iterator[str]:
    yield from (f"`{command.path}`" for command in READING)


def _only(words: Sequence[str], command: Command) -> bool:
    known = {option.name: option for option in peer_options(command)}
    left, beside = list(words), []
    while left:
        word = left.pop(0)
        option = known.get(word)
        if option is None:
            beside.append(word)
        elif option.value is not None and not (left and option.value(left.pop(0))):
            return False
    return not beside or (command.peer_words is not None and command.peer_words(beside))
