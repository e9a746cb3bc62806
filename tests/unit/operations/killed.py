"""Commits a configuration again and again, each time killed one file operation later. Run as a script.

Arguments: a folder with a node's state to begin with, the new configuration, a folder for the results. Each
result is the state folder as it was when its process died.
"""

import os
import shutil
import sys
from pathlib import Path

from hadaemon.io.store.trees import read_tree
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.sync.holder import Holder
from hadaemon.sync.record import How

_WATCHED = {
    "open",
    "os.rename",
    "os.symlink",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "os.chown",
    "shutil.rmtree",
}
_ENOUGH = 400


def change(state: Path, new: Path) -> None:
    """What is killed."""
    here = OwnConfiguration(state, state / "no-daemon")
    tree = read_tree(new)
    head = here.next_head(tree, here.check(tree))
    here.commit(tree, head, How.APPLY, Holder("admin", "alpha", "now", "test"))


def main() -> None:
    old, new, results = map(Path, sys.argv[1:])
    for last in range(1, _ENOUGH):
        state = results / f"{last:03}"
        shutil.copytree(old, state, symlinks=True)
        child = os.fork()
        if child == 0:
            left = last

            def count(event: str, arguments: tuple[object, ...]) -> None:
                nonlocal left
                # Reading does not change the disk: only what may write counts.
                if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & 0o3):
                    return
                if event in _WATCHED:
                    left -= 1
                    if left == 0:
                        os._exit(9)

            sys.addaudithook(count)
            change(state, new)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return
    raise AssertionError("it never came to its end")


main()
