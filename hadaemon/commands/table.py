"""Every command, in the order of `hactl --help`: hactl itself first, a group before its commands."""

from hadaemon.commands.box import BACKUP, BOX, FIRMWARE, SEEN
from hadaemon.commands.command import Command
from hadaemon.commands.configuration import CONFIGURATION, KEYS
from hadaemon.commands.node import HACTL, NODE

COMMANDS: tuple[Command, ...] = (HACTL, *NODE, *CONFIGURATION, *KEYS, *SEEN, *BACKUP, *FIRMWARE, *BOX)


def known_commands() -> frozenset[str]:
    """The first words of all commands that this version has."""
    return frozenset(command.path for command in COMMANDS if command.path and " " not in command.path)
