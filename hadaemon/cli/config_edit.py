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

from hadaemon.cli.colour import show
from hadaemon.cli.config_changes import add_manner, manner_of
from hadaemon.cli.failure import CommandFailed, Exit, failure_of
from hadaemon.cli.person import asked, tell
from hadaemon.cli.places import add_places, paths_of
from hadaemon.errors import HadaemonError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.language.speech import _, told
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
        shared = _("--confirm is for what both nodes share: node.toml has no generations to go back to")
        raise CommandFailed(Exit.USAGE, shared)
    paths, manner = paths_of(options), manner_of(options)
    file: Editable = NodeFile(paths) if options.node else ClusterFile(paths, manner)
    check_free(paths)
    folder = Path(tempfile.mkdtemp(prefix="edit-", dir=options.run_folder))
    try:
        if _edit_until_good(file, folder / file.name) and options.confirm is not None:
            print(
                _("it goes back by itself in {seconds} s unless you run `hactl config confirm`").format(
                    seconds=options.confirm
                )
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _edit_until_good(file: Editable, copy: Path) -> bool:
    """Whether anything was changed."""
    seen = file.text()
    text = seen
    while True:
        text = _edited(copy, text)
        if text == seen:
            print(_("nothing was changed"))
            return False
        try:
            tell(file.replace(text, seen, lambda lines: print("\n".join(lines))))
        except HadaemonError as error:
            show(told(f"{failure_of(error)}"))
            if not _again():
                raise CommandFailed(Exit.REFUSED, _("nothing was changed")) from error
            seen = file.text()
        else:
            return True


def _edited(copy: Path, text: str) -> str:
    write_text(copy, text, 0o600)
    command = (*_editor(), str(copy))
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        why = _("{program}: cannot be run: {why}").format(program=command[0], why=error.strerror)
        raise CommandFailed(Exit.REFUSED, why) from error
    if code:
        ended = _("{program} ended with status {status}: nothing was changed")
        raise CommandFailed(Exit.REFUSED, ended.format(program=command[0], status=code))
    return read_text(copy) or ""


def _editor() -> Sequence[str]:
    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if wanted:
        return shlex.split(wanted)
    found = next((name for name in _EDITORS if shutil.which(name)), None)
    if found is None:
        none = _("there is no editor: neither {one} nor {other}: set EDITOR")
        raise CommandFailed(Exit.REFUSED, none.format(one=_EDITORS[0], other=_EDITORS[1]))
    return (found,)


def _again() -> bool:
    """Nobody there means no."""
    while True:
        try:
            answer = asked(_("edit it again, or discard it? [E/d] ")).strip().lower()
        except EOFError:
            print()
            return False
        if answer in {"", "e", "edit", *_("e edit").split()}:
            return True
        if answer in {"d", "discard", *_("d discard").split()}:
            return False
