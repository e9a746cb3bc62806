"""`hactl key`: the keys by which the two nodes know each other, for people who compare them by telephone."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.config_changes import add_places, agreed, told
from hadaemon.cli.failure import CommandFailed, Exit

if TYPE_CHECKING:
    from hadaemon.io.store.identity import Identity
    from hadaemon.sync.public_key import PublicKey

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SCHEMA = 1


def add_keys(commands: "Commands") -> None:
    """Adds the commands of `hactl key`."""
    key = commands.add_parser("key", help="the keys by which the two nodes know each other")
    keys = key.add_subparsers(required=True, metavar="COMMAND")
    generate = _command(keys, "generate", _generate, "make this node's key")
    generate.add_argument("--force", action="store_true", help="replace it: the peer must trust the new one")
    show = _command(keys, "show", _show, "this node's public key and the peer's, with words to compare")
    show.add_argument("--json", action="store_true", help="the same for programs")
    trust = _command(keys, "trust", _trust, "take a public key for the peer's")
    line = trust.add_argument(
        "file", help="the line that the peer's `hactl key show` prints; -: standard input"
    )
    offers(line, Offer.FILES)
    trust.add_argument("--yes", action="store_true", help="do not ask: the words were compared")
    _command(keys, "revoke", _revoke, "trust the peer's key no longer")


def _command(
    commands: "Commands", name: str, run: Callable[[argparse.Namespace], None], summary: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary)
    add_places(command)
    command.set_defaults(run=told(run))
    return command


def _identity(options: argparse.Namespace) -> "Identity":
    from hadaemon.io.store.identity import Identity

    return Identity(options.state)


def _generate(options: argparse.Namespace) -> None:
    from hadaemon.state.configuration import load_configuration

    identity = _identity(options)
    if identity.own() is not None and not options.force:
        raise CommandFailed(
            Exit.REFUSED, "this node has a key already: see `hactl key show`, or replace it with --force"
        )
    node = load_configuration(options.state).node
    identity.generate(node.name if node is not None else "node")
    _restart()
    _print(options.state)


def _show(options: argparse.Namespace) -> None:
    if not options.json:
        _print(options.state)
        return
    own, peer = _keys(options.state)
    found = {"schema": SCHEMA, "own": _as_json(own), "peer": _as_json(peer)}
    print(json.dumps(found, indent=2))


def _as_json(key: "PublicKey | None") -> dict[str, str] | None:
    return None if key is None else {"node": key.node, "words": key.words, "key": key.line}


def _keys(state: Path) -> "tuple[PublicKey | None, PublicKey | None]":
    """This node's own and the peer's."""
    from hadaemon.io.store.identity import Identity
    from hadaemon.state.configuration import load_configuration

    identity, node = Identity(state), load_configuration(state).node
    own = identity.own()
    if own is not None and node is not None:
        # It may have another name than when the key was made; the peer finds it by this one.
        own = own.of_node(node.hotwire_name)
    return own, identity.peer()


def _print(state: Path) -> None:
    own, peer = _keys(state)
    if own is None:
        print("this node has no key yet: pair the nodes (`hactl pair`), or make one (`hactl key generate`)")
    else:
        print(f"this node:  {own.words}\n{own.line}")
    told_peer = f"{peer.words}\n{peer.line}" if peer is not None else "no key is trusted"
    print(f"the peer:   {told_peer}")


def _trust(options: argparse.Namespace) -> None:
    from hadaemon.io.store.files import read_text
    from hadaemon.state.configuration import load_configuration
    from hadaemon.sync.public_key import MAX_LINE, parse_public_key

    text = sys.stdin.read(2 * MAX_LINE) if options.file == "-" else read_text(Path(options.file))
    if text is None:
        raise CommandFailed(Exit.REFUSED, f"{options.file}: there is no such file")
    peer = parse_public_key(text, "standard input" if options.file == "-" else options.file)
    identity, node = _identity(options), load_configuration(options.state).node
    print(f"the words of this key:  {peer.words}")
    if not options.yes and not agreed("Does the peer's own `hactl key show` say the same?"):
        raise CommandFailed(Exit.REFUSED, "the key is not trusted")
    identity.trust(peer, node.name if node is not None else "")
    _restart()
    print("the key is trusted; do the same on the peer with this node's key")


def _revoke(options: argparse.Namespace) -> None:
    if not _identity(options).revoke():
        raise CommandFailed(Exit.REFUSED, "no key is trusted")
    _restart()
    print("the peer's key is trusted no longer, and the heartbeat's secret is gone: pair the nodes anew")


def _restart() -> None:
    from hadaemon.io.programs.services import restart_sync_server

    restart_sync_server()
