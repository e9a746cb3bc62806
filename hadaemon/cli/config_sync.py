"""`hactl config sync`: the configuration of one node becomes the other's, after a look at the difference."""

import argparse

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.person import agreed, tell
from hadaemon.cli.places import add_places, paths_of
from hadaemon.language.speech import _, told
from hadaemon.operations.peer import ANSWER_TIME
from hadaemon.operations.sync_pair import Wish, compare_and_synchronize, synchronize_as_seen
from hadaemon.operations.synchronize import Comparison


def add_sync(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    way = command.add_mutually_exclusive_group(required=True)
    way.add_argument("--to-peer", action="store_true", help="this node's configuration becomes the peer's")
    way.add_argument("--from-peer", action="store_true", help="the peer's configuration becomes this node's")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("--change-roles", action="store_true", help="do not ask about the roles either")
    command.add_argument(
        "--overwrite-newer", action="store_true", help="even if the configuration that goes is the newer one"
    )
    command.add_argument("--timeout", type=float, default=ANSWER_TIME, help=argparse.SUPPRESS)
    add_places(command)
    command.set_defaults(run=_sync)


def _sync(options: argparse.Namespace) -> None:
    paths, wish = paths_of(options), Wish(options.to_peer, options.overwrite_newer, options.timeout)

    def may_go_on(seen: Comparison) -> bool:
        print("\n".join(map(told, seen.described)))
        return bool(options.yes and (seen.roles is None or options.change_roles))

    came = compare_and_synchronize(paths, wish, may_go_on)
    if isinstance(came, Comparison):
        _ask(options, came)
        came = synchronize_as_seen(paths, wish, came)
    tell(came)


def _ask(options: argparse.Namespace, seen: Comparison) -> None:
    if not options.yes and not agreed(_("Go on?")):
        raise CommandFailed(Exit.REFUSED, _("nothing was changed"))
    if seen.roles is not None and not options.change_roles:
        if options.yes:
            wanted = _("{change}: give --change-roles if that is wanted").format(change=told(seen.roles))
            raise CommandFailed(Exit.REFUSED, wanted)
        if not agreed(_("The roles change over. Really go on?")):
            raise CommandFailed(Exit.REFUSED, _("nothing was changed"))
