"""Deeds, carried out. A refusal comes back as `Failed`, never as an exception."""

import contextlib
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator

from hadaemon.config import ConfigError
from hadaemon.console import cards, changes, partner
from hadaemon.console.disks import read_disks
from hadaemon.console.store import store, take_effect
from hadaemon.console.terminal import ORIGINAL_TERM, interruptible
from hadaemon.errors import HadaemonError, in_words
from hadaemon.io.kernel import device
from hadaemon.io.programs.password import hash_password
from hadaemon.io.store.files import read_text
from hadaemon.menu import actions
from hadaemon.menu.draft import SCHEMA
from hadaemon.menu.steps import Failed, marked
from hadaemon.setup.good import restore_good
from hadaemon.setup.main import take_from_medium
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.state import make_state_folder
from hadaemon.state.places import NODE_FILE

_KEY_SIZE = 32
"""Bytes."""
_WRITING = (
    actions.Store,
    actions.ReadStick,
    actions.StoreNode,
    actions.ChangeAdmin,
    actions.RestoreGood,
    actions.FactoryReset,
)
_TALKING = (actions.Hactl, actions.Run, actions.AsRoot)
_LEAVING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
HACTL = ("/usr/bin/hactl",)
MENU = "/usr/libexec/hotspare/menu"


class Performer:
    """Carries out actions on this node."""

    def __init__(self, places: Places, owners: Owners, hactl: tuple[str, ...] = HACTL) -> None:
        self._places = places
        self._owners = owners
        self._program = hactl

    def __call__(self, action: object) -> object:
        """What the flow is told."""
        try:
            with (
                _to_the_end() if isinstance(action, _WRITING) else interruptible(isinstance(action, _TALKING))
            ):
                return self._do(action)
        except ConfigError as error:
            return Failed(tuple(map(str, error.mistakes)))
        except (HadaemonError, OSError) as error:
            return Failed(tuple(in_words(error).splitlines()))

    def _do(self, action: object) -> object:  # noqa: C901 (one line an action)
        match action:
            case actions.ReadCards():
                return cards.read_cards()
            case actions.Blink(interface):
                device.blink(interface, cards.BLINK_SECONDS)
                return ()
            case actions.Detect():
                return cards.detect(self._places.control)
            case actions.HashPassword(password):
                return hash_password(password)
            case actions.NewKey():
                return f"hex:{secrets.token_hex(_KEY_SIZE)}"
            case actions.Store(raw, anew):
                return store(raw, anew, self._places, self._owners)
            case actions.ReadStick():
                return self._read_stick()
            case actions.ReadDisks():
                return read_disks()
            case actions.Hactl(arguments, root):
                return self._hactl(arguments, root)
            case actions.Activate():
                return partner.activate(self._places)
            case actions.ReadPeer():
                return partner.read_peer(self._places)
            case actions.Pull():
                return partner.pull(self._places)
            case actions.Run(command):
                return run_program(command)
            case actions.AsRoot(flow):
                return run_program(("sudo", "-n", MENU, flow))
            case actions.ReadNode():
                return changes.read_node(self._places)
            case actions.StoreNode(raw):
                return changes.store_node(raw, self._places, self._owners)
            case actions.StoreCluster(raw):
                return partner.apply_cluster({"schema": SCHEMA, **raw}, self._places)
            case actions.ChangeAdmin(password_hash, ssh_key):
                return changes.change_admin(password_hash, ssh_key, self._places, self._owners)
            case actions.RestoreGood():
                restore_good(self._places, self._owners)
                return take_effect(self._places, self._owners)
            case actions.FactoryReset():
                return changes.factory_reset(self._places)
        raise AssertionError(f"nobody does {action!r}")

    def _hactl(self, arguments: tuple[str, ...], root: bool) -> object:
        """A command as it would be typed; it talks to the person itself."""
        if root and os.geteuid() != 0:
            return run_program(("sudo", "-n", *self._program, *arguments))
        # Plain, as everything on this terminal.
        return run_program((*self._program, *arguments), os.environ.get("TERM", "dumb"))

    def _read_stick(self) -> object:
        make_state_folder(self._places, self._owners)
        take_from_medium(self._places, self._owners)
        if read_text(self._places.state / NODE_FILE) is None:
            return Failed((marked("there is no file system with the label HOTSPARE and a preseed.toml"),))
        return take_effect(self._places, self._owners)


@contextlib.contextmanager
def _to_the_end() -> Iterator[None]:
    """What is written also takes effect: neither Ctrl-C nor a line that goes ends it in between."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _LEAVING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_program(command: tuple[str, ...], term: str = ORIGINAL_TERM) -> object:
    """With this terminal as its own. What it had to say, it has said."""
    with _ctrl_c_is_the_programs():
        code = subprocess.run(command, env={**os.environ, "TERM": term}, check=False).returncode
    return Failed(()) if code else ()


@contextlib.contextmanager
def _ctrl_c_is_the_programs() -> Iterator[None]:
    """Both of us get the signal. A handler and not SIG_IGN, which the program would inherit."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
