"""What was agreed to becomes this node's files, and the running system's configuration."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hadaemon.config import check_preseed
from hadaemon.control.answers import Reloaded
from hadaemon.control.requests import Reload
from hadaemon.errors import HadaemonError, in_words
from hadaemon.io.programs.run import run_program
from hadaemon.io.store.files import read_text
from hadaemon.menu.draft import FILE
from hadaemon.menu.steps import Failed, marked
from hadaemon.operations.asking import ask_daemon
from hadaemon.setup.apply import open_sync_account, tell
from hadaemon.setup.effect import Effect
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.state import make_state_folder, store_preseed
from hadaemon.state.configuration import load_configuration
from hadaemon.state.places import NODE_FILE
from hadaemon.state.release import running_release

_TIMEOUT = 30.0
"""Seconds."""
_CONSOLES = ("getty@*.service", "serial-getty@*.service")


def store(raw: dict[str, Any], anew: bool, places: Places, owners: Owners) -> tuple[str, ...] | Failed:
    """Everything is validated before anything is written. What is to be told, once it is written."""
    preseed = check_preseed(raw, FILE)
    reason = read_text(places.data_error)
    if reason is not None:
        return Failed((marked("the data partition cannot be used:"), " ".join(reason.split())))
    with _alone(places):
        if not anew and read_text(places.state / NODE_FILE) is not None:
            return Failed((marked("this box was configured at another console meanwhile"),))
        make_state_folder(places, owners)
        store_preseed(preseed, places, owners)
    return take_effect(places, owners)


def take_effect(places: Places, owners: Owners) -> tuple[str, ...]:
    """The system follows the files without a reboot; what is wrong."""
    configuration = load_configuration(places.state)
    problems = [*configuration.problems, *Effect(places).take(configuration, owners)]
    open_sync_account(places)
    tell(configuration, tuple(problems), running_release().version, places)
    try:
        ask_daemon(places.control, Reload(), Reloaded, _TIMEOUT)
    except HadaemonError as error:
        problems += in_words(error).splitlines()
    return tuple(problems)


def release_consoles(own: str) -> None:
    """The other consoles show a login prompt instead of the menu. `own`: this one's terminal, e.g. ttyS0."""
    listed = run_program("systemctl", "list-units", "--plain", "--no-legend", "--state=running", *_CONSOLES)
    units = [line.split()[0] for line in listed.splitlines() if line.strip()]
    others = [unit for unit in units if unit.partition("@")[2] != f"{own}.service"]
    if others:
        run_program("systemctl", "restart", "--no-block", *others)


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    """Two consoles never write at once."""
    places.run.mkdir(parents=True, exist_ok=True)
    with (places.run / "menu.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
