"""`hactl key`: the keys by which the two nodes know each other, for people who compare them by telephone."""

import argparse
import json
import sys
from pathlib import Path

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.person import agreed
from hadaemon.cli.places import add_places, paths_of
from hadaemon.io.store.files import read_text
from hadaemon.language.speech import _
from hadaemon.operations.keys import Keys, generate_key, read_keys, revoke_key, trust_key
from hadaemon.sync.public_key import MAX_LINE, PublicKey, parse_public_key

SCHEMA = 1


def add_generate(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--force", action="store_true", help="replace it: the peer must trust the new one")
    add_places(command)
    command.set_defaults(run=_generate)


def add_show(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_places(command)
    command.set_defaults(run=_show)


def add_trust(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    line = command.add_argument(
        "file", help="the line that the peer's `hactl key show` prints; -: standard input"
    )
    offers(line, Offer.FILES)
    command.add_argument("--yes", action="store_true", help="do not ask: the words were compared")
    add_places(command)
    command.set_defaults(run=_trust)


def add_revoke(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_places(command)
    command.set_defaults(run=_revoke)


def _generate(options: argparse.Namespace) -> None:
    _print(generate_key(paths_of(options), options.force))


def _show(options: argparse.Namespace) -> None:
    keys = read_keys(options.state)
    if options.json:
        found = {"schema": SCHEMA, "own": _as_json(keys.own), "peer": _as_json(keys.peer)}
        print(json.dumps(found, indent=2))
    else:
        _print(keys)


def _as_json(key: PublicKey | None) -> dict[str, str] | None:
    return None if key is None else {"node": key.node, "words": key.words, "key": key.line}


def _print(keys: Keys) -> None:
    if keys.own is None:
        none = _(
            "this node has no key yet: pair the nodes (`hactl pair`), or make one (`hactl key generate`)"
        )
        print(none)
    else:
        print(f"{_('this node')}:  {keys.own.words}\n{keys.own.line}")
    peer = f"{keys.peer.words}\n{keys.peer.line}" if keys.peer is not None else _("no key is trusted")
    print(f"{_('the peer')}:   {peer}")


def _trust(options: argparse.Namespace) -> None:
    text = sys.stdin.read(2 * MAX_LINE) if options.file == "-" else read_text(Path(options.file))
    if text is None:
        raise CommandFailed(Exit.REFUSED, _("{file}: there is no such file").format(file=options.file))
    peer = parse_public_key(text, _("standard input") if options.file == "-" else options.file)
    print(f"{_('the words of this key')}:  {peer.words}")
    if not options.yes and not agreed(_("Does the peer's own `hactl key show` say the same?")):
        raise CommandFailed(Exit.REFUSED, _("the key is not trusted"))
    trust_key(paths_of(options), peer)
    print(_("the key is trusted; do the same on the peer with this node's key"))


def _revoke(options: argparse.Namespace) -> None:
    revoke_key(paths_of(options))
    gone = _("the peer's key is trusted no longer, and the heartbeat's secret is gone: pair the nodes anew")
    print(gone)
