"""The keeper: serves the verbs of one conversation with the peer, as root, on the socket at standard input.

Started by the service manager for each connection. Only root and the user of the synchronization, behind
whose SSH server only the peer's key is let in, may connect. The lock of this node's configuration lives as
long as the conversation that took it.
"""

import argparse
import contextlib
import os
import pwd
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hadaemon.commands.on_peer import MAX_WORDS
from hadaemon.config import migrate
from hadaemon.errors import HadaemonError
from hadaemon.helper.hactl import HACTL, Hactl
from hadaemon.io.firmware.rauc import Rauc
from hadaemon.io.firmware.rsync import sender_command
from hadaemon.io.programs.channel import Channel, ChannelError
from hadaemon.io.programs.services import start_firmware_pull, start_guard
from hadaemon.io.store.files import read_text
from hadaemon.io.store.forms import tree_in_schema
from hadaemon.io.store.pair_lock import locked
from hadaemon.io.store.plan_file import PlanFile
from hadaemon.operations.firmware import FirmwarePlaces, OwnFirmware
from hadaemon.operations.own_configuration import OwnConfiguration, now_text
from hadaemon.state.places import own_folder
from hadaemon.state.release import running_release
from hadaemon.sync.errors import SyncError
from hadaemon.sync.guard import MAX_SECONDS, MIN_SECONDS
from hadaemon.sync.head import head_from_json
from hadaemon.sync.holder import Holder, holder_from_json
from hadaemon.sync.messages import OLDEST, PROTOCOL, Message, agree, newest_schema, tree_message, tree_of
from hadaemon.sync.plan import Side, refusal
from hadaemon.sync.record import How
from hadaemon.sync.server import USER
from hadaemon.sync.tree import Tree, digest
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.offer import PULL_LOG, Offer, pulled, to_json
from hadaemon.upgrade.plan import under_way

_TIMEOUT = 60.0
"""Seconds for one frame: a peer that stopped half-way must not hold the lock for ever."""
_MAX_SECONDS = 600
"""Of the whole conversation."""
_MAX_SAID = 4096
_CREDENTIALS = struct.Struct("=iII")

Answer = dict[str, Any]


class Conversation:
    """What one peer may do, verb by verb. `answer` never raises for what the peer did wrong."""

    def __init__(
        self,
        here: OwnConfiguration,
        run: Path,
        hactl: Hactl,
        stack: contextlib.ExitStack,
        firmware: OwnFirmware | None = None,
        pull: Callable[[bool], None] = start_firmware_pull,
    ) -> None:
        self._here = here
        self._run = run
        self._program = hactl
        self._stack = stack
        self._own_firmware = firmware
        self._pull = pull
        self.program: tuple[str, ...] = ()
        """What the rest of the conversation is handed to, if it is."""
        self._greeted = False
        self._locked: Holder | None = None
        self._checked: Tree | None = None
        self._schema = 0
        """The newest format that the peer reads."""
        self._sent = ""
        """The digest of what it has read here: our own configuration, if need be in an older format."""
        self._verbs: dict[str, Callable[[Message], Answer | Message]] = {
            "hello": self._hello,
            "lock": self._lock,
            "read": self._read,
            "check": self._check,
            "commit": self._commit,
            "digest": self._digest,
            "confirm": self._confirm,
            "back": self._back,
            "hactl": self._hactl,
            "firmware": self._firmware,
            "firmware-send": self._firmware_send,
            "firmware-pull": self._firmware_pull,
            "firmware-stage": self._firmware_stage,
            "firmware-staged": self._firmware_staged,
            "firmware-send-staged": self._firmware_send_staged,
            "firmware-pulled": self._firmware_pulled,
        }

    def answer(self, request: Message) -> Message:
        """One request's answer."""
        try:
            verb = request.text("verb", 32)
            run = self._verbs.get(verb)
            if run is None:
                raise SyncError(f"there is no verb {verb!r}: there are {', '.join(self._verbs)}")
            if not self._greeted and verb != "hello":
                raise SyncError("a conversation begins with hello")
            done = run(request)
        except HadaemonError as error:
            problems = [str(problem) for problem in getattr(error, "problems", ())]
            return Message({"ok": False, "error": str(error), "problems": problems})
        return done if isinstance(done, Message) else Message({"ok": True, **done})

    def _hello(self, request: Message) -> Answer:
        # Read on the node that asks, where "this node" would be the other one.
        theirs = request.header.get("protocol")
        version = agree((OLDEST, PROTOCOL), theirs, self._here.name, "the node that asks")
        self._schema = newest_schema(request.header)
        self._greeted = True
        return {
            "protocol": [OLDEST, PROTOCOL],
            "schema": migrate.KNOWN.newest,
            "version": version,
            "firmware": running_release().version,
            **_side_json(self._here.side()),
        }

    def _lock(self, request: Message) -> Answer:
        if self._locked is None:
            holder = holder_from_json(request.header.get("holder"))
            self._stack.enter_context(locked(self._run, self._here.name, holder))
            self._locked = holder
        return _side_json(self._here.side())

    def _read(self, _: Message) -> Message:
        tree = self._here.generations.tree()
        header = {"ok": True, **_side_json(self._here.side())}
        if tree is None:
            return Message({**header, "files": []})
        form, lost = tree_in_schema(tree, self._schema)
        self._sent = digest(form)
        return tree_message({**header, "converted": form != tree, "lost": list(lost)}, form)

    def _check(self, request: Message) -> Answer:
        """The dry run. What was checked is what can be committed, and nothing else."""
        self._must_hold_lock()
        tree = tree_of(request, "the peer's configuration")
        checked = self._here.check(tree)
        self._checked = tree
        return {"notes": list(checked.notes)}

    def _commit(self, request: Message) -> Answer:
        holder = self._must_hold_lock()
        head = head_from_json(request.header.get("head"), "the peer's commit")
        tree = self._checked
        if tree is None or digest(tree) != head.digest:
            raise SyncError("only what was checked before can be committed")
        target = self._here.side()
        if head.digest not in (target.head.digest, self._sent):
            source = Side(request.text("source", 64), head, request.text("master", 64))
            reason = refusal(source, target, request.header.get("overwrite_newer") is True)
            if reason is not None:
                raise SyncError(reason)
        confirm = request.header.get("confirm")
        outcome = self._here.commit(tree, head, How.SYNC, holder, _seconds(confirm), both=True)
        return {"notes": list(outcome.notes), "digest": outcome.record.head.digest}

    def _digest(self, _: Message) -> Answer:
        return {"digest": self._here.read_back()}

    def _confirm(self, _: Message) -> Answer:
        return {"waited": self._here.confirm()}

    def _back(self, _: Message) -> Answer:
        self._must_hold_lock()
        return {"told": self._here.go_back()}

    def _firmware(self, _: Message) -> Answer:
        """What runs here, for a peer that wants the same."""
        return to_json(self._offer()[0])

    def _firmware_staged(self, _: Message) -> Answer:
        """What is staged here for the upgrade of the pair."""
        return to_json(self._offer(staged=True)[0])

    def _firmware_send(self, _: Message) -> Answer:
        return self._send(staged=False)

    def _firmware_send_staged(self, _: Message) -> Answer:
        return self._send(staged=True)

    def _send(self, staged: bool) -> Answer:
        offer, path = self._offer(staged)
        if path is None:
            raise UpgradeError(f"{offer.node} does not have the bundle of {offer.version or 'an upgrade'}")
        self.program = sender_command(path)
        return {}

    def _firmware_pull(self, _: Message) -> Answer:
        """The peer wants this node to run what it runs: a unit fetches it, over a connection of its own."""
        return self._fetch(staged=False)

    def _firmware_stage(self, _: Message) -> Answer:
        """The peer begins an upgrade of the pair: a unit fetches the bundle, and installs nothing yet."""
        self._must_hold_lock()
        return self._fetch(staged=True)

    def _fetch(self, staged: bool) -> Answer:
        if under_way(PlanFile(own_folder(self._here.state)).load()):
            raise UpgradeError(f"an upgrade of the pair is under way on {self._here.name}")
        log = read_text(self._run / PULL_LOG)
        if log is not None and pulled(log).status is None:
            raise UpgradeError(f"{self._here.name} fetches a firmware already: wait for its end")
        (self._run / PULL_LOG).unlink(missing_ok=True)
        self._pull(staged)
        return {}

    def _firmware_pulled(self, _: Message) -> Answer:
        return {"said": (read_text(self._run / PULL_LOG) or "")[-_MAX_SAID:]}

    def _offer(self, staged: bool = False) -> tuple[Offer, Path | None]:
        if self._own_firmware is None:
            raise UpgradeError("this node has no firmware to give")
        return self._own_firmware.offer(self._here.name, staged)

    def _hactl(self, request: Message) -> Message:
        """A reading command, as `hactl --peer` asks for it."""
        done = self._program.read(request.texts("arguments", MAX_WORDS))
        code = done.status if done.status >= 0 else 1
        header = {"ok": True, "code": code, "errors": done.said[:_MAX_SAID]}
        return Message(header, done.output.encode())

    def _must_hold_lock(self) -> Holder:
        if self._locked is None:
            raise SyncError("the configuration must be locked first")
        return self._locked


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the conversation on standard input; 0 when it came to its end."""
    parser = argparse.ArgumentParser(prog="keeper", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("/data/state"))
    parser.add_argument("--run", type=Path, default=Path("/run/hotspare"))
    parser.add_argument("--socket", type=Path, default=Path("/run/hadaemon/control.sock"))
    parser.add_argument("--bundles", type=Path, default=Path("/data/firmware"))
    parser.add_argument("--rauc", default="/usr/bin/rauc", help=argparse.SUPPRESS)
    parser.add_argument("--hactl", default=HACTL, type=lambda path: (path,), help=argparse.SUPPRESS)
    parser.add_argument("--user", default=USER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    signal.alarm(_MAX_SECONDS)  # Whatever happens: the lock is let go.
    with socket.socket(fileno=os.dup(0)) as connection:
        if _peer_uid(connection) not in _allowed(options.user):
            return 1
        channel = Channel(connection.fileno(), connection.fileno(), "the peer", _TIMEOUT)
        here = OwnConfiguration(options.state, options.socket, start_guard)
        with contextlib.ExitStack() as stack:
            places = FirmwarePlaces(options.state, options.bundles, options.run)
            firmware = OwnFirmware(places, Rauc((options.rauc,)))
            hactl = Hactl(options.state, options.run, options.socket, options.hactl)
            conversation = Conversation(here, options.run, hactl, stack, firmware)
            return _serve(channel, conversation)


def _serve(channel: Channel, conversation: Conversation) -> int:
    try:
        while (request := channel.receive_or_end()) is not None:
            channel.send(conversation.answer(request))
            if conversation.program:
                return channel.hand_to(conversation.program)
    except ChannelError as error:
        print(error, file=sys.stderr)
        return 1
    except SyncError as error:
        # No frame: what follows cannot be told apart any more.
        with contextlib.suppress(HadaemonError):
            channel.send(Message({"ok": False, "error": str(error), "problems": []}))
        print(error, file=sys.stderr)
        return 1
    return 0


def _side_json(side: Side) -> Answer:
    return {"node": side.name, "head": side.head.as_json(), "master": side.master, "time": now_text()}


def _seconds(raw: object) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not MIN_SECONDS <= raw <= 2 * MAX_SECONDS:
        raise SyncError("confirm is not a number of seconds")
    return float(raw)


def _peer_uid(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(credentials)[1])


def _allowed(user: str) -> set[int]:
    try:
        return {0, pwd.getpwnam(user).pw_uid}
    except KeyError:
        return {0}


if __name__ == "__main__":
    sys.exit(main())
