"""`hactl config edit`: a copy of a file in an editor, checked on saving, applied like any other change.

However it ends, either the whole text counts or nothing was changed.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hadaemon.cli.colour import coloured
from hadaemon.cli.config_changes import add_manner, manner_of
from hadaemon.cli.failure import CommandFailed, Exit, failure_of
from hadaemon.cli.person import tell
from hadaemon.cli.places import add_places, paths_of
from hadaemon.errors import HadaemonError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.operations.edit import ClusterFile, Editable, NodeFile, check_free

_EDITORS = ("nano", "vi")
"""In this order, where neither VISUAL nor EDITOR says another; nano is in the image."""


def add_edit(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--node", action="store_true", help="node.toml instead: what is this node's alone")
    add_manner(command)
    add_places(command)
    command.set_defaults(run=_edit)


def _edit(options: argparse.Namespace) -> None:
    if options.node and options.confirm is not None:
        raise CommandFailed(
            Exit.USAGE, "--confirm is for what both nodes share: node.toml has no generations to go back to"
        )
    paths, manner = paths_of(options), manner_of(options)
    file: Editable = NodeFile(paths) if options.node else ClusterFile(paths, manner)
    check_free(paths)
    folder = Path(tempfile.mkdtemp(prefix="edit-", dir=options.run_folder))
    try:
        if _edit_until_good(file, folder / file.name) and options.confirm is not None:
            print(f"it goes back in {options.confirm} s unless you run `hactl config confirm`")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _edit_until_good(file: Editable, copy: Path) -> bool:
    """Whether anything was changed."""
    seen = file.text()
    text = seen
    while True:
        text = _edited(copy, text)
        if text == seen:
            print("nothing was changed")
            return False
        try:
            tell(file.replace(text, seen, lambda lines: print("\n".join(lines))))
        except HadaemonError as error:
            print(coloured(f"{failure_of(error)}"))
            if not _again():
                raise CommandFailed(Exit.REFUSED, "nothing was changed") from error
            seen = file.text()
        else:
            return True


def _edited(copy: Path, text: str) -> str:
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
