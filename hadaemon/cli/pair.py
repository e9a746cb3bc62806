"""`hactl pair`: two boxes on one cable, a code shown on one and typed on the other."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from hadaemon.cli.asking import CommandFailed, Exit
from hadaemon.cli.config_changes import add_places, told

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from hadaemon.io.identity import Identity
    from hadaemon.pairing.protocol import Card, Paired

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SUMMARY = "make this node and the one at the other end of the hotwire a pair"
_TRIES = 3


def add_pair(commands: "Commands") -> None:
    """Adds the two commands."""
    pair = commands.add_parser("pair", help=_SUMMARY, description=_SUMMARY)
    parts = pair.add_subparsers(required=True, metavar="COMMAND")
    for name, run, summary in (
        ("show", _show, "show a code of six digits, and wait for it to be typed on the other node"),
        ("enter", _enter, "type the code that the other node shows"),
    ):
        command = parts.add_parser(name, help=summary, description=summary)
        add_places(command)
        command.set_defaults(run=told(run))


def _show(options: argparse.Namespace) -> None:
    from hadaemon.pairing.protocol import new_code
    from hadaemon.pairing.wire import SHOWN, show

    card, own, _, identity = _ends(options)
    code = new_code()
    print(f"on the other node, run `hactl pair enter` and type  {code[:3]} {code[3:]}", flush=True)
    print(f"the code is good for {SHOWN:g} s and three attempts", flush=True)
    _tell(show(card, code, own, _keeper(options, identity)))


def _enter(options: argparse.Namespace) -> None:
    from hadaemon.pairing.protocol import WrongCode, clean_code
    from hadaemon.pairing.wire import type_in

    card, own, peer, identity = _ends(options)
    for _ in range(_TRIES):
        try:
            code = clean_code(input("the code that the other node shows: "))
        except EOFError as error:
            raise CommandFailed(Exit.REFUSED, "no code was typed") from error
        try:
            _tell(type_in(card, code, own, peer, _keeper(options, identity)))
        except WrongCode as error:
            print(f"{error}: look again")
        else:
            return
    raise CommandFailed(Exit.REFUSED, "the code was wrong three times: begin again on both nodes")


def _ends(options: argparse.Namespace) -> "tuple[Card, IPv4Address, IPv4Address, Identity]":
    from hadaemon.io.identity import Identity
    from hadaemon.pairing.protocol import Card
    from hadaemon.runtime.configuration import load_configuration
    from hadaemon.runtime.peer import hotwire_addresses

    configuration = load_configuration(options.state)
    if configuration.node is None:
        raise CommandFailed(Exit.REFUSED, "this node is not configured yet: it needs a node.toml")
    node = configuration.node
    own, peer = hotwire_addresses(node, configuration.cluster)
    identity = Identity(options.state)
    return Card(node.name, identity.ensure(node.name)), own, peer, identity


def _keeper(options: argparse.Namespace, identity: "Identity") -> "Callable[[Paired], None]":
    def keep(paired: "Paired") -> None:
        identity.trust(paired.peer.key)
        identity.store_heartbeat_secret(paired.heartbeat_secret)
        _put_to_work(options)

    return keep


def _put_to_work(options: argparse.Namespace) -> None:
    """The server takes the new key, the daemon the new secret."""
    from hadaemon.errors import HadaemonError
    from hadaemon.io.control_client import ask
    from hadaemon.io.services import restart_sync_server

    restart_sync_server()
    try:
        ask(options.socket, {"command": "reload"}, 5.0)
    except (OSError, HadaemonError):
        return  # No daemon: it reads the secret when it starts.


def _tell(paired: "Paired") -> None:
    print(f"paired with {paired.peer.name}: {paired.peer.key.words}")
