"""`hactl pair`: two boxes on one cable, a code shown on one and typed on the other."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from hadaemon.cli.asking import CommandFailed, Exit
from hadaemon.cli.config_changes import add_places, told

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from hadaemon.pairing.protocol import Paired

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SUMMARY = "make this node and the one at the other end of the hotwire a pair"
ASKS = "the code that the other node shows: "
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
    from contextlib import nullcontext

    from hadaemon.pairing.call import calling
    from hadaemon.pairing.protocol import new_code
    from hadaemon.pairing.wire import SHOWN, show

    box = _Box(options)
    code = new_code()
    with calling(box.port, box.node.hotwire_name) if box.ends.peer is None else nullcontext():
        print("\n".join(code_lines(code, SHOWN)), flush=True)
        _end(options, show(box.card, code, box.ends.own.ip, _keeper(box)))


def code_lines(code: str, seconds: float) -> tuple[str, str]:
    """What the person has to know who types it on the other node."""
    return (
        f"on the other node, run `hactl pair enter` and type  {code[:3]} {code[3:]}",
        f"the code is good for {seconds:g} s and three attempts",
    )


def _enter(options: argparse.Namespace) -> None:
    from hadaemon.pairing.protocol import WrongCode, clean_code
    from hadaemon.pairing.wire import type_in

    box = _Box(options)
    for _ in range(_TRIES):
        try:
            code = clean_code(input(ASKS))
        except EOFError as error:
            raise CommandFailed(Exit.REFUSED, "no code was typed") from error
        try:
            _end(options, type_in(box.card, code, box.ends.own.ip, box.peer(), _keeper(box)))
        except WrongCode as error:
            print(f"{error}: look again")
        else:
            return
    raise CommandFailed(Exit.REFUSED, "the code was wrong three times: begin again on both nodes")


class _Box:
    """This node, as it is before it has a peer."""

    def __init__(self, options: argparse.Namespace) -> None:
        from hadaemon.hotwire.addresses import hotwire_port
        from hadaemon.io.store.identity import Identity
        from hadaemon.operations.peer import ends_of
        from hadaemon.pairing.protocol import Card
        from hadaemon.state.configuration import load_configuration

        configuration = load_configuration(options.state)
        if configuration.node is None:
            raise CommandFailed(Exit.REFUSED, "this node is not configured yet: it needs a node.toml")
        self.node, self.cluster = configuration.node, configuration.cluster
        self.ends = ends_of(self.node, self.cluster)
        port = hotwire_port(self.node, self.cluster)
        assert port is not None
        self.port = self.node.ports[port]
        self.identity = Identity(options.state)
        key = self.identity.ensure(self.node.name)
        self.card = Card(self.node.name, key, self.node.paired_as)

    def peer(self) -> "IPv4Address":
        """Where the code is shown: as configured, or as its beacons tell."""
        from hadaemon.operations.peer import ends_of
        from hadaemon.pairing.call import caller
        from hadaemon.pairing.protocol import same_name

        if self.ends.peer is not None:
            return self.ends.peer
        name = caller(self.port)
        if name == self.node.name:
            raise same_name(name)
        peer = ends_of(self.node, self.cluster, name).peer
        assert peer is not None
        return peer


def _keeper(box: _Box) -> "Callable[[Paired], None]":
    """Stores, and no more: the other node waits for it, and has little patience."""
    identity = box.identity

    def keep(paired: "Paired") -> None:
        peer = paired.peer
        identity.trust(peer.key.of_node(peer.hotwire_name or peer.name), box.node.name)
        identity.store_heartbeat_secret(paired.heartbeat_secret)

    return keep


def _put_to_work(options: argparse.Namespace) -> None:
    """The server takes the new key, the daemon the new secret."""
    from hadaemon.control.requests import Reload, request_to_json
    from hadaemon.errors import HadaemonError
    from hadaemon.io.programs.services import restart_sync_server
    from hadaemon.io.sockets.control_client import ask

    restart_sync_server()
    try:
        ask(options.socket, request_to_json(Reload()), 5.0)
    except (OSError, HadaemonError):
        return  # No daemon: it reads the secret when it starts.


def _end(options: argparse.Namespace, paired: "Paired") -> None:
    _put_to_work(options)
    print(paired_line(paired.peer.name, paired.peer.key.words))


def paired_line(peer: str, words: str) -> str:
    """The end of it, with words to compare by telephone."""
    return f"paired with {peer}: {words}"
