"""`hactl support`: what somebody elsewhere needs to see of this node, in one file, without a secret in it."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.places import STATE
from hadaemon.language.speech import _, told
from hadaemon.operations.support import write_support


def add_support(support: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    support.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="a .tar.gz that is not there yet (default: support-NODE-TIME.tar.gz)",
    )
    support.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    support.set_defaults(run=_support)


def _support(options: argparse.Namespace) -> None:
    if os.geteuid() != 0:
        raise CommandFailed(
            Exit.NO_PERMISSION, _("be root (`sudo hactl support`): else half of it would be lacking")
        )
    file = options.file or Path(f"support-{os.uname().nodename}-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz")
    print(_("this takes up to two minutes"), flush=True)
    written = write_support(options.state, options.socket, file, _caller())
    done = _("{file}: written, {size} KiB, readable for you alone")
    print(done.format(file=file, size=written.size // 1024 + 1))
    for reason in written.lacking:
        print(_("note: it lacks {what}").format(what=told(reason)))


def _caller() -> tuple[int, int]:
    """Who has called sudo, so that he can fetch the file."""
    try:
        return int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
    except (KeyError, ValueError):
        return os.geteuid(), os.getegid()
