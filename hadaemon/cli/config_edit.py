"""`hactl config edit`: a copy of a file in an editor, checked on saving, applied like any other change.

The lock is not held while a person types: what has changed meanwhile is told, and nothing is overwritten
unseen. However it ends, either the whole text counts or nothing was changed.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hadaemon.cli.colour import coloured
from hadaemon.cli.config_changes import (
    add_confirm,
    add_places,
    holder_of,
    make_it_count,
    own,
    tell,
    told,
)
from hadaemon.cli.failure import CommandFailed, Exit, failure_of
from hadaemon.errors import HadaemonError

if TYPE_CHECKING:
    from hadaemon.operations.own_configuration import OwnConfiguration
    from hadaemon.sync.tree import Tree

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_EDITORS = ("nano", "vi")
"""In this order, where neither VISUAL nor EDITOR says another; nano is in the image."""
_SUMMARY = "change cluster.toml in an editor, checked on saving"
_TEXT = (
    "Opens a copy in the editor of VISUAL or EDITOR, else in nano. What is wrong with the saved text is "
    "shown, and it can be edited again. A good one is applied in the same way as by `hactl config apply`."
)
_START = "schema = 1\n"


def add_config_edit(commands: "Commands") -> None:
    """Adds the command to those of `hactl config`."""
    edit = commands.add_parser("edit", help=_SUMMARY, description=_TEXT)
    edit.add_argument("--node", action="store_true", help="node.toml instead: what is this node's alone")
    add_confirm(edit)
    add_places(edit)
    edit.set_defaults(run=told(_edit))


def _edit(options: argparse.Namespace) -> None:
    if options.node and options.confirm is not None:
        raise CommandFailed(
            Exit.USAGE, "--confirm is for what both nodes share: node.toml has no generations to go back to"
        )
    here = own(options)
    file: _File = _NodeFile(options, here) if options.node else _ClusterFile(options, here)
    _refuse_early(options, here)
    folder = Path(tempfile.mkdtemp(prefix="edit-", dir=options.run_folder))
    try:
        _edit_until_good(file, folder / file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _File(Protocol):
    """What is edited."""

    name: str

    def text(self) -> str:
        """What counts now."""

    def put(self, text: str, seen: str) -> None:
        """Makes it count, if what counts is still `seen`. Raises HadaemonError, CommandFailed."""


def _edit_until_good(file: _File, copy: Path) -> None:
    seen = file.text()
    text = seen
    while True:
        text = _edited(copy, text)
        if text == seen:
            print("nothing was changed")
            return
        try:
            file.put(text, seen)
        except (HadaemonError, CommandFailed) as error:
            failure = error if isinstance(error, CommandFailed) else failure_of(error)
            print(coloured(f"{failure}"))
            if not _again():
                raise CommandFailed(Exit.REFUSED, "nothing was changed") from error
            seen = file.text()
        else:
            return


def _edited(copy: Path, text: str) -> str:
    from hadaemon.io.store.files import read_text, write_text

    write_text(copy, text, 0o600)
    command = (*_editor(), str(copy))
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise CommandFailed(Exit.REFUSED, f"{command[0]}: cannot be run: {error.strerror}") from error
    if code:
        raise CommandFailed(Exit.REFUSED, f"{command[0]} ended with status {code}: nothing was changed")
    return read_text(copy) or ""


def _editor() -> Sequence[str]:
    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if wanted:
        return shlex.split(wanted)
    found = next((name for name in _EDITORS if shutil.which(name)), None)
    if found is None:
        raise CommandFailed(Exit.REFUSED, f"there is no editor: neither {' nor '.join(_EDITORS)}: set EDITOR")
    return (found,)


def _again() -> bool:
    """Nobody there means no."""
    while True:
        try:
            answer = input("edit it again, or discard it? [E/d] ").strip().lower()
        except EOFError:
            print()
            return False
        if answer in {"", "e", "edit"}:
            return True
        if answer in {"d", "discard"}:
            return False


def _refuse_early(options: argparse.Namespace, here: "OwnConfiguration") -> None:
    """Who may not apply, or not now, is told before he has typed anything."""
    from hadaemon.io.store.pair_lock import locked

    with locked(options.run_folder, here.name, holder_of(options, here, "config edit")):
        pass


class _ClusterFile:
    """What both nodes share."""

    name = "cluster.toml"

    def __init__(self, options: argparse.Namespace, here: "OwnConfiguration") -> None:
        self._options = options
        self._here = here

    def text(self) -> str:
        """What counts now; without a cluster: the beginning of one."""
        tree = self._here.generations.tree()
        return tree.cluster.decode(errors="replace") if tree is not None else _START

    def put(self, text: str, seen: str) -> None:
        """The way of `hactl config apply`."""
        from hadaemon.io.store.pair_lock import locked
        from hadaemon.sync.difference import difference
        from hadaemon.sync.record import How

        holder = holder_of(self._options, self._here, "config edit")
        with locked(self._options.run_folder, self._here.name, holder):
            present = self._here.generations.tree()
            tree = self._tree(text, present)
            lines = difference(present, tree)
            if self.text() != seen:
                raise HadaemonError(
                    "\n".join(("the configuration was changed meanwhile; from it to your text:", *lines))
                )
            print("\n".join(lines))
            make_it_count(self._options, self._here, tree, How.APPLY, holder)
        if self._options.confirm is not None:
            print(f"it goes back in {self._options.confirm} s unless you run `hactl config confirm`")

    def _tree(self, text: str, present: "Tree | None") -> "Tree":
        from hadaemon.sync.tree import CLUSTER, make_tree

        belonging = present.belonging if present is not None else {}
        return make_tree({**belonging, CLUSTER: text.encode()}, CLUSTER)


class _NodeFile:
    """What is this node's alone."""

    name = "node.toml"

    def __init__(self, options: argparse.Namespace, here: "OwnConfiguration") -> None:
        from hadaemon.operations.own_node import OwnNode

        self._options = options
        self._here = here
        self._node = OwnNode(options.state, options.socket)

    def text(self) -> str:
        """What counts now."""
        return self._node.text()

    def put(self, text: str, seen: str) -> None:
        """Under the same lock as every other change."""
        from hadaemon.io.store.pair_lock import locked

        with locked(
            self._options.run_folder, self._here.name, holder_of(self._options, self._here, "config edit")
        ):
            if self.text() != seen:
                raise HadaemonError("node.toml was changed meanwhile: edit again to save your text over it")
            tell("node.toml is applied", self._node.replace(text))
