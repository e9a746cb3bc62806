"""`hactl config apply`, `confirm`, `rollback`, `reset`: changes of the configuration."""

import argparse
from pathlib import Path

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.person import agreed, tell
from hadaemon.cli.places import add_places, paths_of
from hadaemon.language.speech import _, told
from hadaemon.operations.activation import set_enabled
from hadaemon.operations.apply import (
    Manner,
    Where,
    apply_path,
    confirm,
    leave_cluster,
    roll_back,
    undo_unconfirmed,
)
from hadaemon.operations.moving import move_to_cluster, move_to_node
from hadaemon.sync.guard import MAX_SECONDS, MIN_SECONDS
from hadaemon.sync.tree import CLUSTER, FILES

_UNITS = {"s": 1, "m": 60, "h": 3600}


def add_apply(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    file = command.add_argument(
        "file", type=Path, help=f"a {CLUSTER}, or a folder with {CLUSTER} and {FILES}/"
    )
    offers(file, Offer.FILES)
    add_manner(command)
    add_places(command)
    command.set_defaults(run=_apply)


def add_config_confirm(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    _add_here(command)
    add_places(command)
    command.set_defaults(run=_confirm)


def add_rollback(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    generation = command.add_argument(
        "generation", type=int, nargs="?", help="its number (default: the one before)"
    )
    offers(generation, Offer.GENERATIONS)
    command.add_argument(
        "--unconfirmed", action="store_true", help="undo now what was applied with --confirm"
    )
    _add_where(command)
    add_places(command)
    command.set_defaults(run=_rollback)


def add_activate(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    _add_alone(command)
    add_places(command)
    command.set_defaults(run=_activate)


def add_deactivate(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--yes", action="store_true", help="do not ask")
    _add_alone(command)
    add_places(command)
    command.set_defaults(run=_deactivate)


def add_move_to_cluster(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    _add_alone(command)
    add_places(command)
    command.set_defaults(run=_move_to_cluster)


def add_move_to_node(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    _add_alone(command)
    add_places(command)
    command.set_defaults(run=_move_to_node)


def add_reset(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_places(command)
    command.set_defaults(run=_reset)


def add_manner(command: argparse.ArgumentParser) -> None:
    """The options of a change that is made here: for how long, and where."""
    command.add_argument(
        "--confirm",
        type=_seconds,
        metavar="TIME",
        help="go back by itself unless `hactl config confirm` follows within TIME, e.g. 5m",
    )
    _add_where(command)


def _add_here(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--here", action="store_true", help='on this node alone, even with sync = "on-apply"'
    )


def _add_where(command: argparse.ArgumentParser) -> None:
    where = command.add_mutually_exclusive_group()
    _add_here(where)
    where.add_argument(
        "--both", action="store_true", help='on both nodes or on neither, even with sync = "manual"'
    )


def _add_alone(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--here", action="store_true", help="on this node alone, e.g. while the other one is off"
    )


def manner_of(options: argparse.Namespace) -> Manner:
    """What `add_manner` has asked for."""
    return Manner(options.confirm, _where(options))


def _where(options: argparse.Namespace) -> Where:
    if options.here:
        return Where.HERE
    return Where.BOTH if options.both else Where.AS_CONFIGURED


def _here_or_both(options: argparse.Namespace) -> Where:
    """Of what makes sense on both nodes only, whatever `sync` says."""
    return Where.HERE if options.here else Where.BOTH


def _apply(options: argparse.Namespace) -> None:
    outcome = apply_path(paths_of(options), options.file, manner_of(options))
    tell(outcome)
    if outcome.changed and options.confirm is not None:
        print(
            _("it goes back by itself in {seconds} s unless you run `hactl config confirm`").format(
                seconds=options.confirm
            )
        )


def _confirm(options: argparse.Namespace) -> None:
    for name in confirm(paths_of(options), options.here):
        print(_("the configuration stays on {name}").format(name=name))


def _rollback(options: argparse.Namespace) -> None:
    if options.unconfirmed:
        print("\n".join(map(told, undo_unconfirmed(paths_of(options), options.here))))
        return
    outcome, again = roll_back(paths_of(options), options.generation, _where(options))
    tell(outcome)
    print(_("generation {number} again").format(number=again))


def _activate(options: argparse.Namespace) -> None:
    tell(set_enabled(paths_of(options), True, _here_or_both(options)))


def _deactivate(options: argparse.Namespace) -> None:
    question = (
        _(
            "the virtual addresses leave this node, and the other one takes over if it can; own addresses "
            "stay. Go on?"
        )
        if options.here
        else _(
            "the virtual addresses leave both nodes, and nobody answers for them until `hactl config "
            "activate`; own addresses stay. Go on?"
        )
    )
    if not options.yes and not agreed(question):
        raise CommandFailed(Exit.REFUSED, _("nothing was changed"))
    tell(set_enabled(paths_of(options), False, _here_or_both(options)))


def _move_to_cluster(options: argparse.Namespace) -> None:
    tell(move_to_cluster(paths_of(options), _here_or_both(options)))


def _move_to_node(options: argparse.Namespace) -> None:
    tell(move_to_node(paths_of(options), _here_or_both(options)))


def _reset(options: argparse.Namespace) -> None:
    paths = paths_of(options)
    name = paths.configuration().name
    question = _("{name} leaves its cluster, and forgets its configurations and the peer's keys. Go on?")
    if not options.yes and not agreed(question.format(name=name)):
        raise CommandFailed(Exit.REFUSED, _("nothing was changed"))
    tell(leave_cluster(paths))


def _seconds(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise argparse.ArgumentTypeError(
            _("{text} is no time: write e.g. 90s, 5m or 1h").format(text=repr(text))
        )
    seconds = int(number) * _UNITS[unit]
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        said = _("{text}: {shortest} s to {longest} h are possible")
        raise argparse.ArgumentTypeError(
            said.format(text=repr(text), shortest=MIN_SECONDS, longest=MAX_SECONDS // 3600)
        )
    return seconds
