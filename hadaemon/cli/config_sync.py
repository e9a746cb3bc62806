"""`hactl config sync`: the configuration of one node becomes the other's, after a look at the difference."""

import argparse
from typing import TYPE_CHECKING

from hadaemon.cli.config_changes import TIMEOUT, add_places, agreed, holder_of, own, tell, told
from hadaemon.cli.failure import CommandFailed, Exit

if TYPE_CHECKING:
    from hadaemon.operations.own_configuration import OwnConfiguration
    from hadaemon.operations.peer import Peer
    from hadaemon.operations.synchronize import Comparison
    from hadaemon.sync.holder import Holder

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SUMMARY = "make the configuration of both nodes the same, after showing what differs"


def add_config_sync(commands: "Commands") -> None:
    """Adds the command to those of `hactl config`."""
    sync = commands.add_parser("sync", help=_SUMMARY, description=_SUMMARY)
    way = sync.add_mutually_exclusive_group(required=True)
    way.add_argument("--to-peer", action="store_true", help="this node's configuration becomes the peer's")
    way.add_argument("--from-peer", action="store_true", help="the peer's configuration becomes this node's")
    sync.add_argument("--yes", action="store_true", help="do not ask")
    sync.add_argument("--change-roles", action="store_true", help="do not ask about the roles either")
    sync.add_argument(
        "--overwrite-newer", action="store_true", help="even if the configuration that goes is the newer one"
    )
    sync.add_argument("--timeout", type=float, default=TIMEOUT, help=argparse.SUPPRESS)
    add_places(sync)
    sync.set_defaults(run=told(_sync))


def _sync(options: argparse.Namespace) -> None:
    from hadaemon.io.store.pair_lock import locked
    from hadaemon.operations.peer import peer_of

    here = own(options)
    holder = holder_of(options, here, "config sync")
    with peer_of(here.state, options.timeout) as peer:
        seen = _compared(options, here, peer)
        if seen.nothing:
            print(f"nothing to do: {_synchronized(seen)}")
            return
        if options.yes and (seen.roles is None or options.change_roles):
            with locked(options.run_folder, here.name, holder):
                _carry_out(options, here, peer, seen, holder)
            return
    # Nobody's conversation waits for a person: it is looked at again afterwards, under the lock.
    _ask(options, seen)
    with locked(options.run_folder, here.name, holder), peer_of(here.state, options.timeout) as peer:
        _carry_out(options, here, peer, seen, holder)


def _compared(options: argparse.Namespace, here: "OwnConfiguration", peer: "Peer") -> "Comparison":
    from hadaemon.operations.synchronize import compare

    seen = compare(here, peer, options.to_peer, options.overwrite_newer)
    if not seen.nothing:
        print(f"the configuration of {seen.source.name} becomes that of {seen.target.name}:")
        print("\n".join(f"  {line}" for line in seen.lines or ("the content is the same",)))
        if seen.roles is not None:
            print(seen.roles)
    return seen


def _ask(options: argparse.Namespace, seen: "Comparison") -> None:
    if not options.yes and not agreed("Go on?"):
        raise CommandFailed(Exit.REFUSED, "nothing was changed")
    if seen.roles is not None and not options.change_roles:
        if options.yes:
            raise CommandFailed(Exit.REFUSED, f"{seen.roles}: give --change-roles if that is wanted")
        if not agreed("The roles change over. Really go on?"):
            raise CommandFailed(Exit.REFUSED, "nothing was changed")


def _carry_out(
    options: argparse.Namespace, here: "OwnConfiguration", peer: "Peer", seen: "Comparison", holder: "Holder"
) -> None:
    from hadaemon.operations.synchronize import synchronize

    notes = synchronize(here, peer, seen, holder, options.overwrite_newer)
    tell(_synchronized(seen), notes)


def _synchronized(seen: "Comparison") -> str:
    return f"{seen.source.name} and {seen.target.name} are synchronized"
