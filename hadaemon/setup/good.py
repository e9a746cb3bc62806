"""The last configuration that was accepted at a boot, kept so that a mistake in a file can be taken back."""

import os

from hadaemon.errors import HadaemonError
from hadaemon.io.errors import FileError
from hadaemon.io.files import read_text, write_text
from hadaemon.runtime.configuration import Condition, Configuration, check_texts
from hadaemon.runtime.places import CLUSTER_FILE, NODE_FILE
from hadaemon.setup.places import Owners, Places

_FILES = (NODE_FILE, CLUSTER_FILE)
_TRIALS = ((NODE_FILE,), (CLUSTER_FILE,), _FILES)
"""What is taken back: as little as possible."""


def keep_good(configuration: Configuration, places: Places, owners: Owners) -> None:
    """Copies what counts, if it is accepted and differs from the copy. Raises FileError."""
    if configuration.condition not in (Condition.CLUSTER, Condition.STAND_ALONE):
        return
    try:
        places.good.mkdir(mode=0o750, exist_ok=True)
        if owners.state is not None:
            os.chown(places.good, *owners.state)  # The administrator's menu looks whether it would help.
        for name in _FILES:
            text = read_text(places.state / name)
            if text is None:
                (places.good / name).unlink(missing_ok=True)
            elif text != read_text(places.good / name):
                write_text(places.good / name, text, 0o640, owners.state)
    except OSError as error:
        raise FileError(f"{places.good}: {error.strerror}") from error


def better(places: Places) -> dict[str, str]:
    """The fewest older files with which the configuration would be accepted; empty: there are none."""
    try:
        present = {name: read_text(places.state / name) for name in _FILES}
        good = {name: read_text(places.good / name) for name in _FILES}
    except HadaemonError:
        return {}
    for names in _TRIALS:
        mended = {name: text for name in names if (text := good[name]) is not None}
        texts = present | mended
        node = texts[NODE_FILE]
        if len(mended) == len(names) and node is not None and _accepted(node, texts[CLUSTER_FILE]):
            return mended
    return {}


def _accepted(node: str, cluster: str | None) -> bool:
    return check_texts(node, cluster, *_FILES).condition is not Condition.REFUSED


def restore_good(places: Places, owners: Owners) -> tuple[str, ...]:
    """The names of the files that were replaced. Raises HadaemonError."""
    mended = better(places)
    if not mended:
        raise HadaemonError("there is no older configuration with which this box would work")
    for name, text in mended.items():
        write_text(places.state / name, text, 0o640, owners.state)
    return tuple(mended)
