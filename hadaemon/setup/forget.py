"""A factory reset: all that a node keeps is forgotten, also when power is lost in the middle of it.

A mark is there from before the first file goes. The initrd of the next start finds it, deletes everything
else on the data partition (the journal, leases, bundles, homes), has the disk discard it, and takes the mark
away at the end (`board/common/initrd/steps/data`): while a system runs, much of that is in use.
"""

import os
import shutil

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import sync_folder
from hadaemon.setup.places import Places
from hadaemon.state.places import NODE_FILE

MARK = "forgotten"


def forget(places: Places) -> None:
    """Forgets the node first: whatever happens next, this box is not configured any more. The rest goes with
    the next start. Raises FileError."""
    mark = places.state / MARK
    try:
        mark.touch(0o600)
        sync_folder(places.state)
        (places.state / NODE_FILE).unlink(missing_ok=True)
        sync_folder(places.state)
        for path in places.state.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != mark:
                path.unlink()
        shutil.rmtree(places.admin_home, ignore_errors=True)
        sync_folder(places.state)
    except OSError as error:
        raise FileError(f"{places.state}: {os.strerror(error.errno or 0)}") from error


def forget_the_rest(places: Places) -> None:
    """At a start that had no initrd of ours, as in a container. Raises FileError."""
    if (places.state / MARK).exists():
        forget(places)
        (places.state / MARK).unlink()
        sync_folder(places.state)
