"""The last configuration that was accepted at a boot, kept so that a mistake in a file can be taken back."""

import os
from pathlib import Path

from hadaemon.config.migrate import Kind
from hadaemon.errors import HadaemonError
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text
from hadaemon.io.store.forms import read_form, store
from hadaemon.setup.places import Owners, Places
from hadaemon.state.configuration import Configuration, check_texts
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE
from hadaemon.status.states import Condition

_FILES = (NODE_FILE, CLUSTER_FILE)
_KINDS = {NODE_FILE: Kind.NODE, CLUSTER_FILE: Kind.CLUSTER}
_TRIALS = ((NODE_FILE,), (CLUSTER_FILE,), _FILES)
"""Which files to take back: the fewest first."""


def keep_good(configuration: Configuration, places: Places, owners: Owners) -> None:
    """Copies what counts, if it is accepted and differs from the copy. Raises FileError."""
    if configuration.condition not in (Condition.CLUSTER, Condition.STAND_ALONE):
        return
    try:
        places.good.mkdir(mode=0o750, exist_ok=True)
        if owners.state is not None:
            os.chown(places.good, *owners.state)  # The menu looks whether it would help.
        for name in _FILES:
            # The form that this firmware reads: the file itself may be of a newer one.
            form = read_form(places.state / name)
            if form is None:
                (places.good / name).unlink(missing_ok=True)
            elif form.text != read_text(places.good / name):
                store(places.good / name, form.text, _KINDS[name], 0o640, owners.state)
    except OSError as error:
        raise FileError(f"{places.good}: {error.strerror}") from error


def better(places: Places) -> dict[str, str]:
    """The fewest older files with which the configuration would be accepted; empty: there are none."""
    try:
        present, good = _texts(places.state), _texts(places.good)
    except HadaemonError:
        return {}
    for names in _TRIALS:
        mended = {name: text for name in names if (text := good[name]) is not None}
        texts = present | mended
        node = texts[NODE_FILE]
        if len(mended) == len(names) and node is not None and _accepted(node, texts[CLUSTER_FILE]):
            return mended
    return {}


def _texts(folder: Path) -> dict[str, str | None]:
    return {name: form.text if (form := read_form(folder / name)) is not None else None for name in _FILES}


def _accepted(node: str, cluster: str | None) -> bool:
    return check_texts(node, cluster, *_FILES).condition is not Condition.REFUSED


def restore_good(places: Places, owners: Owners) -> tuple[str, ...]:
    """The names of the files that were replaced. Raises HadaemonError."""
    mended = better(places)
    if not mended:
        raise HadaemonError("there is no older configuration with which this box would work")
    for name, text in mended.items():
        store(places.state / name, text, _KINDS[name], 0o640, owners.state)
    return tuple(mended)
